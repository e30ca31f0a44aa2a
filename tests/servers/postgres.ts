import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import {
  findServer,
  type FoundServer,
  freePort,
  ownerNamed,
  type Server,
  startServer,
  temporaryFolder,
} from "./server.ts";

/** PostgreSQL: a program, or what `POSTGRES_URL` names. */
export const found: FoundServer = findServer("postgres", "POSTGRES_URL");

/** A PostgreSQL to test with. */
export interface Postgres {
  /** With the name of a database. */
  readonly url: string;
  /** The process, if it is ours. */
  readonly server: Server | undefined;
  /** Runs it again after it was killed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server with an empty data folder, as safe as its defaults are. */
export async function startPostgres(): Promise<Postgres> {
  if (found.path === undefined) {
    return {
      url: found.url ?? "",
      server: undefined,
      restart: () => Promise.reject(new Error("The server is not ours")),
      stop: () => Promise.resolve(),
    };
  }
  // The server refuses to run as root.
  const owner = ownerNamed("postgres");
  const cwd = temporaryFolder(owner);
  const programs = dirname(realpathSync(found.path));
  const data = join(cwd, "data");
  execFileSync(join(programs, "initdb"), [
    `--pgdata=${data}`,
    "--username=test",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
  ], { ...owner, cwd, stdio: "pipe" });

  const port = await freePort();
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  const server = await startServer({
    ...owner,
    cwd,
    command: found.path,
    args: [
      ...["-D", data, "-p", `${port}`],
      ...["-c", "listen_addresses=127.0.0.1"],
      ...["-c", "unix_socket_directories="],
      ...["-c", "shared_buffers=16MB"],
    ],
    ready: () => answer(url),
    stopSignal: "SIGINT",
  });
  return {
    url,
    server,
    restart: () => restart(server),
    stop: () => server.stop(),
  };
}

/** Rejects if a server does not answer. */
export async function answer(url: string): Promise<void> {
  const client = new pg.Client(url);
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("SELECT 1");
  } finally {
    await client.end();
  }
}

// It does not start while a process of the killed one is still there.
async function restart(server: Server): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await server.start();
    } catch (error) {
      if (tries === 50) throw error;
      await delay(100);
    }
  }
}
