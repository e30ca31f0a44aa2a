// Whether a notice stays until it is read, and no longer.

import type { Break, History, Op } from "./history.ts";

/** Checks all notices. The notice of a request is its mark. */
export function checkNotices({ ops, left }: History): Break[] {
  const breaks: Break[] = [];
  const say = (rule: string, text: string) => breaks.push({ rule, text });
  const taken = new Map<string, Op>();
  const readers = ops.filter(({ kind }) => kind === "flashes");
  for (const op of readers.toSorted((a, b) => a.ended - b.ended)) {
    if (op.outcome !== "ok") continue;
    for (const notice of op.seen?.notices ?? []) {
      const before = taken.get(notice);
      // Two at a time may both show it: neither is promised to be alone.
      if (before && before.ended < op.began) {
        say("notice again", `${notice} was taken by ${before.mark}`);
      }
      if (!before) taken.set(notice, op);
    }
  }
  const there = new Map(left.map((each) => [each.id, each]));
  for (const op of ops) {
    if (op.kind !== "flash" || op.outcome !== "ok") continue;
    const record = there.get(op.seen?.id ?? "");
    if (!record || record.log[0] !== op.seen?.first) continue;
    const isThere = record.notices.includes(op.mark);
    const reader = taken.get(op.mark);
    if (isThere && reader) {
      say("notice again", `${op.mark} is there, ${reader.mark} has taken it`);
    }
    const mayBeTaken = readers.some(({ browser, ended, outcome }) =>
      outcome !== "ok" && browser === op.browser && ended > op.began
    );
    if (!isThere && !reader && !mayBeTaken) {
      say("lost notice", `${op.mark} was acknowledged, and nobody saw it`);
    }
  }
  return breaks;
}
