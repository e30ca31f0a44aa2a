import {
  type Session,
  type SessionOptions,
  type SessionStore,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { Browser } from "../../testing/browser.ts";
import {
  createFaultyStore,
  type FaultyStore,
} from "../../testing/faulty_store.ts";
import { type Bench, type MoreOptions, setUp } from "../shared/support.ts";

// A site whose sessions are in a cookie while they fit, and else in a store.

export const NAME = "__Host-sid";
/** What is too long for a cookie. */
export const LARGE = 5_000;

/** What a handler does with its session. */
export type Act = (session: Session) => unknown;

/** What every answer shows: the length of a text, notes and the user. */
export type Seen = [text: number, notes: number[], user: string | null];

/** A request that waits in its handler, and goes on when it is told. */
export interface Waiting {
  readonly arrived: Promise<void>;
  end(): Promise<Response & { code?: string }>;
}

export interface Site extends Bench {
  readonly browser: Browser;
  readonly store: FaultyStore;
  /** Which methods of the store were called since the last look. */
  calls(): string[];
  cookie(): string;
  /** What the browser's next request sees. */
  see(): Promise<Seen>;
  /** A request with a cookie of its own. */
  tab(cookie: string, act: Act, init?: RequestInit): Promise<Response>;
  /** The same, which waits after it has changed its session. */
  slow(cookie: string, act: Act): Waiting;
}

/** Opens a site: by default, each handler does what its path says. */
export function open(
  more: MoreOptions = {},
  inner?: (now: () => number) => SessionStore,
): Site {
  const bench = setUp();
  const now = () => bench.clock.now;
  const store = createFaultyStore(inner?.(now) ?? new MemoryStore({ now }));
  const options: Omit<SessionOptions, "lazy"> = {
    ...bench.options,
    overflow: store.store,
    ...more,
  };
  const acts = new WeakMap<Request, Act>();
  const handler = withSession(async (request, session) => {
    const act = acts.get(request) ?? actOf(new URL(request.url));
    await act(session);
    return Response.json(seenBy(session));
  }, options);
  const browser = new Browser(handler, { now });
  const cookie = () => browser.cookie(NAME) ?? "";
  const tab = async (cookie: string, act: Act, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("cookie", `${NAME}=${cookie}`);
    const request = new Request("https://example.com/", { ...init, headers });
    acts.set(request, act);
    return await handler(request);
  };
  let seen = 0;
  return {
    ...bench,
    options,
    browser,
    store,
    calls: () => {
      const calls = store.calls.slice(seen).map(({ method }) => method);
      seen += calls.length;
      return calls;
    },
    cookie,
    see: async () => await (await browser.get("/")).json(),
    tab,
    slow: (cookie, act) => {
      const arrived = Promise.withResolvers<void>();
      const told = Promise.withResolvers<void>();
      const answer = tab(cookie, async (session) => {
        await act(session);
        arrived.resolve();
        await told.promise;
      }).catch((error: unknown) => error as Response & { code?: string });
      return {
        arrived: arrived.promise,
        end: async () => {
          told.resolve();
          return await answer;
        },
      };
    },
  };
}

/**
 * A site of a process of its own: what is known of sessions is known by the
 * store's object.
 */
export function anotherDoor(site: Site): Site {
  const { store } = site.store;
  const door = { ...store, get: (key: string) => store.get(key) };
  return open({ ...site.options, overflow: door });
}

function actOf({ pathname, searchParams }: URL): Act {
  const n = Number(searchParams.get("n"));
  const acts: Readonly<Record<string, Act>> = {
    "/fill": fill(n),
    "/note": note(n),
    "/login": (session) => session.login("ann"),
    "/out": (session) => session.destroy(),
  };
  return acts[pathname] ?? (() => {});
}

/** Sets a text of this length. */
export function fill(length: number): Act {
  return (session) => session.set("text", "x".repeat(length));
}

/** Adds a note to those that are there. */
export function note(n: number): Act {
  return (session) =>
    session.update("notes", (notes: number[] = []) => [...notes, n]);
}

/** Does several things. */
export function all(...acts: readonly Act[]): Act {
  return async (session) => {
    for (const act of acts) await act(session);
  };
}

export function seenBy(session: Session): Seen {
  return [
    String(session.get("text") ?? "").length,
    session.get("notes") as number[] | undefined ?? [],
    session.userId ?? null,
  ];
}

/** The value that an answer gives our cookie. */
export function cookieOf(response: Response): string {
  const [line = ""] = response.headers.getSetCookie();
  return /^[^=]+=([^;]*)/.exec(line)?.[1] ?? "";
}

/** Whether a cookie refers to a record: it has no room for data. */
export function isReference(cookie: string): boolean {
  return cookie.length === 102;
}

/** What a request sees by a cookie. */
export async function seenWith(site: Site, cookie: string): Promise<Seen> {
  return await (await site.tab(cookie, look)).json();
}

/** Ends the session. */
export const logout: Act = (session) => session.destroy();
/** Only reads it. */
export const look: Act = (session) => void session.userId;
