// What visitors asked for and what they were told: the only thing, beside what
// is left in the store, that the checker goes by.

/** What a request does. Each one that writes also appends its mark. */
export type Kind =
  | "append"
  | "save"
  | "slow"
  | "read"
  | "login"
  | "switch"
  | "regenerate"
  | "logout"
  | "reset"
  | "revokeAll"
  | "flash"
  | "flashes"
  | "list";

/**
 * What became of a request. `ok`: it was acknowledged. `refused`: the answer
 * says that nothing was kept. `unknown`: it may have been kept, now or in a
 * moment, or not at all.
 */
export type Outcome = "ok" | "refused" | "unknown";

/** What an answer says of the session. */
export interface Seen {
  /** The session's public id after the request. */
  readonly id: string;
  /** Its first mark: a login of another user begins a new list. */
  readonly first?: string | undefined;
  readonly user?: string | undefined;
  /** All marks, if the answer was made of what the store has. */
  readonly log?: readonly string[] | undefined;
  /** The same number in another key, written along with the marks. */
  readonly count?: number | undefined;
  /** The notices that the request took. */
  readonly notices?: readonly string[] | undefined;
  /** The id of the session that the request has ended. */
  readonly ended?: string | undefined;
  /** What `list()` says. */
  readonly ids?: readonly string[] | undefined;
}

/** One request. Times are in ms of one clock, that of who records. */
export interface Op {
  readonly browser: string;
  readonly kind: Kind;
  readonly mark: string;
  readonly began: number;
  readonly ended: number;
  readonly outcome: Outcome;
  /** Why it was not acknowledged. */
  readonly code?: string | undefined;
  readonly seen?: Seen | undefined;
  /** The session whose cookie it sent. */
  readonly sent?: string | undefined;
  /** A session that its cookie must not open any more. */
  readonly burned?: string | undefined;
  /** Whom it logs in, or logs out everywhere. */
  readonly user?: string | undefined;
  /** The session that stays if all others of a user end. */
  readonly except?: string | undefined;
  /** Whether it is no visitor's, but tries a cookie that was kept. */
  readonly isProbe?: boolean | undefined;
}

/** A session as the store has it after all faults. */
export interface Left {
  readonly id: string;
  readonly log: readonly string[];
  readonly count: number;
  readonly user?: string | undefined;
  readonly notices: readonly string[];
}

/** A time at whose end a back end may have lost what it acknowledged in it. */
export interface Loss {
  readonly from: number;
  readonly to: number;
}

/** All that is known at the end. */
export interface History {
  readonly ops: readonly Op[];
  readonly left: readonly Left[];
  /** Whether the back end may drop whole sessions, as a cache does. */
  readonly drops: boolean;
  /** Failovers that may lose what was not copied yet. */
  readonly losses?: readonly Loss[] | undefined;
}

/** A promise that did not hold. */
export interface Break {
  readonly rule: string;
  readonly text: string;
}

/** Who may end sessions, besides the visitor's browser itself. */
export function endsSessions({ kind }: Op): boolean {
  return kind === "logout" || kind === "reset" || kind === "revokeAll";
}

/** Which requests give the browser another cookie for its session. */
export function movesCookie({ kind }: Op): boolean {
  return kind === "login" || kind === "switch" || kind === "regenerate" ||
    kind === "reset" || kind === "logout";
}

/** Which requests append their mark. */
export function appends({ kind }: Op): boolean {
  return !/^(read|logout|revokeAll|list)$/.test(kind);
}

/**
 * Takes out of a history what a failover may have lost: what was acknowledged
 * in it may have been kept or not, and what was read may be no more.
 */
export function forget(ops: readonly Op[], losses: readonly Loss[]): Op[] {
  return ops.map((op) => {
    const isDoubtful = losses.some(({ from, to }) =>
      op.ended >= from && op.began <= to
    );
    if (!isDoubtful || op.outcome !== "ok") return op;
    return { ...op, outcome: "unknown", seen: undefined, code: "failover" };
  });
}
