// A Worker whose sessions are in PostgreSQL or MySQL.

import { createPool } from "mysql2/promise";
import pg from "pg";
import postgres from "postgres";
import { type SessionStore, withSession } from "../../mod.ts";
import { MysqlStore } from "../../stores/mysql.ts";
import { PostgresStore } from "../../stores/postgres.ts";
import type { ClientName } from "./sql_clients.ts";

interface Env {
  readonly CLIENT: ClientName;
  readonly URL: string;
  readonly SECRET: string;
  /** One client for all requests, as anywhere else. */
  readonly SHARED: boolean;
}

let made = 0;

const clients: Readonly<Record<ClientName, (url: string) => SessionStore>> = {
  "pg": (connectionString) =>
    new PostgresStore(new pg.Pool({ connectionString, max: 1 })),
  "postgres.js": (url) =>
    new PostgresStore(postgres(url, { max: 1, fetch_types: false })),
  // Workers have no `eval()`.
  "mysql2": (uri) =>
    new MysqlStore(createPool({ uri, connectionLimit: 1, disableEval: true })),
};

const handle = withSession(async (request, session, _env: Env) => {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/made":
      return Response.json(made);
    case "/headers":
      return Response.json([...request.headers.keys()]);
    case "/login":
      session.login("ada");
      break;
    case "/logout":
      session.destroy();
      return new Response("nobody");
    case "/save":
      session.update("visits", (n: number = 0) => n + 1);
      await session.save();
      break;
    case "/count":
      session.update("visits", (n: number = 0) => n + 1);
  }
  return new Response(`${session.userId ?? "nobody"} ${session.get("visits")}`);
}, ({ CLIENT, URL, SECRET, SHARED }) => {
  const open = () => {
    made++;
    return clients[CLIENT](URL);
  };
  return { secret: SECRET, storeTimeout: 2, store: SHARED ? open() : open };
});

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      return await handle(request, env);
    } catch (error) {
      const { name, message, cause } = error as Error;
      return new Response(`${name}: ${message}: ${cause}`, { status: 500 });
    }
  },
};
