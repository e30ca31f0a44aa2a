// The servers of a run, each with what can be done to it.

import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { Buffer } from "node:buffer";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { startMariadb } from "../../tests/servers/mariadb.ts";
import { ask, startMemcached } from "../../tests/servers/memcached.ts";
import { startPostgres } from "../../tests/servers/postgres.ts";
import { startRedis } from "../../tests/servers/redis.ts";
import type { Server } from "../../tests/servers/server.ts";
import type { StoreName } from "./clients.ts";
import { RedisPair } from "./redis_pair.ts";

/** A server, and the worst that may happen to it. */
export interface Victim {
  port: number;
  /** Whether it may drop whole sessions, as a cache does. */
  readonly drops: boolean;
  /** Says why a fault is left out, if it is. */
  readonly without: Readonly<Partial<Record<string, string>>>;
  /** Dies and comes back with what it had acknowledged. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Stops and goes on, with all that belongs to it. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** There is no room any more. */
  fill?: (() => Promise<void>) | undefined;
  empty?: (() => Promise<void>) | undefined;
  /** Another one takes its place; rejects if it could not. */
  failOver?: (() => Promise<void>) | undefined;
  stop(): Promise<void>;
}

/** Starts one. */
export function startVictim(name: StoreName): Promise<Victim> {
  switch (name) {
    case "redis":
      return RedisPair.start((...args) => startRedis(...args));
    case "postgres":
      return onDisk(startPostgres, 256, "postgres");
    case "mysql":
      return onDisk(startMariadb, 320, "mysql");
    case "memcached":
      return memcached();
  }
}

/** Sends a signal to a server and to the processes that it has started. */
export function signalAll(server: Server, name: NodeJS.Signals): void {
  const { pid } = server.process;
  if (pid === undefined) return;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  for (const each of [pid, ...children.split(" ").filter(Boolean)]) {
    try {
      process.kill(Number(each), name);
    } catch { /* It has ended since. */ }
  }
}

interface Database {
  readonly url: string;
  readonly server: Server | undefined;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A database in a small file system, where one may be mounted. */
async function onDisk(
  start: () => Promise<Database>,
  megabytes: number,
  owner: string,
): Promise<Victim> {
  const disk = mountSmall(megabytes, owner);
  const before = process.env["TMPDIR"];
  if (disk) process.env["TMPDIR"] = disk.path;
  // It makes its folder before it waits for anything, and others start too.
  const starting = start();
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  const database = await starting;
  const server = ownServer(database.server);
  const hasDied = () =>
    server.process.exitCode !== null || server.process.signalCode !== null;
  return {
    port: Number(new URL(database.url).port),
    drops: false,
    without: {
      ...!disk && { full: "no tmpfs can be mounted here" },
      failover: "it runs alone",
      ...owner === "mysql" && {
        duplicate: "a statement has a number that only its connection knows",
      },
    },
    kill: () => server.kill(),
    restart: () => database.restart(),
    signal: (name) => signalAll(server, name),
    fill: disk && (() => Promise.resolve(disk.fill())),
    empty: disk && (async () => {
      disk.empty();
      if (hasDied()) await database.restart();
    }),
    async stop() {
      await database.stop();
      disk?.unmount();
    },
  };
}

async function memcached(): Promise<Victim> {
  const started = await startMemcached("-m", "8");
  const server = ownServer(started.server);
  const { address } = started;
  return {
    port: Number(address.split(":")[1]),
    drops: true,
    without: { failover: "it keeps no copy" },
    kill: () => server.kill(),
    restart: () => server.start(),
    signal: (name) => signalAll(server, name),
    // It is never full, but drops what was not used for longest.
    async fill() {
      const value = "x".repeat(1000);
      for (let n = 0; n < 12_000; n += 200) {
        const lines = Array.from(
          { length: 200 },
          (_, i) => `set other-${n + i} 0 60 ${value.length}\r\n${value}`,
        );
        await ask(address, lines.join("\r\n"));
      }
    },
    empty: () => Promise.resolve(),
    stop: () => started.stop(),
  };
}

interface Disk {
  readonly path: string;
  fill(): void;
  empty(): void;
  unmount(): void;
}

/** A file system of its own that can be filled. */
function mountSmall(megabytes: number, owner: string): Disk | undefined {
  const path = mkdtempSync(join(tmpdir(), "with-session-small-"));
  const options = `size=${megabytes}m,mode=0700,uid=${owner}`;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", path], {
      stdio: "pipe",
    });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  let isMounted = true;
  const unmount = () => {
    if (!isMounted) return;
    isMounted = false;
    execFileSync("umount", ["-l", path]);
    rmSync(path, { recursive: true });
  };
  process.once("exit", unmount);
  const ballast = join(path, "ballast");
  return {
    path,
    fill() {
      const { bavail, bsize } = statfsSync(path);
      const file = openSync(ballast, "w");
      try {
        const block = Buffer.alloc(bsize * 16);
        for (let left = bavail * bsize; left > 0; left -= block.length) {
          writeSync(file, block);
        }
      } catch {
        /* It is full. */
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    unmount,
  };
}

function ownServer(server: Server | undefined): Server {
  if (server) return server;
  throw new Error("A soak kills its servers: it starts all of them itself");
}
