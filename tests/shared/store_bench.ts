import {
  type AnyData,
  createSessions,
  type Session,
  type SessionError,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
  type SessionStore,
  withSession,
} from "../../mod.ts";
import type { StoreHarness } from "../../testing.ts";
import {
  type Clock,
  type Handler,
  requestWith,
  type setUp,
  tokenOf,
} from "./support.ts";

/** A store for tests of sessions: a harness without a clock. */
export type OpenedStore = Pick<StoreHarness, "store" | "reopen" | "close">;

/** Opens an empty store, on the clock that it is given. */
export type OpenStore = (
  now: () => number,
) => OpenedStore | Promise<OpenedStore>;

/** A call of a store's method. */
export interface Call {
  readonly op: string;
  readonly key: string;
}

/** A store whose calls are seen, and can be made to fail or to wait. */
export interface WatchedStore {
  readonly store: SessionStore;
  readonly calls: Call[];
  /** Called before each call; what it throws, the store throws. */
  before: ((call: Call) => unknown) | undefined;
  /** Called after it; what it throws is the answer, and the work is done. */
  after: ((call: Call) => unknown) | undefined;
  /** Whether a client sends a call again, and takes the second answer. */
  repeats: ((call: Call) => boolean) | undefined;
}

export function watch(inner: SessionStore): WatchedStore {
  const watched: WatchedStore = {
    calls: [],
    before: undefined,
    after: undefined,
    repeats: undefined,
    store: new Proxy(inner, {
      get(target, name: keyof SessionStore) {
        const member = target[name];
        if (typeof member !== "function") return member;
        if (name === "listByUser") return member.bind(target);
        return async (key: string, ...rest: unknown[]) => {
          const call = { op: name, key };
          watched.calls.push(call);
          await watched.before?.(call);
          const method = member as (...args: unknown[]) => unknown;
          const work = () => method.call(target, key, ...rest);
          if (watched.repeats?.(call)) await work();
          const answer = await work();
          await watched.after?.(call);
          return answer;
        };
      },
    }),
  };
  return watched;
}

/** What a handler does with its session. */
export type Act = (session: Session) => unknown;

/** Sessions in a store that is watched. */
export class StoreBench {
  readonly clock: Clock;
  readonly events: SessionEvent[];
  readonly watched: WatchedStore;
  readonly options: Omit<SessionOptions, "lazy">;
  readonly sessions: Sessions;
  readonly reopen: StoreHarness["reopen"];

  constructor(
    { clock, events, options }: ReturnType<typeof setUp>,
    { store, reopen }: OpenedStore,
  ) {
    this.clock = clock;
    this.events = events;
    this.watched = watch(store);
    this.options = { ...options, store: this.watched.store };
    this.sessions = createSessions(this.options);
    this.reopen = reopen;
  }

  /** Whether the store lists a user's sessions. */
  get canList(): boolean {
    return this.watched.store.listByUser !== undefined;
  }

  /** The names of the store's methods that were called since the last time. */
  takeCalls(): string[] {
    return this.watched.calls.splice(0).map(({ op }) => op);
  }

  /** The types of the events since the last time. */
  takeEvents(): string[] {
    return this.events.splice(0).map(({ type }) => type);
  }

  wrap(
    handler: Handler,
    more: Partial<SessionOptions> = {},
  ): (request: Request) => Promise<Response> {
    return withSession<AnyData>(handler, {
      ...this.options,
      ...more as object,
    });
  }

  /** One request, whose handler does this. */
  async act(
    cookie: string,
    act: Act,
    more?: Partial<SessionOptions>,
    init?: RequestInit,
  ): Promise<Response> {
    const handle = this.wrap(
      async (_request, session) => Response.json(await act(session) ?? null),
      more,
    );
    return await handle(requestWith(cookie, undefined, init));
  }

  /** The cookie of a new session, with a user if it is given one. */
  async begin(
    userId?: string,
    more?: Partial<SessionOptions>,
    label?: string,
  ): Promise<string> {
    const response = await this.act("", (session) => {
      session.set("name", "Ada");
      if (userId) session.login(userId, { label });
    }, more);
    this.takeCalls();
    this.takeEvents();
    return cookieOf(response);
  }

  /** What a cookie opens: its data, `null` for nothing. */
  async read(
    cookie: string,
    more?: Partial<SessionOptions>,
  ): Promise<AnyData | null> {
    const response = await this.act(
      cookie,
      (session) => session.isNew ? null : session.toJSON(),
      more,
    );
    return await response.json();
  }

  /** One request reads its session; another runs to its end; the first goes on. */
  async overtake(
    cookie: string,
    slow: Act,
    fast: Act,
    more?: Partial<SessionOptions>,
  ): Promise<{ slow: Response; fast: Response }> {
    const responses = await this.race(cookie, slow, fast, more);
    if (responses.slow instanceof Response) return responses as never;
    throw responses.slow;
  }

  /** The same where the first one may fail: its error is its answer then. */
  async race(
    cookie: string,
    slow: Act,
    fast: Act,
    more?: Partial<SessionOptions>,
  ): Promise<{ slow: Response | SessionError; fast: Response }> {
    const reading = Promise.withResolvers<void>();
    const overtaken = Promise.withResolvers<void>();
    const slowly = this.act(cookie, async (session) => {
      session.keys();
      reading.resolve();
      await overtaken.promise;
      await slow(session);
    }, more).catch((error: SessionError) => error);
    await reading.promise;
    const response = await this.act(cookie, fast, more);
    overtaken.resolve();
    return { fast: response, slow: await slowly };
  }
}

/** What a hook does only once, at the first call of a method. */
export function once(op: string, act: () => unknown): (call: Call) => unknown {
  let isOver = false;
  return (call) => {
    if (isOver || call.op !== op) return undefined;
    isOver = true;
    return act();
  };
}

/** Waits some ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The `Cookie` field that answers a response. */
export function cookieOf(response: Response): string {
  return `__Host-sid=${tokenOf(response)}`;
}
