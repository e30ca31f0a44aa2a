import type { Trace } from "../world/trace.ts";
import type { Deed, Seen, Visit } from "../world/visit.ts";
import {
  deedsOf,
  doneAt,
  ENDS,
  later,
  NEW_COOKIES,
  type Rule,
} from "./reading.ts";

/** Which sessions are over, and which cookies. */
export const ends: Readonly<Record<string, Rule>> = {
  "nothing that has ended is served": (trace, { promises }) => {
    const faults: string[] = [];
    for (const { visit, deed } of deedsOf(trace)) {
      const { kind, of, id, began } = deed;
      if (!ENDS.test(kind) || kind === "revoke" && !deed.answer) continue;
      // An end stands though its handler throws, unless the store refused it.
      const stands =
        visit.outcome === "failed" && /^(destroy|reset)$/.test(kind) &&
          visit.error?.code !== "store-failed"
          ? visit.ended
          : undefined;
      const done = doneAt(visit, deed) ?? stands;
      if (done === undefined) continue;
      const isAll = /^revoke(All|Others)$/.test(kind);
      if (promises.ends === "jar" || promises.ends === "revoked" && !isAll) {
        if (kind === "destroy") faults.push(...inJar(trace, visit, deed, done));
        continue;
      }
      for (const { by, token, seen } of later(trace, done)) {
        if (seen.isNew) continue;
        // Where a new cookie is a new id, it may be of a session that stays.
        const isNewer = trace.tokens.some(({ value, since }) =>
          value === token && since >= (visit.began ?? 0)
        );
        if (promises.keeps !== "all" && isNewer) continue;
        const isIt = isAll
          ? seen.user === of && !(kind === "revokeOthers" && seen.id === id) &&
            !loggedInSince(trace, seen, of, began)
          : seen.id === id;
        if (isIt) {
          faults.push(
            `${by} is served ${seen.id} after ${visit.name}'s ${kind}`,
          );
        }
      }
    }
    return faults;
  },

  "a login ends earlier cookies": (trace, { promises }) => {
    if (!promises.refusesOld) return [];
    const faults: string[] = [];
    for (const { visit, deed } of deedsOf(trace)) {
      if (!NEW_COOKIES.test(deed.kind) || visit.seen?.isNew) continue;
      const done = doneAt(visit, deed);
      if (done === undefined) continue;
      const old = trace.tokens.filter((token) =>
        token.since < (visit.began ?? 0) &&
        idOf(trace, token.from) === visit.seen?.id
      );
      for (const { by, token, seen } of later(trace, done)) {
        if (seen.isNew || !old.some(({ value }) => value === token)) continue;
        faults.push(
          `${by} is served with a cookie from before ${visit.name}'s ${deed.kind}`,
        );
      }
    }
    return faults;
  },
};

/** The name of the session that a request, or a browser at first, had. */
function idOf(trace: Trace, from: string): string | undefined {
  const jar = trace.jars.find(({ name }) => name === from);
  if (jar) return jar.first?.id;
  const visit = trace.visits.find(({ name }) => name === from);
  return visit?.seen?.id;
}

/** Whether a user has logged in to a session since an instant. */
function loggedInSince(
  trace: Trace,
  seen: Seen,
  user: string | undefined,
  instant: number,
): boolean {
  return deedsOf(trace).some(({ visit, deed }) =>
    deed.kind === "login" && deed.of === user &&
    (visit.ended ?? Infinity) > instant &&
    // A login may have begun a session of its own.
    (visit.seen?.id === seen.id || !seen.isNew)
  );
}

/**
 * A session in a cookie can only be ended in the browser, by the process that
 * knows of the end.
 */
function inJar(trace: Trace, visit: Visit, deed: Deed, done: number): string[] {
  const isOneProcess = trace.visits.every(({ plan }) =>
    plan.process === visit.plan.process
  );
  const isPlain = trace.visits.every((other) =>
    other === visit ||
    other.deeds.every(({ kind }) => !/login|regenerate|reset/.test(kind))
  );
  if (!isOneProcess || !isPlain) return [];
  const faults: string[] = [];
  for (const { name, plan, seen, began = 0 } of trace.visits) {
    const isLater = began > done && plan.browser === visit.plan.browser;
    if (isLater && seen && !seen.isNew && seen.id === deed.id) {
      faults.push(`${name} is served ${seen.id} after ${visit.name}'s logout`);
    }
  }
  const jar = trace.jars.find(({ name }) => name === visit.plan.browser);
  const opens = trace.tokens.find(({ value }) => value === jar?.token)?.opens;
  if (opens && !opens.isNew && opens.id === deed.id) {
    faults.push(
      `${jar?.name} still has ${opens.id} after ${visit.name}'s logout`,
    );
  }
  return faults;
}
