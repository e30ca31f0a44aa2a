import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import {
  findServer,
  type FoundServer,
  freePort,
  ownerNamed,
  type Server,
  startServer,
  temporaryFolder,
} from "./server.ts";

/** MariaDB: a program, or what `MYSQL_URL` names, which may be MySQL. */
export const found: FoundServer = findServer("mariadbd", "MYSQL_URL");

/** A MariaDB or MySQL to test with. */
export interface Mariadb {
  /** With the name of a database. */
  readonly url: string;
  /** The process, if it is ours. */
  readonly server: Server | undefined;
  /** Runs it again after it was killed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server with an empty data folder, as safe as its defaults are. */
export async function startMariadb(): Promise<Mariadb> {
  if (found.path === undefined) {
    return {
      url: found.url ?? "",
      server: undefined,
      restart: () => Promise.reject(new Error("The server is not ours")),
      stop: () => Promise.resolve(),
    };
  }
  const owner = ownerNamed("mysql");
  const cwd = temporaryFolder(owner);
  const data = join(cwd, "data");
  execFileSync("mariadb-install-db", [
    "--no-defaults",
    `--datadir=${data}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--innodb-log-file-size=16M",
  ], { ...owner, cwd, stdio: "pipe" });
  const init = join(cwd, "init.sql");
  writeFileSync(
    init,
    "CREATE DATABASE IF NOT EXISTS test;\n" +
      "CREATE USER IF NOT EXISTS test@'127.0.0.1';\n" +
      "GRANT ALL ON *.* TO test@'127.0.0.1';\n",
  );
  chmodSync(init, 0o644);

  const port = await freePort();
  const url = `mysql://test@127.0.0.1:${port}/test`;
  const server = await startServer({
    ...owner,
    cwd,
    command: found.path,
    args: [
      "--no-defaults",
      `--datadir=${data}`,
      `--port=${port}`,
      `--socket=${join(cwd, "socket")}`,
      `--pid-file=${join(cwd, "pid")}`,
      `--init-file=${init}`,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      "--innodb-buffer-pool-size=32M",
      "--innodb-log-file-size=16M",
    ],
    ready: () => answer(url),
  });
  return {
    url,
    server,
    restart: () => server.start(),
    stop: () => server.stop(),
  };
}

async function answer(url: string): Promise<void> {
  const connection = await createConnection(url);
  await connection.query("SELECT 1");
  await connection.end();
}
