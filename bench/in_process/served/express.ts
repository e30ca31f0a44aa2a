import express, { type Express } from "express";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  COOKIE,
  type Handler,
  next,
  type Subject,
  textOf,
} from "../subject.ts";
import { loopback } from "./loopback.ts";
import { cutOut, keep, load } from "./raw_get.ts";

/** Serves an Express app, and makes a handler that asks it. */
export async function serveApp(
  add: (app: Express) => unknown,
): Promise<Handler> {
  const app = express();
  add(app);
  const server = app.listen(0, "127.0.0.1");
  // Connections stay while others are measured.
  server.keepAliveTimeout = 0;
  await once(server, "listening");
  return loopback((server.address() as AddressInfo).port);
}

/** Express without a session. */
export const bare: Subject = {
  name: "express",
  packages: ["express"],
  protects: "none",
  note: "over HTTP; the handler alone",
  group: "express",
  role: "bare",
  kinds: ["read-seen"],
  async create() {
    const read = await serveApp((app) =>
      app.get("/", (_request, response) => void response.send("500000"))
    );
    return { read, start: read };
  },
};

/** Express with one GET. */
export const raw: Subject = {
  name: "express + raw GET",
  packages: ["express", "redis"],
  protects: "none",
  note: "over HTTP; cookie cut out, one GET, JSON; to write one SET",
  group: "express",
  role: "raw",
  hasStore: true,
  kinds: ["read-seen", "write-seen", "forged"],
  async create({ data }) {
    return {
      read: await serveApp((app) =>
        app.get("/", async ({ headers }, response) => {
          const id = cutOut(headers.cookie ?? "");
          const session = id === undefined ? undefined : await load(id);
          response.send(textOf(session?.count));
        })
      ),
      write: await serveApp((app) =>
        app.get("/", async ({ headers }, response) => {
          const id = cutOut(headers.cookie ?? "") ?? "";
          const session = await load(id);
          const count = next(session?.count);
          await keep(id, { ...session, count });
          response.send(textOf(count));
        })
      ),
      start: await serveApp((app) =>
        app.get("/", async (_request, response) => {
          const id = crypto.randomUUID();
          await keep(id, data);
          response.append("set-cookie", `${COOKIE}=${id}; Path=/`);
          response.send(textOf(data.count));
        })
      ),
    };
  },
};
