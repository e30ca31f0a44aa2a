import type { SessionEnv } from "@hono/session";
import { type Context, Hono } from "hono";
import { sessions } from "../../../../hono.ts";
import type { Session } from "../../../../mod.ts";
import { data } from "../../data.ts";
import type { Side } from "../pairs.ts";
import type { Setting } from "../serve.ts";
import { begin, count, sizeOf } from "./work.ts";

type Data = Partial<typeof data>;
type App = Hono;
type Handle = (context: Context) => unknown;
type Handlers = Record<"read" | "write" | "begin" | "size", Handle>;

/** Serves Hono with one kind of sessions, in Node or Bun. */
export async function serve(setting: Setting): Promise<void> {
  const app: App = new Hono();
  const { side } = setting;
  // Hono's sessions are compared in cookies alone.
  if (side === "by-hand") throw new RangeError("There is no such side of Hono");
  const handlers = await sides[side](app, setting);
  app.get("/untouched", (c) => c.text("0"));
  for (const [name, handle] of Object.entries(handlers)) {
    app.get(`/${name}`, (c) => {
      const value = handle(c);
      const answer = (value: unknown): Response => c.text(`${value}`);
      // Nobody waits for what is there.
      return value instanceof Promise
        ? value.then<Response>(answer)
        : answer(value);
    });
  }
  const options = { fetch: app.fetch, port: setting.port };
  // Not for a compiler that has no types for it.
  const { Bun } = globalThis as unknown as {
    Bun?: { serve(options: object): unknown };
  };
  const hostname = "127.0.0.1";
  if (Bun) return void Bun.serve({ ...options, hostname });
  const { serve } = await import("@hono/node-server");
  serve({ ...options, hostname, serverOptions: { keepAliveTimeout: 0 } });
}

const nothing: Handle = () => "0";

const sides: Record<
  Exclude<Side, "by-hand">,
  (app: App, setting: Setting) => Handlers | Promise<Handlers>
> = {
  bare: () => ({
    read: nothing,
    write: nothing,
    begin: nothing,
    size: nothing,
  }),
  ours(app, { secret, store }) {
    app.use(sessions({ secret, ...store && { store } }));
    return {
      read: (c) => sessionOf(c).get("visits") ?? "none",
      write: (c) => count(sessionOf(c)),
      begin: (c) => begin(sessionOf(c)),
      size: (c) => JSON.stringify(sessionOf(c)).length,
    };
  },
  lazy(app, { secret, store }) {
    app.use(sessions({ secret, ...store && { store }, lazy: true }));
    return {
      read: async (c) => (await open(c)).get("visits") ?? "none",
      write: async (c) => count(await open(c)),
      begin: async (c) => begin(await open(c)),
      size: async (c) => JSON.stringify(await open(c)).length,
    };
  },
  async peer(app, { key }) {
    // Not there for who has installed no peers, and needed here alone.
    const { useSession } = await import("@hono/session");
    app.use(useSession<Data>({
      secret: await crypto.subtle.importKey(
        ...["raw", key, "AES-GCM", false, ["encrypt", "decrypt"]] as const,
      ),
    }));
    return {
      read: async (c) => (await peerOf(c).get())?.visits ?? "none",
      async write(c) {
        const session = peerOf(c);
        await session.update((data: Data | null) => ({
          ...data,
          visits: (data?.visits ?? 0) + 1,
        }));
        return session.data?.visits;
      },
      async begin(c) {
        const session = peerOf(c);
        await session.update(data);
        return sizeOf(session.data ?? {});
      },
      size: async (c) => sizeOf(await peerOf(c).get() ?? {}),
    };
  },
};

function sessionOf(c: Context): Session {
  return c.get("session");
}

function open(c: Context): Promise<Session> {
  return c.get("session")();
}

function peerOf(c: Context): SessionEnv<Data>["Variables"]["session"] {
  return c.get("session");
}
