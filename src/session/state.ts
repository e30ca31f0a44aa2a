import type { SessionEvent, TokenFault } from "../events.ts";
import type { Directives } from "../http/directives.ts";
import type { SessionCookie, Settings } from "../options/settings.ts";
import type { SessionRecord, SessionStore } from "../store/contract.ts";
import { encodeBase64url } from "../token/base64url.ts";
import type { Values } from "./codec.ts";
import { OWNER, PERSIST } from "./own_keys.ts";
import { endAfter, isAged, isHalfOver, isSlow } from "./timeouts.ts";

/** Whether a session can be written, or why it cannot any more. */
export type Phase =
  | "open"
  | "destroyed"
  | "gone"
  | "late-write"
  | "left-out"
  | "store-failed";

/** A request, as far as its session is concerned. */
export interface Visit {
  readonly settings: Settings;
  cookie: SessionCookie;
  readonly request?: Request | undefined;
  /** None for a session without a request; see `http/request.ts`. */
  headers?: Headers | undefined;
  phase: Phase;
  /** The visitor has gone to a page, as far as that has to be known. */
  isNavigation: boolean;
  /** Another site has made the browser send it; known once it is written. */
  isForeign?: boolean;
  /** Of options that make a store for each request: those of this one. */
  store?: SessionStore;
  revocations?: SessionStore;
  /** When its cookie was opened, in seconds since 1970. */
  opened?: number | undefined;
  /**
   * Its cookie stopped to count a moment ago, and other answers to the browser
   * may be on their way: only a login outdoes them.
   */
  isGone?: boolean | undefined;
  /** The record of its cookie, where that stopped to count. */
  refusedKey?: string | undefined;
  /** What is wrong with its cookie. */
  fault?: TokenFault | "duplicate";
  /** Several cookies came, of which some may be of earlier scopes. */
  hasEarlier?: boolean;
  /** The id of a session that could not be read, as its store has failed. */
  guest?: Uint8Array<ArrayBuffer> | undefined;
  /** How long its store has kept it waiting, in ms. */
  waited?: number;
  readonly takesBack?: boolean;
  /** Of options with `revocations`, once that part is loaded. */
  revoking?: Revoking | undefined;
  /** Of options with a store, once that part is loaded. */
  streaming?: Streaming | undefined;
}

/** What `store/commit_stored.ts` does for the body of a response. */
export interface Streaming {
  letStream(state: State, response: Response, kept: unknown): void;
  isStreamed(state: State): boolean;
}

/** What `checks/revocations.ts` does, for those whom it is not loaded for. */
export interface Revoking {
  isRevoked(state: State): Promise<boolean>;
  stamp(visit: Visit, values: Values): Promise<void>;
  rememberEnd(
    visit: Visit,
    key: string,
    record: SessionRecord | undefined,
    isLeft?: boolean,
  ): Promise<void>;
}

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
  isEndAsked?: boolean;
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
  isRotatable?: boolean;
  /** One of these is to be done before the response leaves. */
  isDue?: boolean | undefined;
  /** Another request has a newer generation, which this one must not get. */
  isSuperseded?: boolean;
  /** The number of its login among a user's revocations, if it got a new one. */
  epoch?: number;
  /**
   * Whether the body of its response may write to its store. While the session is
   * being kept, that is not known, and has to be waited for.
   */
  streams?: Promise<unknown> | boolean;
  /** What its body writes is looked for. */
  isWatched?: boolean;
  /** A cookie is on its way. */
  isSent?: boolean;
  /** Removes the record that this request has made, if no cookie goes out. */
  abandon?: (() => Promise<void>) | undefined;
  /** What it shows is not what its record and its changes make. */
  isBehind?: boolean;
  /** It has been ended, as its handler wanted. */
  isEndDone?: boolean;
  /** The handler knows that it could not be ended. */
  isEndFailed?: boolean;
  /** Of an eventual store: what the cookie knows of the last write. */
  carried?: Carried | undefined;
  /** The place of that among the cookies that this process has sent. */
  packed?: number;
  /** What its token holds instead of data, if that is not nothing. */
  reference?: string;
}

/** Whether the browser has a cookie that is to be cleared with the session. */
export function hasCookie(state: State): boolean {
  return !state.visit.isGone && (!isNew(state) || state.isRefused);
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

/** What the response to a request says that has read it. */
export function directivesOf({ values }: State): Directives {
  return { isSignedIn: !!values[OWNER] };
}

/**
 * What a session in a cookie is known by among those of this process.
 *
 * @param isNext From now on, if it has left the id that it had.
 */
export function nameOf({ left, content }: State, isNext = false): string {
  return encodeBase64url((isNext || !left ? content.sid : left) as Uint8Array);
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

/** Its idle timeout in seconds, by its own choice or by the options. */
export function idleOf({ values, visit }: State): number {
  const own = values[PERSIST];
  return typeof own === "number" ? own : visit.settings.idleTimeout;
}

/** When it ends, if it was last used at a time. */
export function endOf(state: State, used: number): number {
  const { content: { created }, visit: { settings } } = state;
  return endAfter(created, used, idleOf(state), settings.absoluteTimeout);
}

/** When it ends if it is not used again. */
export function expiresAt(state: State): number {
  const { sealed, expires } = state.content;
  return Math.min(expires, endOf(state, sealed));
}

/** Whether time alone asks for another cookie. */
export function isRenewalDue(state: State, now: number): boolean {
  const { content: { sealed }, visit } = state;
  const idle = idleOf(state);
  // A cookie that is to be removed may be the one that counts.
  return (!!visit.hasEarlier ||
    isAged(sealed, now, idle) && endOf(state, now) > expiresAt(state)) &&
    (isHalfOver(sealed, now, idle) ||
      visit.isNavigation && !isSlow(visit.opened, now));
}
