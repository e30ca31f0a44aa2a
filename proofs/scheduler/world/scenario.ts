/**
 * What a handler does with its session, one after the other:
 *
 * - `read`, `add`, `set`, `remove`, `clear`, `flash`, `flashes`: values;
 * - `login ada`, `regenerate`, `destroy`, `reset`;
 * - `save`, `reload`; `later` is a `save()` that is not awaited;
 * - `revokeAll ada`, `revokeOthers ada`, `revoke ada`;
 * - `pause`: the handler waits for something, a database say;
 * - `throw`: it fails.
 */
export type Op = string;

/** A request: which browser sends it, which process gets it, what it does. */
export interface RequestPlan {
  readonly browser: string;
  readonly process: string;
  readonly ops: readonly Op[];
  /** Which requests, by their place, have been answered before. */
  readonly after?: readonly number[] | undefined;
  /** A session of a socket: no response, no cookie, only what `save()` keeps. */
  readonly isSocket?: boolean | undefined;
}

/** A browser's jar when the requests begin. */
export interface BrowserPlan {
  /** It has a session; with this user, if it is not empty. */
  readonly user?: string | undefined;
  /** It is a thief's, with a copy of that browser's cookie. */
  readonly copyOf?: string | undefined;
}

export type FaultKind = "crash" | "lost" | "failed" | "twice" | "slow";

/** Requests that meet, and what may go wrong. */
export interface Scenario {
  readonly title: string;
  readonly browsers: Readonly<Record<string, BrowserPlan>>;
  readonly requests: readonly RequestPlan[];
  /** How old the browsers' cookies are, in seconds. */
  readonly age?: number | undefined;
  readonly renewAfter?: number | undefined;
  /** By how many ms the clock is moved, each at some time. */
  readonly jumps?: readonly number[] | undefined;
  readonly faults?: readonly FaultKind[] | undefined;
  /** How many faults at most; 1 if there are kinds of them. */
  readonly mostFaults?: number | undefined;
}
