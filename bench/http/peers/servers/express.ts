import express, { type Express, type Request, type Response } from "express";
import { sessions } from "../../../../express.ts";
import type { Session } from "../../../../mod.ts";
import { data } from "../../data.ts";
import type { Side } from "../pairs.ts";
import type { Setting } from "../serve.ts";
import { byHand } from "./by_hand.ts";
import { begin, count, sizeOf } from "./work.ts";

type Handle = (request: Request, response: Response) => unknown;
type Handlers = Record<"read" | "write" | "begin" | "size", Handle>;

/** Serves Express with one kind of sessions. */
export async function serve(setting: Setting): Promise<void> {
  const app = express();
  const handlers = await sides[setting.side](app, setting);
  app.get("/untouched", (_request, response) => void response.send("0"));
  for (const [name, handle] of Object.entries(handlers)) {
    app.get(`/${name}`, answer(handle));
  }
  const server = app.listen(setting.port, "127.0.0.1");
  // Connections stay while others are measured.
  server.keepAliveTimeout = 0;
}

/** Nobody waits for what is there: only with `lazy` is anything waited for. */
function answer(handle: Handle) {
  return (request: Request, response: Response): unknown => {
    const value = handle(request, response);
    if (!(value instanceof Promise)) return void response.send(`${value}`);
    return value.then((value) => void response.send(`${value}`));
  };
}

const nothing: Handle = () => "0";

const sides: Record<
  Side,
  (app: Express, setting: Setting) => Handlers | Promise<Handlers>
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
      read: (request) => sessionOf(request).get("visits") ?? "none",
      write: (request) => count(sessionOf(request)),
      begin: (request) => begin(sessionOf(request)),
      size: (request) => JSON.stringify(sessionOf(request)).length,
    };
  },
  lazy(app, { secret, store }) {
    app.use(sessions({ secret, ...store && { store }, lazy: true }));
    return {
      read: async (request) => (await open(request)).get("visits") ?? "none",
      write: async (request) => count(await open(request)),
      begin: async (request) => begin(await open(request)),
      size: async (request) => JSON.stringify(await open(request)).length,
    };
  },
  async peer(app, { secret, redis = "" }) {
    // Not there for who has installed no peers, and needed here alone.
    const { default: session } = await import("express-session");
    const { connectRedis } = await import("./redis.ts");
    app.use(session({
      secret,
      store: await connectRedis(redis),
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 86_400_000, sameSite: "lax" },
    }));
    const valuesOf = ({ session }: Request) =>
      session as unknown as Partial<typeof data>;
    return {
      read: (request) => valuesOf(request).visits ?? "none",
      write(request) {
        const values = valuesOf(request);
        return values.visits = (values.visits ?? 0) + 1;
      },
      begin: (request) => sizeOf(Object.assign(valuesOf(request), data)),
      size: (request) => sizeOf(valuesOf(request)),
    };
  },
  async "by-hand"(_app, { redis = "" }) {
    const sessions = await byHand(redis);
    const by = (name: keyof typeof sessions): Handle => (request, response) =>
      sessions[name](
        request.headers.cookie,
        (line) => response.setHeader("Set-Cookie", line),
      );
    return {
      read: by("read"),
      write: by("write"),
      begin: by("begin"),
      size: by("size"),
    };
  },
};

function sessionOf(request: Request): Session {
  return (request as unknown as { session: Session }).session;
}

function open(request: Request): Promise<Session> {
  return (request as unknown as { session(): Promise<Session> }).session();
}
