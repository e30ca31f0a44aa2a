import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { sessions } from "../../../../fastify.ts";
import type { Session } from "../../../../mod.ts";
import { data } from "../../data.ts";
import type { Setting } from "../serve.ts";
import { byHand } from "./by_hand.ts";
import { begin, count, sizeOf } from "./work.ts";

type Handle = (request: FastifyRequest, reply: FastifyReply) => unknown;
type Handlers = Record<"read" | "write" | "begin" | "size", Handle>;

/** Serves Fastify with one kind of sessions. */
export async function serve(setting: Setting): Promise<void> {
  // Connections stay while others are measured.
  const app = Fastify({ keepAliveTimeout: 0 });
  const handlers = await add(app, setting);
  app.get("/untouched", () => "0");
  for (const [name, handle] of Object.entries(handlers)) {
    app.get(`/${name}`, answer(handle));
  }
  await app.listen({ port: setting.port, host: "127.0.0.1" });
}

/** Nobody waits for what is there: only with `lazy` is anything waited for. */
function answer(handle: Handle) {
  return (
    request: FastifyRequest,
    reply: FastifyReply,
  ): string | Promise<string> => {
    const value = handle(request, reply);
    return value instanceof Promise ? value.then(String) : `${value}`;
  };
}

function add(
  app: FastifyInstance,
  setting: Setting,
): Handlers | Promise<Handlers> {
  if (setting.side === "bare") return bare;
  if (setting.side === "ours") return ours(app, setting);
  if (setting.side === "lazy") return lazy(app, setting);
  if (setting.side === "by-hand") return withRedis(setting);
  return setting.isSealed ? sealed(app, setting) : stored(app, setting);
}

const nothing: Handle = () => "0";
const bare: Handlers = {
  ...{ read: nothing, write: nothing, begin: nothing, size: nothing },
};

async function ours(
  app: FastifyInstance,
  { secret, store }: Setting,
): Promise<Handlers> {
  await app.register(sessions({ secret, ...store && { store } }));
  return {
    read: (request) => sessionOf(request).get("visits") ?? "none",
    write: (request) => count(sessionOf(request)),
    begin: (request) => begin(sessionOf(request)),
    size: (request) => JSON.stringify(sessionOf(request)).length,
  };
}

async function lazy(
  app: FastifyInstance,
  { secret, store }: Setting,
): Promise<Handlers> {
  await app.register(sessions({ secret, ...store && { store }, lazy: true }));
  return {
    read: async (request) => (await open(request)).get("visits") ?? "none",
    write: async (request) => count(await open(request)),
    begin: async (request) => begin(await open(request)),
    size: async (request) => JSON.stringify(await open(request)).length,
  };
}

async function stored(
  app: FastifyInstance,
  { secret, redis }: Setting,
): Promise<Handlers> {
  // Peers are not there for who has installed none.
  const { connectRedis } = await import("./redis.ts");
  const store = redis === undefined ? undefined : await connectRedis(redis);
  await app.register((await import("@fastify/cookie")).default);
  await app.register((await import("@fastify/session")).default, {
    secret,
    ...store && { store: store as never },
    saveUninitialized: false,
    // Without it, it sets no cookie on http.
    cookie: { secure: "auto" },
  });
  return keptBy();
}

async function sealed(
  app: FastifyInstance,
  { key }: Setting,
): Promise<Handlers> {
  await app.register((await import("@fastify/secure-session")).default, {
    key: Buffer.from(key),
    cookie: { path: "/", httpOnly: true },
  });
  return keptBy();
}

async function withRedis({ redis = "" }: Setting): Promise<Handlers> {
  const sessions = await byHand(redis);
  const by = (name: keyof typeof sessions): Handle => (request, reply) =>
    sessions[name](
      request.headers.cookie,
      (line) => reply.header("set-cookie", line),
    );
  return {
    read: by("read"),
    write: by("write"),
    begin: by("begin"),
    size: by("size"),
  };
}

/** Both peers are read and written alike. */
function keptBy(): Handlers {
  const all = (session: Values) => ({
    text: session.get("text") as string,
    visits: session.get("visits") as number,
  });
  return {
    read: (request) => valuesOf(request).get("visits") ?? "none",
    write(request) {
      const values = valuesOf(request);
      const next = (values.get("visits") as number ?? 0) + 1;
      values.set("visits", next);
      return next;
    },
    begin(request) {
      const values = valuesOf(request);
      values.set("text", data.text);
      values.set("visits", data.visits);
      return sizeOf(all(values));
    },
    size: (request) => sizeOf(all(valuesOf(request))),
  };
}

interface Values {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

function valuesOf({ session }: FastifyRequest): Values {
  return session as unknown as Values;
}

// The peers say of what type `request.session` is.
function sessionOf({ session }: FastifyRequest): Session {
  return session as unknown as Session;
}

function open(request: FastifyRequest): Promise<Session> {
  return (request as unknown as { session(): Promise<Session> }).session();
}
