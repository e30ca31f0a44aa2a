import { endAfter, isOver } from "../../src/session/timeouts.ts";

/** The timeouts of a program, in seconds, as far as somebody has said them. */
export interface Timeouts {
  readonly idle?: number | undefined;
  readonly absolute?: number | undefined;
}

/** When a session ends, and why. */
export interface Ending {
  /** In ms since 1970. */
  readonly at: number;
  /** Whether that was before now. */
  readonly isOver: boolean;
  /** `unknown`: either, as the token does not say which. */
  readonly rule: "idle" | "absolute" | "unknown";
  /** The rule in words. */
  readonly says: string;
}

/** The defaults of the options, which nobody has to give. */
const IDLE = 86_400;
const ABSOLUTE = 30 * 86_400;

/**
 * Says when a session ends that is not used again, and by which rule.
 *
 * A token says when it ends, and not why. The rule is known from `persist()`,
 * which is among the values, from the options if they are given, or where the
 * numbers are those of the defaults.
 *
 * All that is given is in seconds.
 *
 * @param own The idle timeout that `persist(seconds)` has given the session.
 */
export function endingOf(
  { created, sealed, expires }: {
    created: number;
    sealed: number;
    expires: number;
  },
  { idle, absolute }: Timeouts,
  own: number | undefined,
  now: number,
): Ending {
  const unused = own ?? idle;
  const byOptions = endAfter(
    created,
    sealed,
    unused ?? Infinity,
    absolute ?? Infinity,
  );
  const at = Math.min(expires, byOptions);
  const afterUse = at - sealed;
  const afterStart = at - created;
  const end = (rule: Ending["rule"], says: string): Ending => ({
    at: at * 1000,
    isOver: isOver(at, now),
    rule,
    says,
  });
  const isShorter = at < expires
    ? ": that is shorter now than when the cookie was made"
    : "";
  if (unused !== undefined && afterUse === unused) {
    return end(
      "idle",
      `the idle timeout of ${unused} s, ${
        own === undefined ? "as --idle-timeout says" : "by persist()"
      }${isShorter}`,
    );
  }
  if (absolute !== undefined && afterStart === absolute) {
    return end(
      "absolute",
      `the absolute timeout of ${absolute} s, as --absolute-timeout says${isShorter}`,
    );
  }
  if (afterUse === IDLE) {
    return end("idle", `the idle timeout of ${IDLE} s, the default`);
  }
  if (afterStart === ABSOLUTE) {
    return end(
      "absolute",
      `the absolute timeout of ${ABSOLUTE} s, the default`,
    );
  }
  if (own !== undefined || idle !== undefined) {
    return end(
      "absolute",
      `an absolute timeout of ${afterStart} s, as the idle one would be later`,
    );
  }
  if (absolute !== undefined || afterStart > ABSOLUTE) {
    return end("idle", `an idle timeout of ${afterUse} s`);
  }
  return end(
    "unknown",
    `an idle timeout of ${afterUse} s or an absolute one of ${afterStart} s: ` +
      "give --idle-timeout or --absolute-timeout, as in the program",
  );
}
