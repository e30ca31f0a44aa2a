import type { Trace } from "../world/trace.ts";
import { deedsOf, ENDS, NEW_COOKIES } from "./reading.ts";

// What a rule excuses: where any of this has happened, nothing was promised.

/** Whether something may have happened that ended or replaced a session. */
export function mayEnd(trace: Trace): boolean {
  return deedsOf(trace).some(({ deed: { kind } }) => ENDS.test(kind)) ||
    trace.events.includes("reuse");
}

/** Whether a clock has jumped by more than clocks may be apart. */
export function hasJumped({ scenario: { jumps = [] } }: Trace): boolean {
  return jumps.some((ms) => Math.abs(ms) > 60_000);
}

/** Whether a new cookie went nowhere: its handler failed, or is a socket's. */
export function isCut(trace: Trace, browser: string): boolean {
  return trace.visits.some(({ plan, outcome, deeds }) =>
    plan.browser === browser &&
    (plan.isSocket || outcome !== "answered") &&
    deeds.some(({ kind }) => NEW_COOKIES.test(kind))
  );
}

/** Whether whoever shares a browser's cookie has made a newer one of it. */
export function othersMake({ jars, visits }: Trace, browser: string): boolean {
  const copyOf = (name: string) =>
    jars.find((jar) => jar.name === name)?.plan.copyOf;
  return visits.some(({ plan: { browser: other }, deeds }) =>
    (copyOf(other) === browser || copyOf(browser) === other) &&
    deeds.some(({ kind }) => NEW_COOKIES.test(kind))
  );
}

/**
 * Whether an older cookie may have come last to a browser: by an answer that
 * had left before, or of another process, which cannot know of the newer one.
 */
export function crosses(trace: Trace): boolean {
  return trace.jars.some(({ name }) => {
    const own = trace.visits.filter(({ plan }) => plan.browser === name);
    const makers = own.filter(({ deeds }) =>
      deeds.some(({ kind }) => NEW_COOKIES.test(kind))
    );
    return makers.some((maker) =>
      own.some((other) =>
        other !== maker && other.received !== undefined &&
        (other.ended ?? Infinity) > (maker.ended ?? Infinity) &&
        (other.began ?? 0) < (maker.ended ?? Infinity) &&
        ((other.left ?? 0) <= (maker.left ?? 0) ||
          other.plan.process !== maker.plan.process)
      )
    );
  });
}
