/**
 * What the public types allow and refuse. Compiled with the tests, never run:
 * a line below `@ts-expect-error` that compiles is an error itself.
 */

import { type Context as HonoContext, Hono } from "hono";
import * as v from "valibot";
import {
  type SessionEnv,
  type SessionMiddleware,
  sessions,
} from "../../hono.ts";
import {
  type CookieJar,
  createSessions,
  type OptionsFor,
  type Session,
  SessionError,
  type SessionErrorCode,
  type SessionEvent,
  type SessionHandler,
  type SessionOptions,
  type Sessions,
  withSession,
  withSessions,
} from "../../mod.ts";

interface Shop {
  cart: string[];
  visits: number;
  note?: string;
}

interface Env {
  SESSION_SECRET: string;
}

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

/** Only the same type is taken. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;
declare function same<A, B>(verdict: Same<A, B>): void;

declare const secret: string;
declare const env: Env;
declare const context: Context;
declare const request: Request;
const ok: Response = new Response();

export function typedData(session: Session<Shop>): void {
  same<readonly string[] | undefined, ReturnType<typeof session.get<"cart">>>(
    true,
  );
  const visits = session.get("visits");
  same<number | undefined, typeof visits>(true);
  const note = session.take("note");
  same<string | undefined, typeof note>(true);
  same<("cart" | "visits" | "note")[], ReturnType<typeof session.keys>>(true);
  same<
    readonly string[] | undefined,
    ReturnType<typeof session.toJSON>["cart"]
  >(
    true,
  );
  same<string | undefined, typeof session.userId>(true);
  same<number, typeof session.expiresAt>(true);
  session.set("cart", ["apple"]);
  session.set("visits", 1);
  session.has("note");
  session.delete("cart");

  // @ts-expect-error: no such key
  session.get("basket");
  // @ts-expect-error: no such key
  session.has("basket");
  // @ts-expect-error: no such key
  session.delete("basket");
  // @ts-expect-error: no such key
  session.take("basket");
  // @ts-expect-error: no such key
  session.set("basket", []);
  // @ts-expect-error: no such key
  session.update("basket", () => 1);
  // @ts-expect-error: another type
  session.set("cart", "apple");
  // @ts-expect-error: another type
  session.set("visits", "1");
  // @ts-expect-error: a required value is removed by delete()
  session.set("cart", undefined);
  // @ts-expect-error: the value may be absent
  session.get("cart").length;
  // @ts-expect-error: read-only
  session.userId = "mallory";
  // @ts-expect-error: read-only
  session.id = "1";
  // @ts-expect-error: read-only
  session.expiresAt = 0;
}

export function updates(session: Session<Shop>): void {
  const visits = session.update("visits", (n = 0) => n + 1);
  same<number, typeof visits>(true);
  session.update("cart", (cart) => {
    same<string[] | undefined, typeof cart>(true);
    return [...cart ?? [], "apple"];
  });

  // @ts-expect-error: the value may be absent
  session.update("visits", (n) => n + 1);
  // @ts-expect-error: another type
  session.update("visits", (n = 0) => `${n}`);
  // @ts-expect-error: nothing is returned
  session.update("cart", (cart) => void cart?.push("apple"));
  // @ts-expect-error: delete() removes a value, also one that is optional
  session.update("note", () => undefined);
  // @ts-expect-error: it may be absent, and then nothing is returned
  session.update("note", (note) => note && note.trim());
  session.update("note", (note = "") => note.trim());
  // @ts-expect-error: `fn` is not asynchronous
  session.update("visits", async (n = 0) => await n + 1);
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Deep {
  cart: { id: string & { readonly brand: "id" }; tags: string[] }[];
  pair: [first: { n: number }, second: string];
  prefs?: { theme?: "dark" | "light"; sizes: Record<string, number[]> };
  seen: Date;
  words: Map<string, { count: number }>;
  rights: Set<string>;
  // deno-lint-ignore no-explicit-any
  anything: Record<string, any>;
  unknown: unknown;
  json: Json;
}

export function readOnly(session: Session<Deep>): void {
  const cart = session.get("cart")!;
  // @ts-expect-error: read-only
  cart.push(cart[0]!);
  // @ts-expect-error: read-only, deep
  cart[0]!.id = cart[1]!.id;
  // @ts-expect-error: read-only, deeper
  cart[0]!.tags.push("new");
  // @ts-expect-error: read-only
  session.get("pair")![0].n = 1;
  // @ts-expect-error: read-only
  session.get("pair")![1] = "b";
  // @ts-expect-error: read-only
  session.get("prefs")!.theme = "dark";
  // @ts-expect-error: read-only
  session.get("prefs")!.sizes["a"]!.push(1);
  // @ts-expect-error: read-only
  delete session.get("prefs")!.sizes["a"];
  // @ts-expect-error: a copy, whose changes would be lost
  session.get("words")!.set("a", { count: 1 });
  // @ts-expect-error: read-only in a Map, too
  session.get("words")!.get("a")!.count = 1;
  // @ts-expect-error: a copy, whose changes would be lost
  session.get("rights")!.add("admin");
  // @ts-expect-error: read-only
  session.take("cart")!.pop();
  // @ts-expect-error: read-only
  session.toJSON().cart!.pop();
  // @ts-expect-error: read-only
  session.flashes<{ texts: string[] }>("notice")[0]!.texts.push("a");
  // @ts-expect-error: read-only, also what has just been made
  session.update("cart", (list) => list ?? []).pop();
  // @ts-expect-error: what is read is no list to be changed
  const mine: Deep["cart"] = cart;

  same<Date | undefined, ReturnType<typeof session.get<"seen">>>(true);
  same<unknown, ReturnType<typeof session.get<"unknown">>>(true);
  const id: Deep["cart"][number]["id"] = cart[0]!.id;
  session.get("anything")!["a"].b.c;
  session.get("json");

  // What was read can be set, alone and as a part.
  session.set("cart", cart);
  session.set("cart", [...cart, { id, tags: [] }]);
  session.set("cart", cart.filter(({ tags }) => tags.length));
  session.set("prefs", { ...session.get("prefs")!, theme: "dark" });
  session.set("pair", session.get("pair")!);
  session.set("words", session.get("words")!);
  session.set("json", session.get("json")!);
  session.set("json", { a: [1, { b: null }] });
  session.update("cart", () => cart);
  session.update("cart", (list = []) => {
    list.push({ id, tags: [] });
    list[0]!.tags.push("new");
    return list;
  });
  session.update("prefs", (prefs = { sizes: {} }) => {
    prefs.theme = "light";
    return prefs;
  });
  session.update("words", (words = new Map()) => words.set("a", { count: 1 }));
  void mine;
}

export function generic<Item>(
  session: Session<{ list: Item[] }>,
  item: Item,
): void {
  session.set("list", [item]);
  session.update("list", (list = []) => {
    list.push(item);
    return list;
  });
}

export function genericValue<Item extends object>(
  session: Session<{ item: Item }>,
  item: Item,
): void {
  session.set("item", item);
  session.update("item", (old = item) => old);
}

export function methods(session: Session<Shop>): void {
  session.login("u1");
  session.login("u1", { label: "phone" });
  session.persist(true);
  session.persist(3600);
  session.flash("notice", "Saved");
  same<readonly unknown[], ReturnType<typeof session.flashes>>(true);
  const notices = session.flashes<string>("notice");
  same<readonly string[], typeof notices>(true);
  same<Promise<void>, ReturnType<typeof session.save>>(true);
  same<void, ReturnType<typeof session.destroy>>(true);
  same<void, ReturnType<typeof session.reset>>(true);

  // @ts-expect-error: a user is named by a text
  session.login(5);
  // @ts-expect-error: a user has a name
  session.login();
  // @ts-expect-error: neither yes, no nor seconds
  session.persist("yes");
}

export function untypedData(session: Session): void {
  session.set("anything", [1, "two", { three: 3 }]);
  const visits = session.update("visits", (n = 0) => n + 1);
  const more: number = visits;
  const cart: string[] | undefined = session.get("cart");
  void [more, cart];
}

export function handlers(): void {
  const plain = withSession((request, session) => {
    same<Request, typeof request>(true);
    session.set("a", 1);
    return ok;
  }, { secret });
  const answer = plain(request);
  same<Promise<Response>, typeof answer>(true);

  withSession<Shop>((_request, session) => {
    session.set("visits", 1);
    // @ts-expect-error: no such key
    session.set("basket", 1);
    return Promise.resolve(ok);
  }, { secret });

  // @ts-expect-error: arguments that the handler does not take
  plain(request, env);
  // @ts-expect-error: no response
  withSession(() => "text", { secret });
  // @ts-expect-error: a secret is needed
  withSession(() => ok, {});
  // @ts-expect-error: options are needed
  withSession(() => ok);
}

export function lazyHandlers(): void {
  withSession(async (_request, session) => {
    const opened = await session();
    opened.set("a", 1);
    // @ts-expect-error: a function that opens the session
    session.set("a", 1);
    return ok;
  }, { secret, lazy: true });

  withSession(async (_request, session: () => Promise<Session<Shop>>) => {
    (await session()).set("visits", 1);
    // @ts-expect-error: no such key
    (await session()).set("basket", 1);
    return ok;
  }, { secret, lazy: true });

  withSession<Shop, [Env], true>(async (_request, session, env) => {
    (await session()).set("note", env.SESSION_SECRET);
    return ok;
  }, (env) => ({ secret: env.SESSION_SECRET, lazy: true }));

  const options: SessionOptions<Shop, true> = { secret, lazy: true };
  withSession(async (_request, session) => {
    (await session()).set("visits", 1);
    return ok;
  }, options);
  const lazy: SessionMiddleware<() => Promise<Session<Shop>>, unknown> =
    sessions(options);
  void lazy;

  withSession((_request, session) => {
    session.set("a", 1);
    // @ts-expect-error: not lazy
    session();
    return ok;
  }, { secret, lazy: false });
}

export function platforms(): void {
  const worker = withSession(
    (_request, session, env: Env, context: Context) => {
      context.waitUntil(Promise.resolve(env.SESSION_SECRET));
      return new Response(session.userId);
    },
    (env) => ({ secret: env.SESSION_SECRET }),
  );
  withSession(
    (_request, _session, _env: Env, _context: Context) => ok,
    (env: Env) => ({ secret: env.SESSION_SECRET }),
  );
  withSessions(
    (env: Env) => ({ cart: { secret: env.SESSION_SECRET } }),
    (_request, { cart }, _env: Env, _context: Context) =>
      new Response(cart.userId),
  );
  worker(request, env, context);
  // @ts-expect-error: the platform's arguments are missing
  worker(request);
  // @ts-expect-error: in another order
  worker(request, context, env);

  const deno = withSession(
    (_request, session, info: { remote: string }) =>
      new Response(`${session.id} ${info.remote}`),
    { secret },
  );
  deno(request, { remote: "::1" });

  withSession<Shop, [Env]>((_request, session, env) => {
    session.set("note", env.SESSION_SECRET);
    return ok;
  }, (env) => ({ secret: env.SESSION_SECRET, idleTimeout: 60 }));

  withSession(
    async (_request, session, _env: Env) => {
      (await session()).set("a", 1);
      return ok;
    },
    (env: Env) => ({ secret: env.SESSION_SECRET, lazy: true }),
  );

  withSession(
    (_request, _session, _env: Env) => ok,
    // @ts-expect-error: the environment has no such name
    (env: Env) => ({ secret: env.SECRET }),
  );

  const handler: SessionHandler<Shop, [Env]> = (_request, session, env) =>
    new Response(session.get("note") ?? env.SESSION_SECRET);
  const options: OptionsFor<SessionOptions<Shop>, [Env]> = (env) => ({
    secret: env.SESSION_SECRET,
  });
  void [handler, options];
}

export function schemas(): void {
  const schema = v.object({ visits: v.number(), tags: v.array(v.string()) });
  const sessions = createSessions({ secret, schema });
  const session = sessions.create();
  session.set("visits", 1);
  const tags = session.get("tags");
  same<readonly string[] | undefined, typeof tags>(true);
  // @ts-expect-error: the schema has no such key
  session.set("visit", 1);
  // @ts-expect-error: the schema asks for a number
  session.set("visits", "1");

  withSession((_request, session) => {
    const visits = session.update("visits", (n = 0) => n + 1);
    same<number, typeof visits>(true);
    // @ts-expect-error: the schema has no such key
    session.get("visit");
    return ok;
  }, { secret, schema });

  const converting = v.object({
    at: v.optional(v.pipe(v.string(), v.transform((text) => new Date(text)))),
  });
  const made = createSessions({ secret, schema: converting }).create();
  same<Date | undefined, ReturnType<typeof made.get<"at">>>(true);
  // @ts-expect-error: the types are those of what the schema makes
  made.set("at", "2026-01-01");
  // Until the next request, what was set is read as it was set.
  const both = createSessions<{ at?: Date | string | undefined }>({
    secret,
    schema: converting,
  }).create();
  both.set("at", "2026-01-01");
  same<Date | string | undefined, ReturnType<typeof both.get<"at">>>(true);

  // @ts-expect-error: the schema makes another type
  createSessions<Shop>({ secret, schema });
  // @ts-expect-error: no schema
  createSessions({ secret, schema: { parse: (data: unknown) => data } });
}

export function options(): void {
  const all: SessionOptions[] = [
    { secret },
    { secret: undefined },
    { secret: [secret, new Uint8Array(32)] },
    { secret, csrf: ["https://a.example"], codec: JSON },
    { secret, cookie: { sameSite: "Strict", secure: "auto" } },
    // @ts-expect-error: a secret is needed
    {},
    // @ts-expect-error: no such option
    { secret, maxAge: 3600 },
    // @ts-expect-error: seconds, not a text
    { secret, idleTimeout: "1h" },
    // @ts-expect-error: not that value
    { secret, cookie: { sameSite: "lax" } },
    // @ts-expect-error: the cookie is always HttpOnly
    { secret, cookie: { httpOnly: false } },
    // @ts-expect-error: a clock, not a time
    { secret, now: Date.now() },
    // @ts-expect-error: origins come as a list
    { secret, csrf: "https://a.example" },
  ];
  void all;
}

export function eventsAndErrors(event: SessionEvent): void {
  if (event.type === "expired") {
    same<"idle" | "absolute", typeof event.reason>(true);
  }
  if (event.type === "opened") same<string, typeof event.id>(true);
  // @ts-expect-error: no event carries a token
  event.token;
  // @ts-expect-error: no such event
  if (event.type === "stolen") return;

  const error = new SessionError("oversize", "Too large");
  same<SessionErrorCode, typeof error.code>(true);
  // @ts-expect-error: no such code
  if (error.code === "too-large") return;
}

/** What is told apart: cookie jars, and what has methods of the same names. */
export async function jars(
  jar: CookieJar,
  context: HonoContext,
  app: { (): void; get(name: string): unknown; set(name: string): unknown },
  response: { write(): boolean; append(): void; get(): ""; set(): void },
  stream: { read(): null; write(): boolean; pipe(): void },
  cookies: {
    get(...by: [name: string] | [{ name: string }]): { value: string };
    set(...by: [name: string, value: string] | [{ name: string }]): void;
    getAll(): unknown;
  },
): Promise<void> {
  const all = createSessions<Shop>({ secret });
  const session = await all.open(jar, new Headers());
  await all.open(context.req);
  same<Response, Awaited<ReturnType<typeof toResponse>>>(true);
  async function toResponse() {
    return await all.commit(session, ok);
  }
  await all.commit(session, jar);
  // The cookies of a request have no attributes: Next's, in its proxy.
  await all.open(cookies, request);
  await all.commit(session, cookies);
  const { headers } = await all.commit(session);
  new Headers(headers);
  const own = { get: () => "", set: () => "" };
  await all.open({ ...own, set: (_name, value) => value.length });
  await all.open({ ...own, set: (_name, _value, { path }) => path.length });
  await all.commit(session, { read: () => "", write: () => {} });
  // @ts-expect-error: a context is no jar
  await all.open(context);
  // @ts-expect-error: nor is a `Map`
  await all.open(new Map<string, string>());
  // @ts-expect-error: nor is an app
  await all.open(app);
  // @ts-expect-error: nor is a stream
  await all.open(stream);
  // @ts-expect-error: `Headers` are no jar
  await all.commit(session, new Headers());
  // @ts-expect-error: a context is no jar
  await all.commit(session, context);
  // @ts-expect-error: a response of Node is none, and no `Response`
  await all.commit(session, response);
  // @ts-expect-error: a promise is not awaited
  await all.commit(session, Promise.resolve(ok));
}

export function namedOptions(): void {
  const options: SessionOptions<Shop> = { secret };
  withSession((_request, session) => {
    same<Session<Shop>, typeof session>(true);
    return ok;
  }, options);
  withSession<Shop>(() => ok, options);
  const middleware: SessionMiddleware<Session<Shop>, unknown> = sessions(
    options,
  );
  const made: Sessions<Shop> = createSessions(options);
  const any: Sessions = made;
  void [middleware, any];
  new Hono<SessionEnv<Shop>>().use(sessions(options));
  new Hono<SessionEnv>().use(sessions(options));

  withSessions({ auth: options, prefs: { secret } }, (_request, named) => {
    same<Session<Shop>, typeof named.auth>(true);
    same<Session, typeof named.prefs>(true);
    // @ts-expect-error: no such session
    return new Response(named.auht);
  });
  withSessions<{ auth: Shop }>({ auth: { secret } }, (_request, { auth }) => {
    auth.set("visits", 1);
    // @ts-expect-error: no such key
    auth.set("basket", 1);
    return ok;
  });
  const schema = v.object({ visits: v.number() });
  withSessions((env: Env) => ({
    auth: { secret: env.SESSION_SECRET, schema, lazy: true },
    prefs: { secret: env.SESSION_SECRET },
  }), async (_request, { auth, prefs }, env) => {
    (await auth()).set("visits", 1);
    // @ts-expect-error: the schema has no such key
    (await auth()).set("visit", 1);
    prefs.set("note", env.SESSION_SECRET);
    return ok;
  });
  const several: Readonly<Record<string, SessionOptions<Shop>>> = {};
  withSessions(several, (_request, named) => {
    named["auth"]?.set("visits", 1);
    return ok;
  });
}

export function helpers(
  session: Session<Shop>,
  sessions: Sessions<Shop>,
): void {
  const anything = (session: Session) => session.get("cart");
  const carts = (session: Session<{ cart: string[] }>) => session.keys();
  const others = (session: Session<{ basket: string[] }>) => session.keys();
  const bigger = (session: Session<Shop & { extra: number }>) => session;
  const makers = (sessions: Sessions) => sessions.create();
  const cartMakers = (sessions: Sessions<{ cart: string[] }>) => sessions;
  anything(session);
  carts(session);
  makers(sessions);
  cartMakers(sessions);
  // @ts-expect-error: it has no basket
  others(session);
  // @ts-expect-error: it has nothing extra
  bigger(session);
  // @ts-expect-error: its cart is of something else
  carts(session as unknown as Session<{ cart: number }>);
}

export function typedWorker(): void {
  const worker = withSession<Shop>((_request, session, env: Env) => {
    session.set("note", env.SESSION_SECRET);
    // @ts-expect-error: no such key
    session.set("basket", 1);
    return ok;
  }, (env) => ({ secret: env.SESSION_SECRET }));
  worker(request, env);
}
