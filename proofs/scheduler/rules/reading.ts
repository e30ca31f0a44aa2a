import type { Subject } from "../world/subject.ts";
import type { Trace } from "../world/trace.ts";
import type { Deed, Seen, Visit } from "../world/visit.ts";

// How a run is read, whatever the rule.

/** Looks at a whole run, and says what is wrong with it. */
export type Rule = (trace: Trace, subject: Subject) => string[];

export const ENDS: RegExp = /^(destroy|reset|revoke)/;
export const NEW_COOKIES: RegExp = /^(login|regenerate)$/;

/** All that was done, and by which request. */
export function deedsOf(trace: Trace): { visit: Visit; deed: Deed }[] {
  return trace.visits.flatMap((visit) =>
    visit.deeds.map((deed) => ({ visit, deed }))
  );
}

/** When it was acknowledged: by `save()`, or by the answer; if at all. */
export function doneAt(visit: Visit, deed: Deed): number | undefined {
  const place = visit.deeds.indexOf(deed);
  const saved = visit.deeds.find(({ kind, done }, other) =>
    kind === "save" && other > place && done !== undefined
  );
  // A socket has nothing but what it saves.
  const isAnswered = visit.outcome === "answered" && !visit.plan.isSocket;
  const answered = isAnswered ? visit.ended : undefined;
  return deed.done ?? saved?.done ?? answered;
}

export function marksIn({ values }: Seen): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    key === "marks"
      ? value as string[]
      : key.startsWith("k")
      ? [key.slice(1)]
      : []
  );
}

/** What requests and the last look have seen of sessions that were there. */
export function looksOf(trace: Trace): { by: string; seen: Seen }[] {
  const looks: { by: string; seen: Seen }[] = [];
  for (const { name, seen } of trace.visits) {
    if (seen) looks.push({ by: name, seen });
  }
  for (const { from, opens } of trace.tokens) {
    if (opens) {
      looks.push({ by: `the cookie of ${from}, at last`, seen: opens });
    }
  }
  return looks;
}

/** A request that began after an instant, the last look included. */
export function* later(
  trace: Trace,
  instant: number,
): Generator<{ by: string; token: string | undefined; seen: Seen }> {
  for (const { name, began = 0, sent, seen } of trace.visits) {
    if (began > instant && seen) yield { by: name, token: sent, seen };
  }
  for (const { from, value, opens } of trace.tokens) {
    if (!opens) continue;
    yield { by: `the cookie of ${from}, at last`, token: value, seen: opens };
  }
}
