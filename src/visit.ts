import type { CookieForm } from "./cookie.ts";
import type { Settings } from "./options.ts";
import type { TokenFault } from "./seal.ts";
import type { SessionStore } from "./store.ts";

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
  form: CookieForm;
  readonly request?: Request | undefined;
  /**
   * None for a session without a request. They are looked at while the handler
   * has not answered yet: Deno takes a request back that it has upgraded.
   */
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
  /** What is wrong with its cookie. */
  fault?: TokenFault | "duplicate";
  /** Several cookies came, of which some may be of earlier scopes. */
  hasEarlier?: boolean;
  /** The id of a session that could not be read, as its store has failed. */
  guest?: Uint8Array<ArrayBuffer> | undefined;
  /** How long its store has kept it waiting, in ms. */
  waited?: number;
}

/** A request's visit; without one, that of a job or a socket. */
export function visitOf(
  settings: Settings,
  request?: Request,
  phase: Phase = "open",
): Visit {
  const form = settings.formOf(request);
  const { headers } = request ?? {};
  return { settings, form, request, headers, phase, isNavigation: !request };
}

/**
 * Finds whether the visitor has gone to a page. What a background request
 * answers late would bring back an older cookie (a logout undone, say).
 */
export function noteNavigation(visit: Visit): void {
  const kind = headerOf(visit, "sec-fetch-dest");
  visit.isNavigation = !kind || kind === "document";
}

/** Whether the browser may never show the answer, or not now. */
export function isUnseen(visit: Visit): boolean {
  return ["sec-purpose", "purpose", "x-purpose", "x-moz"]
    .some((name) => /^pre/i.test(headerOf(visit, name) ?? "pre")) ||
    visit.request?.method === "HEAD";
}

/**
 * Whether the request opens a WebSocket: its answer brings no cookie.
 *
 * @param gone What it is taken for if Deno has it back: during the handler, it
 * has upgraded it.
 */
export function isHandshake(visit: Visit, gone = "websocket"): boolean {
  return /^websocket$/i.test(headerOf(visit, "upgrade") ?? gone);
}

/** `undefined` if nobody can look any more. */
export function headerOf(
  { headers }: Visit,
  name: string,
): string | undefined {
  try {
    return headers?.get(name) ?? "";
  } catch {
    return undefined;
  }
}
