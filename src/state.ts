import { encodeBase64url } from "./base64url.ts";
import { PERSIST, type Values } from "./data.ts";
import { SessionError } from "./errors.ts";
import type { SessionEvent } from "./events.ts";
import type { SessionRecord } from "./store.ts";
import type { Visit } from "./visit.ts";

/** What a token holds, if there is one. */
export interface Content {
  /** Times are whole seconds since 1970. */
  created: number;
  sealed: number;
  expires: number;
  /** Made when it is first needed. */
  sid?: Uint8Array<ArrayBuffer>;
  /** Of a token: whether its secret is not the newest. */
  readonly isStale?: boolean;
}

/** A write to one key, which can be repeated on newer data. */
export type Change = readonly [
  key: string,
  change: (value: unknown) => unknown,
];

/** A record of the session, as it was last read or written. */
export interface Held {
  /** The id it goes by, which the session may have left since. */
  readonly sid: Uint8Array<ArrayBuffer>;
  readonly key: string;
  readonly record: SessionRecord;
}

/** What the cookie knows of the last write to an eventual store. */
export interface Carried {
  readonly revision: number;
  /** In seconds since 1970. */
  readonly written: number;
  readonly data?: string | undefined;
}

/** A session between its request and its response. */
export interface State {
  readonly visit: Visit;
  values: Values;
  content: Content;
  /** The request brought a cookie that was not good. */
  isRefused: boolean;
  /** The handler has looked at the session. */
  isTouched: boolean;
  isChanged: boolean;
  /** In the order of the handler's writes. */
  changes: Change[];
  /** The browser knows it by another id, or for another time. */
  isCookieDue?: boolean;
  /** A user has logged in, in this request. */
  isLogin?: boolean;
  held?: Held;
  /** Of an eventual store: what the cookie knows of the last write. */
  carried?: Carried | undefined;
  /** What its token holds instead of data, if that is not nothing. */
  reference?: string;
}

/** A session of what its token holds, or without a past. */
export function begin(
  visit: Visit,
  isRefused = false,
  content: Content = start(visit),
): State {
  return {
    visit,
    values: {},
    content,
    isRefused,
    isTouched: false,
    isChanged: false,
    changes: [],
  };
}

/** The times of a session that begins now. */
export function start({ settings }: Visit): Content {
  const now = settings.now();
  return { created: now, sealed: now, expires: Infinity };
}

/** Whether the request brought no session. */
export function isNew({ content }: State): boolean {
  return content.isStale === undefined;
}

/** 48 bits of the random id; the other 80 stay unknown. */
export function idOf({ content }: Pick<State, "content">): string {
  const sid = content.sid ??= crypto.getRandomValues(new Uint8Array(16));
  return encodeBase64url(sid.subarray(0, 6));
}

/** Tells the program's listener, if there is one. */
export function tell(
  state: State,
  type: SessionEvent["type"],
  more?: Partial<SessionEvent>,
): void {
  const { emit } = state.visit.settings;
  emit?.({ type, id: idOf(state), ...more } as SessionEvent);
}

/** Refuses a write once the session or its request is over. */
export function checkOpen(state: State): void {
  state.isTouched = true;
  const { phase } = state.visit;
  if (phase === "open") return;
  if (phase === "late-write") tell(state, phase);
  throw new SessionError(phase, `Cannot write: ${phase}`);
}

/** Its idle timeout in seconds, by its own choice or by the options. */
export function idleOf({ values, visit }: State): number {
  const own = values[PERSIST];
  return typeof own === "number" ? own : visit.settings.idleTimeout;
}

/** When it ends, if it was last used at a time. */
export function endOf(state: State, used: number): number {
  const { absoluteTimeout } = state.visit.settings;
  return Math.min(
    state.content.created + absoluteTimeout,
    used + idleOf(state),
  );
}

/** When it ends if it is not used again. */
export function expiresAt(state: State): number {
  const { sealed, expires } = state.content;
  return Math.min(expires, endOf(state, sealed));
}
