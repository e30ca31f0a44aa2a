import secureSession from "@fastify/secure-session";
import Fastify, { type FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import {
  COOKIE,
  type Handler,
  next,
  type Subject,
  textOf,
} from "../subject.ts";
import { loopback } from "./loopback.ts";

async function serveApp(
  add: (app: FastifyInstance) => unknown,
): Promise<Handler> {
  // Connections stay while others are measured.
  const app = Fastify({ keepAliveTimeout: 0 });
  await add(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return loopback((app.server.address() as AddressInfo).port);
}

/** Fastify without a session. */
export const bare: Subject = {
  name: "fastify",
  packages: ["fastify"],
  protects: "none",
  note: "over HTTP; the handler alone",
  group: "fastify",
  role: "bare",
  kinds: ["read-seen"],
  async create() {
    const read = await serveApp((app) => app.get("/", () => "500000"));
    return { read, start: read };
  },
};

interface Values {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** Sealed sessions by libsodium. */
export const subject: Subject = {
  name: "@fastify/secure-session",
  packages: ["@fastify/secure-session", "fastify"],
  protects: "encrypts",
  note: "over HTTP; XSalsa20-Poly1305 by libsodium, a native module, on the " +
    "main thread; expires after a day by default",
  group: "fastify",
  kinds: [
    "anonymous",
    "read-seen",
    "write-seen",
    "forged",
    "malformed",
    "rotated",
  ],
  async create({ secrets, data }) {
    const app = (handle: (session: Values) => unknown) =>
      serveApp(async (app) => {
        await app.register(secureSession, {
          key: secrets.map((secret) => Buffer.from(secret, "hex")) as [Buffer],
          cookieName: COOKIE,
          cookie: { path: "/", httpOnly: true },
        });
        app.get("/", (request) => {
          const session = request.session as unknown as Values;
          return textOf(handle(session));
        });
      });
    return {
      read: await app((session) => session.get("count")),
      write: await app((session) => {
        const count = next(session.get("count"));
        session.set("count", count);
        return count;
      }),
      start: await app((session) => {
        for (const [key, value] of Object.entries(data)) {
          session.set(key, value);
        }
        return data.count;
      }),
    };
  },
};
