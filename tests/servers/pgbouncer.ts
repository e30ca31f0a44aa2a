import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findServer,
  type FoundServer,
  freePort,
  ownerNamed,
  type Server,
  startServer,
  temporaryFolder,
} from "./server.ts";
import { answer } from "./postgres.ts";

/** PgBouncer: a program. */
export const found: FoundServer = findServer("pgbouncer", "PGBOUNCER");

/** A pooler that gives each transaction another connection. */
export interface PgBouncer {
  readonly url: string;
  readonly server: Server;
}

/** Starts one in front of a server without passwords. */
export async function startPgBouncer(postgres: string): Promise<PgBouncer> {
  // It refuses to run as root.
  const owner = ownerNamed("postgres");
  const cwd = temporaryFolder(owner);
  const { hostname, port, username, pathname } = new URL(postgres);
  const own = await freePort();
  const settings = join(cwd, "pgbouncer.ini");
  writeFileSync(
    settings,
    `[databases]
* = host=${hostname} port=${port} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
ignore_startup_parameters = extra_float_digits
`,
    { mode: 0o644 },
  );
  const url = `postgres://${username}@127.0.0.1:${own}${pathname}`;
  const server = await startServer({
    ...owner,
    cwd,
    command: found.path ?? "",
    args: [settings],
    ready: () => answer(url),
  });
  return { url, server };
}
