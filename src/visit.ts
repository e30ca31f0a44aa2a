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
  /** None for a session without a request. */
  headers?: Headers | undefined;
  phase: Phase;
  /** Of options that make a store for each request: those of this one. */
  store?: SessionStore;
  revocations?: SessionStore;
  /** When its cookie was opened, in seconds since 1970. */
  opened?: number;
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
  guest?: Uint8Array<ArrayBuffer>;
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
  return { settings, form, request, headers: request?.headers, phase };
}

/**
 * Whether the request is a step of the visitor's own. What a background
 * request answers late would bring back an older cookie (a logout undone, say).
 */
export function isNavigation({ headers }: Visit): boolean {
  return (headers?.get("sec-fetch-dest") ?? "document") === "document";
}
