import { found as redis } from "../../tests/servers/redis.ts";
import { findServer } from "../../tests/servers/server.ts";

/** What to do where a program is missing; nothing where it is there. */
export const missing: {
  readonly wrk: string | undefined;
  /** Either a program or a running server will do. */
  readonly redis: string | undefined;
  /** Of one's own, empty and on this machine. */
  readonly redisProgram: string | undefined;
} = {
  // Looked for when asked: a benchmark without load over HTTP needs none.
  get wrk() {
    return findWrk().skip === false
      ? undefined
      : how("wrk", "or set WRK to it");
  },
  redis: redis.skip === false
    ? undefined
    : how("redis-server", "or set REDIS_URL"),
  redisProgram: redis.path !== undefined
    ? undefined
    : how("redis-server", "and unset REDIS_URL"),
};

/** The path of wrk, where it is not missing. */
export function wrkPath(): string {
  const { path, url } = findWrk();
  return path ?? url ?? "wrk";
}

/** The path of redis-server, where there is one. */
export const redisPath: string | undefined = redis.path;

/** Ends this program if it needs what is missing. */
export function need(...programs: readonly (keyof typeof missing)[]): void {
  const messages = programs.flatMap((name) => missing[name] ?? []);
  if (messages.length === 0) return;
  for (const message of messages) console.error(message);
  process.exit(2);
}

function findWrk() {
  return findServer("wrk", "WRK");
}

function how(name: string, other: string): string {
  return `There is no ${name} here. It is in Debian's package ${name} ` +
    `(apt-get install ${name}); ${other}`;
}
