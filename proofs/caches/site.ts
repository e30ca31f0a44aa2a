// Real servers of ours: four programs that differ in server, door and store,
// with the same kind of handlers.

import { Hono } from "hono";
import { nodeServers, type Running } from "../../tests/project/node_servers.ts";
import { type Random, randomOf } from "../soak/random.ts";
import type { Ledger } from "./ledger.ts";
import { type Act, makeRoutes, type Route } from "./routes.ts";

type Library = typeof import("../../mod.ts");
type Middleware = typeof import("../../hono.ts");
type Stores = typeof import("../../stores/memory.ts");
type Session = import("../../mod.ts").Session;
type Fetch = (request: Request) => Response | Promise<Response>;

/** The names of the programs, which are hosts as well. */
export const SITES = ["sealed", "stored", "several", "hono"] as const;
export type SiteName = typeof SITES[number];

/** The programs, running. */
export interface Sites {
  readonly ports: Readonly<Record<SiteName, number>>;
  readonly routes: Readonly<Record<SiteName, readonly Route[]>>;
  stop(): Promise<void>;
}

/** An error that knows what its program would show of it. */
class Failure extends Error {
  readonly shown: string;
  readonly route: Route;

  constructor(shown: string, route: Route) {
    super("This handler fails");
    this.shown = shown;
    this.route = route;
  }
}

/** Starts them, from a copy of the library. */
export async function startSites(
  root: URL,
  ledger: Ledger,
  seed: number,
  paths: number,
): Promise<Sites> {
  const at = (path: string) => import(new URL(path, root).href);
  const library: Library = await at("mod.ts");
  const { sessions }: Middleware = await at("hono.ts");
  const { MemoryStore }: Stores = await at("stores/memory.ts");
  const { withSession, withSessions } = library;
  const secret = library.generateSecret();
  const random = randomOf(seed);
  const routes = Object.fromEntries(
    SITES.map((name) => [name, makeRoutes(paths, random)]),
  ) as Record<SiteName, Route[]>;
  const cookie = { secure: true } as const;
  const answerOf = (name: SiteName) => {
    const fixed = new Map<Route, Response>();
    return async (request: Request, open: Open) => {
      const path = new URL(request.url).pathname.slice(1);
      const route = routes[name][Number(path)];
      if (!route) return new Response("?", { status: 400 });
      return await answer(route, request, open, { ledger, random, fixed });
    };
  };
  const hono = new Hono();
  const answerHono = answerOf("hono");
  hono.use(sessions({ secret, cookie, lazy: true, clearCache: true }));
  hono.all("*", (c) =>
    // deno-lint-ignore no-explicit-any
    answerHono(c.req.raw, () => (c as any).var.session()));
  hono.onError((error, c) => {
    if (!(error instanceof Failure)) return fail(error);
    const { shown, route } = error;
    return c.text("sorry", 500, { ...route.headers, "x-shown": shown });
  });
  const several = answerOf("several");
  const sealed = answerOf("sealed");
  const stored = answerOf("stored");
  const programs: Record<SiteName, Fetch> = {
    sealed: caught(
      withSession(
        (request, session) => sealed(request, () => session),
        { secret, cookie },
      ),
      ledger,
    ),
    stored: caught(
      withSession(
        (request, session) => stored(request, () => session),
        { secret, cookie, csrf: true, store: new MemoryStore() },
      ),
      ledger,
    ),
    several: caught(
      withSessions(
        {
          auth: { secret, store: new MemoryStore(), cookie },
          prefs: { secret, cookie },
        },
        (request, { auth, prefs }) =>
          several(request, () => random.chance(0.5) ? auth : prefs),
      ),
      ledger,
    ),
    hono: (request) => hono.fetch(request),
  };
  const running: Running[] = [];
  const ports = {} as Record<SiteName, number>;
  for (const [place, name] of SITES.entries()) {
    const kind = place % 2 ? "@hono/node-server" : "srvx";
    const server = await nodeServers[kind](programs[name], "http");
    running.push(server);
    ports[name] = server.port;
  }
  return {
    ports,
    routes,
    async stop() {
      await Promise.all(running.map((each) => each.stop()));
    },
  };
}

// A server has put a class of its own in its place, which lets one change the
// headers of a redirect; elsewhere they are immutable.
const NativeResponse = (await fetch("data:,")).constructor as typeof Response;

type Open = () => Session | Promise<Session>;

interface Surroundings {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly fixed: Map<Route, Response>;
}

async function answer(
  route: Route,
  request: Request,
  open: Open,
  { ledger, random, fixed }: Surroundings,
): Promise<Response> {
  const { kind, isPublic } = route;
  const visitor = request.headers.get("x-visitor") ?? "";
  const cookies = request.headers.get("cookie") ?? "";
  const act = decide(route.act, cookies !== "", random);
  const isTouched = act !== "nothing";
  const shown = isTouched ? perform(act, await open(), visitor) : "all";
  if (kind === "fixed") {
    // One response for all visitors, as people write them.
    const init = { status: 204, headers: route.headers };
    const old = fixed.get(route) ?? new Response(null, init);
    fixed.set(route, old);
    return old;
  }
  const number = ledger.add({
    visitor,
    isTouched,
    isPublic,
    hadSession: cookies.includes("__Host-"),
  });
  if (kind === "error") throw new Failure(`${number} ${shown}`, route);
  const response = build(route, request, number, shown);
  if (kind === "thrown response") throw response;
  return response;
}

function decide(act: Act, hadCookie: boolean, random: Random): Act {
  if (act === "nothing or read") return random.chance(0.6) ? "nothing" : "read";
  if (act === "nothing or write") {
    return random.chance(0.7) ? "nothing" : "write";
  }
  if (act === "read with cookie") return hadCookie ? "read" : "nothing";
  return act;
}

/** Does it; returns what the session shows of its visitor. */
function perform(act: Act, session: Session, visitor: string): string {
  if (act === "write") session.set("name", visitor);
  if (act === "count") session.update("n", (n = 0) => Number(n) + 1);
  if (act === "login") {
    session.login(visitor);
    session.set("name", visitor);
  }
  if (act === "regenerate" && session.userId) session.regenerate();
  if (act === "flash") session.flash("notice", visitor);
  const names = [session.get("name"), session.userId];
  if (act === "read") names.push(...session.flashes<string>("notice"));
  const known = names.filter((name) => typeof name === "string");
  if (act === "logout") session.destroy();
  return known.length ? known.map((name) => `~${name}~`).join("-") : "guest";
}

function build(
  route: Route,
  request: Request,
  number: string,
  shown: string,
): Response {
  const { kind, etag, hasCookie } = route;
  if (kind === "redirect") {
    const place = `http://elsewhere.test/?${number}${shown}`;
    return NativeResponse.redirect(place, route.status);
  }
  const headers = new Headers(route.headers);
  headers.set("x-answer", number);
  headers.set("x-shown", shown);
  const tag = etag && `"${etag === "own" ? shown : "v1"}"`;
  if (tag) headers.set("etag", tag);
  if (hasCookie) headers.append("set-cookie", `own=${shown}; Path=/`);
  if (tag && request.headers.get("if-none-match") === tag) {
    return new Response(null, { status: 304, headers });
  }
  const filled = kind === "big" ? 20_000 : 20;
  const text = `${number} ${shown} ${".".repeat(filled)} ${shown} ${number}`;
  if (kind === "ranges" && request.headers.get("range") === "bytes=0-9") {
    headers.set("content-range", `bytes 0-9/${text.length}`);
    return new Response(text.slice(0, 10), { status: 206, headers });
  }
  const isStream = kind === "stream" || kind === "big";
  return new Response(isStream ? inParts(text) : text, {
    status: route.status,
    headers,
  });
}

function inParts(text: string): ReadableStream {
  const bytes = new TextEncoder().encode(text);
  const middle = bytes.length >> 1;
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(bytes.slice(0, middle));
      await new Promise((resolve) => setImmediate(resolve));
      controller.enqueue(bytes.slice(middle));
      controller.close();
    },
  });
}

/** What a program puts around it: one page for all errors, kept as was said. */
function caught(fetch: Fetch, ledger: Ledger): Fetch {
  return async (request) => {
    try {
      return await fetch(request);
    } catch (error) {
      if (!(error instanceof Failure)) return fail(error);
      const number = ledger.add({
        visitor: "",
        isTouched: false,
        isPublic: false,
        hadSession: false,
      });
      const headers = { ...error.route.headers, "x-answer": number };
      return new Response("sorry", { status: 500, headers });
    }
  };
}

function fail(error: unknown): Response {
  const { code, message } = error as Error & { code?: string };
  // A cache that asks in the background may meet what has ended since.
  if (code === "gone" || code === "conflict") {
    return new Response(code, { status: 409 });
  }
  console.error(error);
  return new Response(message, { status: 500 });
}
