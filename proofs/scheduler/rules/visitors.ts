import type { Visit } from "../world/visit.ts";
import { crosses, hasJumped, isCut, mayEnd, othersMake } from "./excuses.ts";
import { deedsOf, NEW_COOKIES, type Rule } from "./reading.ts";

/** Who is served, and whose session is whose. */
export const visitors: Readonly<Record<string, Rule>> = {
  "nobody is refused without a reason": (trace, { promises }) => {
    const faults: string[] = [];
    const doers = (pattern: RegExp, but: Visit) =>
      deedsOf(trace).some(({ visit, deed }) =>
        visit !== but && pattern.test(deed.kind)
      );
    for (const visit of trace.visits) {
      const { error, name, plan } = visit;
      if (!error || error.message === "The handler fails") continue;
      const { code = "no code" } = error;
      const isExcused = code === "gone"
        ? doers(/^(destroy|reset|revoke|login|regenerate)/, visit) ||
          plan.ops.some((op) => op.startsWith("revoke")) ||
          // What was not there yet is judged by a clock that has jumped since.
          promises.keeps === "unmet" && hasJumped(trace) ||
          trace.events.includes("reuse")
        : code === "destroyed"
        ? plan.ops.includes("destroy")
        : code === "unsupported"
        ? !promises.hasLists
        : code === "store-failed" || code === "conflict"
        ? trace.faults.length > 0
        : false;
      if (!isExcused) faults.push(`${name} fails: ${code}, ${error.message}`);
    }
    return faults;
  },

  "a browser keeps its session": (trace) => {
    if (mayEnd(trace) || trace.faults.length || crosses(trace)) return [];
    return trace.jars.flatMap(({ name, token, first }) => {
      const own = trace.visits.filter((visit) => visit.plan.browser === name);
      const hasMet = othersMake(trace, name);
      const answers = own.filter(({ received }) => received);
      if (hasMet || isCut(trace, name) || !first && !answers.length) return [];
      const opens = trace.tokens.find(({ value }) => value === token)?.opens;
      return opens && !opens.isNew ? [] : [`${name} has lost its session`];
    });
  },

  "whose last answer is of a login is logged in": (trace) => {
    if (mayEnd(trace) || crosses(trace)) return [];
    return trace.jars.flatMap(({ name, token }) => {
      const last = trace.visits
        .filter(({ plan, ended }) =>
          plan.browser === name && !plan.isSocket && ended !== undefined
        )
        .sort((one, other) => (one.ended ?? 0) - (other.ended ?? 0)).at(-1);
      const user = last?.deeds.findLast(({ kind }) => kind === "login")?.of;
      if (!last || last.outcome !== "answered" || !user) return [];
      if (isCut(trace, name) || othersMake(trace, name)) return [];
      const users = new Set(
        trace.visits.flatMap((visit) =>
          visit === last || (visit.ended ?? Infinity) > (last.began ?? 0)
            ? visit.deeds.filter(({ kind }) => kind === "login").map(({ of }) =>
              of
            )
            : []
        ),
      );
      const opens = trace.tokens.find(({ value }) => value === token)?.opens;
      return opens?.user && users.has(opens.user)
        ? []
        : [`${name} is ${opens?.user ?? "nobody"} after a login as ${user}`];
    });
  },

  "no id is used twice": (trace) => {
    const begun = trace.visits.filter(({ seen }) => seen?.isNew);
    const ids = [
      ...begun.map(({ seen }) => seen?.id),
      ...trace.jars.flatMap(({ plan, first }) =>
        first && !plan.copyOf ? [first.id] : []
      ),
    ];
    return ids.filter((id, place) => ids.indexOf(id) !== place)
      .map((id) => `${id} is used twice`);
  },

  "no record is without a cookie": (trace) => {
    const { orphans = 0, faults, visits } = trace;
    if (faults.length || crosses(trace)) return [];
    const isExcused = visits.some(({ plan }) =>
      plan.isSocket || plan.ops.includes("throw")
    );
    // A login or `regenerate()` that another one, or a logout, has overtaken by
    // the cookie from before it sends none (decision 003).
    const bare = visits.filter(({ deeds, received }) =>
      received === undefined &&
      deeds.some(({ kind }) => NEW_COOKIES.test(kind)) &&
      !deeds.some(({ kind }) => /^(destroy|reset)$/.test(kind))
    );
    return isExcused || orphans <= bare.length ? [] : [`${orphans} records`];
  },
};
