import type { SessionEvent, TokenFault } from "../events.ts";
import type { Directives } from "../http/directives.ts";
import type { Asked, Fields } from "../http/request.ts";
import type { Overflow, SessionCookie, Settings } from "../options/settings.ts";
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

/** A request, as far as one of its sessions is concerned. */
export interface Visit {
  settings: Settings;
  cookie: SessionCookie;
  readonly request?: Asked | undefined;
  /** Absent for a session without a request; see `http/request.ts`. */
  headers?: Fields | undefined;
  phase: Phase;
  /** Why it takes no more writes, where it may be read: no response has left. */
  refusal?: string;
  /** Whether the visitor goes to a page, as far as that has to be known. */
  isNavigation: boolean;
  /**
   * Whether another site made the browser send it; set with the first write.
   */
  isForeign?: boolean;
  /** The stores of this request, if the options make one for each. */
  store?: SessionStore;
  revocations?: SessionStore;
  /** When the cookie was opened, in seconds since 1970. */
  opened?: number | undefined;
  /**
   * The cookie stopped counting a moment ago, and other responses to the
   * browser may be on their way: only a login may replace their cookies. If it
   * was replaced, the session goes on by another one.
   */
  isGone?: "ended" | "replaced" | false | undefined;
  /**
   * Its session, if `regenerate()` did that: the visitor can end it all the
   * same.
   */
  refused?:
    | { readonly key: string; readonly held?: Held | undefined; number: number }
    | undefined;
  /** What is wrong with the cookie. */
  fault?: TokenFault | "duplicate" | "parts";
  /** Several cookies came, of which some may be of earlier scopes. */
  hasEarlier?: boolean;
  /**
   * The id of a session that could not be read because its store failed, its
   * record if that is known, what its cookie says, and when the cookie's write
   * was to a late store.
   */
  guest?:
    | Partial<Held> & Pick<Held, "sid"> & {
      readonly written?: number;
      readonly reference: string;
      /** The tick at which it was to be read. */
      readonly began: number;
      /** What its cookie was worth then, once that was looked at. */
      worth?: "counted" | "replaced" | "stopped";
    }
    | undefined;
  /** The key of the record that the cookie names. */
  key?: string | undefined;
  /** Whether that record is known to be gone. */
  isOver?: boolean | undefined;
  /** How long the request has waited for its store, in ms. */
  waited?: number;
  /** Whether it only undoes a write: see `store/call.ts`. */
  readonly takesBack?: boolean;
  /** Is called when there is something to keep. */
  onChange?: (() => void) | undefined;
  /** With the option `revocations`, once that part is loaded. */
  revoking?: Revoking | undefined;
  /** With the option `accept`: see `request/take_over.ts`. */
  foreign?: Foreign;
  /** With the option `store`, once that part is loaded. */
  streaming?: Streaming | undefined;
  /** With the option `overflow`, once that part is loaded. */
  cutting?: Cutting | undefined;
  /** With a store as `overflow`: loads what moves sessions there and back. */
  outgrowing?: () => Outgrowing | Promise<Outgrowing>;
  /** How many further parts the browser may have of our cookie. */
  parts?: number;
}

/** A session of another library, beside the request's own or in its place. */
export interface Foreign {
  /**
   * The `Set-Cookie` lines that remove its cookies.
   *
   * @param hasEnded Whether those are meant, too, that stay until a logout.
   */
  clear(hasEnded: boolean): readonly string[];
  /** Those of them that this request's response is to have. */
  lines(hasEnded: boolean): readonly string[];
  /** Notes that it goes on here, so that no copy of it does once more. */
  claim?(): Promise<void>;
  /** The same, and ends it where it is kept. */
  leave(): Promise<void>;
}

/** What `request/cookie_parts.ts` does, for modules that do not load it. */
export interface Cutting {
  join(visit: Visit, header: string): string;
  cut(visit: Visit, lines: readonly string[]): readonly string[];
  fits(overflow: Overflow, cookie: SessionCookie, token: string): boolean;
}

/** What `store/outgrown.ts` does, for modules that do not load it. */
export interface Outgrowing {
  moveOut(state: State): Promise<void>;
  isThere(state: State): Promise<boolean>;
  moveBack(state: State, now: number): Promise<boolean>;
  endFor(state: State, isTooLate: boolean, last: State): Promise<void>;
  hold(state: State, response: Response, said: Directives): Directives;
}

/** What `store/stream.ts` does for the body of a response. */
export interface Streaming {
  letStream(state: State, response: Response, kept?: unknown): void;
  admitLateWrite(state: State): boolean;
}

/** What `store/revocations.ts` does, for modules that do not load it. */
export interface Revoking {
  checkRevoked(state: State, before?: "write" | "move"): Promise<boolean>;
  stamp(visit: Visit, values: Values): Promise<void>;
  rememberEnd(
    visit: Visit,
    key: string,
    record: SessionRecord | undefined,
    isLeft?: boolean,
  ): Promise<boolean>;
}

/** What the session's token holds, or will hold. */
export interface Content {
  /** Times are whole seconds since 1970. */
  created: number;
  sealed: number;
  expires: number;
  /** Made when it is first needed. */
  sid?: Uint8Array<ArrayBuffer>;
  /** Whether the token's secret is not the newest; absent without a token. */
  readonly isStale?: boolean;
}

/** A change of the values, which can be made again on newer ones. */
export type Change = (values: Values) => void;

/** A write to a store, the answer to which may be lost. */
export interface Attempt {
  readonly id: string;
  /** The generation that it makes, if it is one of a login or `regenerate()`. */
  made?: number | undefined;
  /** Its request tries again; if that succeeds, nothing is taken back. */
  claim?: Promise<boolean>;
  /** The write is being taken back. */
  back?: Promise<unknown>;
  /** Another request may have made the same record. */
  isShared?: boolean | undefined;
  /** Others find the record by its id before its request has its answer. */
  isFindable?: boolean | undefined;
}

/** Changes that are saved together, in the order of the handler's writes. */
export interface Batch {
  readonly changes: Change[];
  /** The user who has logged in with these changes. */
  user?: string | undefined;
  /** The session gets a new generation, or a new id. */
  isRegenerated?: boolean;
  /** The batch is being saved: later changes go into another one. */
  isTaken?: boolean;
  /** Writes that may have saved the batch already. */
  attempts?: Attempt[];
}

/** The record of a session, as it was last read or written. */
export interface Held {
  /** The id behind `key`; on a late store, the session may have another now. */
  readonly sid: Uint8Array<ArrayBuffer>;
  readonly key: string;
  readonly record: SessionRecord;
  /** The session's data, if the cookie has it and the record may not. */
  readonly text?: string;
}

/** A session that has left its cookie for a store, or that for a cookie. */
export interface Moved {
  /** By what this process knows what it has left. */
  readonly name: string;
  /** When it did so, as a tick. */
  readonly tick: number;
  /** Its id before, and what it had left by then. */
  readonly sid?: Uint8Array<ArrayBuffer> | undefined;
  readonly left?: Uint8Array<ArrayBuffer> | undefined;
  /** The record that it has left. */
  readonly held?: Held;
  /** Whether another request may have made the same record. */
  readonly isShared?: boolean;
}

/** What the cookie knows of the last write to a late store. */
export interface Carried {
  readonly revision: number;
  /** In seconds since 1970. */
  readonly written: number;
  readonly data?: string | undefined;
}

/** A session between its request and its response. */
export interface State {
  /** The visit of its request; `reset()` hands it on to the next session. */
  visit: Visit;
  /** The values that are saved. */
  values: Values;
  /** By key, what the schema makes other than it is saved. */
  shown?: Values | undefined;
  content: Content;
  /** The request brought a cookie that was refused. */
  isRefused: boolean;
  /** The handler has ended the session. */
  isEndAsked?: boolean;
  /** It was sealed, and the listener has been told what is new of it. */
  isSealed?: boolean;
  /** The listener has been told of the end. */
  isEndTold?: boolean;
  /**
   * The session that the handler has ended, by `reset()`, to begin this one.
   */
  before?: State;
  /** The handler has used the session. */
  isTouched: boolean;
  /** The changes that are not saved yet. */
  batches: Batch[];
  /** What was taken over of another library's session, as one of them. */
  accepted?: Batch;
  /** Those that another user's login has dropped: they may have been tried. */
  dropped?: Batch[];
  /** The cookie needs another generation, id or lifetime. */
  isCookieDue?: boolean;
  /** The tick at which it was opened: see `known.ts`. */
  readonly began: number;
  /** The id that it had before, if it goes on under another. */
  left?: Uint8Array<ArrayBuffer> | undefined;
  /** On a late store: the key of the record that `regenerate()` has left. */
  leftKey?: string | undefined;
  /** The user who was logged in when the request came. */
  owner?: string | undefined;
  /**
   * This process has moved the session into a store while the request ran: its
   * changes are to be made there.
   */
  isOutgrown?: boolean;
  /** The request has moved it: see `store/outgrown.ts`. */
  moved?: Moved;
  /** The save that is running; saves of one session wait for each other. */
  saving?: Promise<unknown>;

  // Only for a session in a store:
  held?: Held;
  /**
   * While it moves there: returns the record that another request has made of
   * the same cookie.
   */
  findTaken?: (made: Held) => Promise<Held | undefined>;
  /** Its id follows from another library's: so others find its record. */
  isFindable?: boolean;
  /** The generation of its next cookie. */
  generation?: number;
  /** The generation in which its user became the owner. */
  since?: number;
  /** The request is the first one with the newest cookie. */
  isFirstUse?: boolean;
  /** The request has an older cookie: the response brings the newest. */
  isOffered?: boolean;
  /** The cookie is old enough for a new one, and no older one is on its way. */
  isRotatable?: boolean;
  /** One of these three is to be done before the response leaves. */
  isDue?: boolean | undefined;
  /** Another request made a newer generation, which this one must not get. */
  isSuperseded?: boolean;
  /** The epoch of its login, if that is new: see `store/revocations.ts`. */
  epoch?: number;
  /**
   * Whether the body of the response may write to the store: while the session
   * is being saved, a promise, as that is not known yet.
   */
  streams?: Promise<unknown> | boolean;
  /** A timer looks for changes that the body does not save. */
  isWatched?: boolean;
  /** A cookie is on its way. */
  isSent?: boolean;
  /** One has been made for a layer, so that the browser may have it. */
  isGiven?: boolean;
  /** That cookie moves the idle timeout on. */
  isRenewed?: boolean;
  /** The listener has been told of that. */
  isRenewalTold?: boolean;
  /** That cookie is not sent if another one was sent meanwhile. */
  isOptional?: boolean;
  /** Removes the record that this request has made, if no cookie goes out. */
  abandon?: (() => Promise<void>) | undefined;
  /** The request has logged somebody in, and kept that. */
  hasLoggedIn?: boolean;
  /** Takes back the note that another session is replaced by this one. */
  forgetReplaced?: () => void;
  /** The key that this session had as it replaced another one. */
  replacedBy?: string | undefined;
  /** The values are not what the record and the changes make. */
  isBehind?: boolean;
  /** The session has been ended, as its handler wanted. */
  isEndDone?: boolean;
  /** The session goes on by a cookie that the browser may have by now. */
  isEndRefused?: boolean;
  /** The handler knows that the session could not be ended. */
  isEndFailed?: boolean;
  /** On a late store: what the cookie knows of the last write. */
  carried?: Carried | undefined;
  /** The tick at which that cookie was made. */
  packed?: number;
  /** What the token holds in place of data, if not `{}`. */
  reference?: string;
}

/** Whether the browser has a cookie that must go when the session ends. */
export function hasCookie(state: State): boolean | undefined {
  const { isGone, refused } = state.visit;
  return state.isGiven ||
    (!isGone || refused) && (!isNew(state) || state.isRefused);
}

/** Whether the request brought no session. */
export function isNew({ content }: Pick<State, "content">): boolean {
  return content.isStale === undefined;
}

/** Whether there are unsaved changes. */
export function isChanged({ batches }: State): boolean {
  return batches.length > 0;
}

/** Whether there is a login among the unsaved changes. */
export function isLogin({ batches }: Pick<State, "batches">): boolean {
  return batches.some(({ user }) => user !== undefined);
}

/**
 * An empty session that was never saved needs no cookie and no record; one that
 * a layer has given a cookie was.
 */
export function isWorthKeeping(state: State): boolean {
  return !isNew(state) || !!state.held || !!state.isGiven ||
    Object.keys(state.values).some((key) => key !== PERSIST);
}

/** What a response says if its session was only read. */
export function directivesOf({ values }: State): Directives {
  return { isSignedIn: !!values[OWNER] };
}

/**
 * The name of a session in a cookie, for `known.ts`.
 *
 * @param isNext Its name from now on, if it has left its id.
 */
export function nameOf({ left, content }: State, isNext = false): string {
  return encodeBase64url((isNext || !left ? content.sid : left) as Uint8Array);
}

/** The public id: 48 bits of the random id. The other 80 stay unknown. */
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

/** The idle timeout in seconds: by `persist()`, or else by the options. */
export function idleOf({ values, visit }: State): number {
  const own = values[PERSIST];
  return typeof own === "number" ? own : visit.settings.idleTimeout;
}

/** When the session ends if it was last used at `used`. */
export function endOf(state: State, used: number): number {
  const { content: { created }, visit: { settings } } = state;
  return endAfter(created, used, idleOf(state), settings.absoluteTimeout);
}

/** When the session ends if it is not used again. */
export function expiresAt(state: State): number {
  const { sealed, expires } = state.content;
  return Math.min(expires, endOf(state, sealed));
}

/** Whether a new cookie is due because of time alone. */
export function isRenewalDue(state: State, now: number): boolean {
  const { content: { sealed }, visit } = state;
  const idle = idleOf(state);
  // If an earlier cookie is to be removed, it may be the one that counts.
  return (!!visit.hasEarlier ||
    isAged(sealed, now, idle) && endOf(state, now) > expiresAt(state)) &&
    (isHalfOver(sealed, now, idle) ||
      visit.isNavigation && !isSlow(visit.opened, now));
}
