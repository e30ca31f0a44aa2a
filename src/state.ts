import { encodeBase64url } from "./base64url.ts";
import { PERSIST, type Values } from "./data.ts";
import { SessionError } from "./errors.ts";
import type { SessionEvent } from "./events.ts";
import { placeNow } from "./overtaken.ts";
import { engineNow } from "./storing.ts";
import type { SessionRecord } from "./store.ts";
import { headerOf, isHandshake, type Phase, type Visit } from "./visit.ts";

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

/** A change of the values, which can be made again on newer ones. */
export type Change = (values: Values) => void;

/** A write to a store, whose answer may have been lost. */
export interface Attempt {
  readonly id: string;
  /** Its request tries again: it is not to be taken back if that succeeds. */
  claim?: Promise<boolean>;
  /** It is being taken back. */
  back?: Promise<unknown>;
}

/** Changes that are kept together, in the order of the handler's writes. */
export interface Batch {
  readonly changes: Change[];
  /** Who has logged in with them. */
  user?: string;
  /** The session is to have a new generation, or a new id. */
  isRegenerated?: boolean;
  /** It is on its way: what comes later has a batch of its own. */
  isTaken?: boolean;
  /** Writes that may have kept it already. */
  attempts?: Attempt[];
}

/** A record of the session, as it was last read or written. */
export interface Held {
  /** The id it goes by; on a late store, the session may have left it since. */
  readonly sid: Uint8Array<ArrayBuffer>;
  readonly key: string;
  readonly record: SessionRecord;
  /** Its data, where the cookie has it and the record may not. */
  readonly text?: string;
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
  /** A request has one, whichever of its sessions that is about. */
  visit: Visit;
  /** What is kept of it. */
  values: Values;
  /** What a handler reads otherwise, as the schema makes it: by key. */
  shown?: Values | undefined;
  content: Content;
  /** The request brought a cookie that was not good. */
  isRefused: boolean;
  /** Its handler has ended it. */
  isEnded?: boolean;
  /** The listener has been told of that. */
  isEndTold?: boolean;
  /** The session that the handler has ended to begin with this one. */
  before?: State;
  /** The handler has looked at the session. */
  isTouched: boolean;
  /** What has not been kept yet. */
  batches: Batch[];
  /** The browser knows it by another generation or id, or for another time. */
  isCookieDue?: boolean;
  /** Its place among the ends and new generations of this process. */
  readonly began: number;
  /** The id that it had, where it has left it. */
  left?: Uint8Array<ArrayBuffer> | undefined;
  /** On a late store: the key of the record that a `regenerate()` has left. */
  leftKey?: string | undefined;
  /** Who was logged in when the request came. */
  owner?: string | undefined;
  /** Saves of one session wait for each other. */
  saving?: Promise<unknown>;

  // Of a session in a store:
  held?: Held;
  /** The generation that its cookie gets. */
  generation?: number;
  /** The generation in which its user became the owner. */
  since?: number;
  /** The request is the first one with the newest generation. */
  isFirstUse?: boolean;
  /** Its cookie is an older one: the answer has the newest. */
  isOffered?: boolean;
  /** It is old enough for a new one, and nobody is on the way with an older. */
  isRenewable?: boolean;
  /** One of these is to be done before the response leaves. */
  isDue?: boolean | undefined;
  /** Another request has a newer generation, which this one must not get. */
  isSuperseded?: boolean;
  /** The number of its login among a user's revocations, if it got a new one. */
  epoch?: number;
  /** The response by which it has left. */
  answer?: Response;
  /** What its body writes is looked for. */
  isWatched?: boolean;
  /** A cookie is on its way. */
  isSent?: boolean;
  /** Removes the record that this request has made, if no cookie goes out. */
  abandon?: (() => Promise<void>) | undefined;
  /** What it shows is not what its record and its changes make. */
  isBehind?: boolean;
  /** It has been ended, as its handler wanted. */
  isOver?: boolean;
  /** The handler knows that it could not be ended. */
  isEndFailed?: boolean;
  /** Of an eventual store: what the cookie knows of the last write. */
  carried?: Carried | undefined;
  /** The place of that among the cookies that this process has sent. */
  packed?: number;
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
    batches: [],
    began: placeNow(),
  };
}

/** Makes a new session of one that has ended: nothing is left in it. */
export function beginAnew(state: State): void {
  state.visit.phase = "open";
  state.values = {};
  state.batches = [];
  delete state.held;
  delete state.content.sid;
}

/** A session that takes another one's place in its request. */
export function beginAfter(before: State): State {
  const { visit } = before;
  const next = begin(visit, hasCookie(before));
  before.visit = { ...visit };
  visit.phase = "open";
  visit.isGone = visit.guest = visit.opened = undefined;
  return { ...next, isTouched: true, before };
}

/** Whether the browser has a cookie that is to be cleared with the session. */
export function hasCookie(state: State): boolean {
  return !state.visit.isGone && (!isNew(state) || state.isRefused);
}

/** The times of a session that begins now. */
export function start({ settings }: Visit): Content {
  const now = settings.now();
  return { created: now, sealed: now, expires: Infinity };
}

/** Whether the request brought no session. */
export function isNew({ content }: Pick<State, "content">): boolean {
  return content.isStale === undefined;
}

/** Whether there is anything to be kept. */
export function isChanged({ batches }: State): boolean {
  return batches.length > 0;
}

/** Whether a user has logged in with what is to be kept. */
export function isLogin({ batches }: State): boolean {
  return batches.some(({ user }) => user !== undefined);
}

/** What is empty and was never kept needs no cookie and no record. */
export function isWorthKeeping(state: State): boolean {
  return !isNew(state) || !!state.held ||
    Object.keys(state.values).some((key) => key !== PERSIST);
}

/**
 * The batch that a change belongs to.
 *
 * @throws {SessionError} `late-write` if the change needs a cookie, which a
 * handshake has not: after it, nobody could be told.
 */
export function openBatch(state: State): Batch {
  const last = state.batches.at(-1);
  if (last && !last.isTaken) return last;
  if (!state.held) checkCookie(state);
  const { visit } = state;
  if (isNew(state)) {
    visit.isForeign = headerOf(visit, "sec-fetch-site") === "cross-site";
  }
  const batch: Batch = { changes: [] };
  state.batches.push(batch);
  return batch;
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

/**
 * Refuses a write once the session or its request is over, or says why. While
 * the body of its response is on its way, a store still takes what needs no
 * cookie.
 */
export function checkOpen(
  state: State,
  needsCookie = true,
  why?: string,
): void {
  const { phase } = state.visit;
  state.isTouched ||= phase !== "late-write";
  const isStreamed = phase === "late-write" && !needsCookie &&
    engineNow()?.isStreamed(state);
  if (phase !== "open" && !isStreamed) refuse(state, phase, why);
}

/**
 * Notes that the session was looked at. For the first time, that is too late
 * once the response has left: no cache was told. A socket has no cache.
 *
 * @throws {SessionError} `late-read`.
 */
export function touch(state: State): State {
  const { isTouched, visit } = state;
  if (!isTouched && visit.phase === "late-write" && !isHandshake(visit, "")) {
    const why = "the response has left, read before it does";
    throw new SessionError("late-read", `Cannot read: ${why}`);
  }
  state.isTouched = true;
  return state;
}

/** Refuses what a WebSocket handshake has no cookie for. */
export function checkCookie(state: State): void {
  if (isHandshake(state.visit)) {
    refuse(state, "late-write", "a handshake has no cookie");
  }
}

const LEFT =
  "the response has already left, with the cookie; write before that or, with a store, save() while it streams";

function refuse(
  state: State,
  phase: Exclude<Phase, "open">,
  why = phase === "late-write" ? LEFT : phase,
): never {
  if (phase === "late-write") tell(state, phase);
  throw new SessionError(phase, `Cannot write: ${why}`);
}

/**
 * Refuses what cannot be kept, as the session has ended.
 *
 * @throws {SessionError} `gone`.
 */
export function refuseGone(state: State): never {
  tell(state, "gone");
  refuse(state, state.visit.phase = "gone");
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
