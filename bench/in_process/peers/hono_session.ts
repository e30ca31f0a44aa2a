import { type SessionEnv, useSession } from "@hono/session";
import { Hono } from "hono";
import {
  type Data,
  type Handler,
  next,
  type Setup,
  type Subject,
  textOf,
} from "../subject.ts";

type App = Hono<SessionEnv<Partial<Data>>>;

/** Session middleware for Hono: a JWE by jose. */
export const subject: Subject = {
  name: "@hono/session",
  packages: ["@hono/session", "hono", "jose"],
  protects: "encrypts",
  note: "in a Hono app; the key as a ready CryptoKey, which is faster than " +
    "the text that it also takes; defaults: JWE with A256GCM, no expiry",
  // It logs what it refuses.
  isLoud: true,
  kinds: [
    "untouched",
    "anonymous",
    "read-seen",
    "write-seen",
    "forged",
    "malformed",
  ],
  async create({ secrets: [secret = ""], data }: Setup) {
    const key = await crypto.subtle.importKey(
      "raw",
      Uint8Array.fromHex(secret),
      "AES-GCM",
      false,
      ["encrypt", "decrypt"],
    );
    function app(add: (app: App) => void): Handler {
      const app: App = new Hono();
      app.use(useSession<Partial<Data>>({ secret: key }));
      add(app);
      return (request) => app.fetch(request);
    }
    return {
      untouched: app((app) => app.get("/", (c) => c.text("ok"))),
      read: app((app) =>
        app.get("/", async (c) => {
          const { session } = c.var;
          const data = await session.get();
          return c.text(textOf(data?.count));
        })
      ),
      write: app((app) =>
        app.get("/", async (c) => {
          const { session } = c.var;
          await session.update((data) => ({
            ...data,
            count: next(data?.count),
          }));
          return c.text(textOf(session.data?.count));
        })
      ),
      start: app((app) =>
        app.get("/", async (c) => {
          const { session } = c.var;
          await session.update(data);
          return c.text(textOf(data.count));
        })
      ),
    };
  },
};
