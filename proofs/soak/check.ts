// Says whether a history, and what the store has at its end, keep the promises.

import { checkOrder, type Segment } from "./check_order.ts";
import { checkEnds } from "./check_ends.ts";
import { checkNotices } from "./check_notices.ts";
import {
  appends,
  type Break,
  forget,
  type History,
  type Left,
  type Op,
} from "./history.ts";

/** What the checker found, and how much there was to look at. */
export interface Report {
  readonly breaks: readonly Break[];
  readonly figures: {
    /** Requests that were acknowledged, refused, and of unknown end. */
    readonly ok: number;
    readonly refused: number;
    readonly unknown: number;
    /** Acknowledged writes that were looked for. */
    readonly writes: number;
    readonly sessions: number;
    readonly ends: number;
    readonly probes: number;
    /** Writes that failed and are there all the same: at most once. */
    readonly keptAnyway: number;
    /** Records that no acknowledged answer has named. */
    readonly orphans: number;
    /** Whole sessions that a cache has dropped. */
    readonly dropped: number;
    readonly dirty: number;
    readonly forgotten: number;
  };
}

/** Checks everything. */
export function check(history: History): Report {
  const ops = forget(history.ops, history.losses ?? []);
  const known = { ...history, ops };
  const good = ops.filter(({ outcome }) => outcome === "ok");
  const kept = new Set(good.filter(appends).map(({ mark }) => mark));
  const refused = new Set(
    ops.filter(({ outcome }) => outcome === "refused").map(({ mark }) => mark),
  );
  const unknown = ops.filter(({ outcome }) => outcome === "unknown");
  const failed = new Map(unknown.map((op) => [op.mark, op]));
  const breaks: Break[] = [];
  let dirty = 0;
  let forgotten = 0;
  for (const segment of segmentsOf(good, history.left)) {
    const verdict = checkOrder(segment, kept, refused, failed);
    breaks.push(...verdict.breaks);
    dirty += verdict.dirty;
    forgotten += verdict.forgotten;
  }
  breaks.push(...checkOwners(ops, history.left));
  const { breaks: broken, ends, dropped } = checkEnds(known);
  breaks.push(...broken, ...checkNotices(known));

  const ids = new Set(good.map(({ seen }) => seen?.id));
  const orphans = history.left.filter(({ id }) => !ids.has(id)).length;
  if (orphans > unknown.length) {
    const text = `${orphans}, and only ${unknown.length} requests failed`;
    breaks.push({ rule: "orphans", text });
  }
  const doubtful = new Set(unknown.map(({ mark }) => mark));
  const marks = new Set(history.left.flatMap(({ log }) => log));
  return {
    breaks,
    figures: {
      ok: good.length,
      refused: refused.size,
      unknown: unknown.length,
      writes: kept.size,
      sessions: ids.size,
      ends,
      probes: ops.filter(({ isProbe }) => isProbe).length,
      keptAnyway: [...doubtful].filter((mark) => marks.has(mark)).length,
      orphans,
      dropped,
      dirty,
      forgotten,
    },
  };
}

/** What belongs together: a session, until another user logs in to it. */
function segmentsOf(good: readonly Op[], left: readonly Left[]): Segment[] {
  const segments = new Map<string, { id: string; ops: Op[] }>();
  for (const op of good) {
    const { id, first } = op.seen ?? {};
    if (id === undefined || first === undefined) continue;
    const name = `${id} ${first}`;
    const segment = segments.get(name) ?? { id, ops: [] };
    segments.set(name, segment);
    segment.ops.push(op);
  }
  const there = new Map(left.map(({ id, log }) => [`${id} ${log[0]}`, log]));
  return [...segments].map(([name, segment]) => ({
    ...segment,
    left: there.get(name),
  }));
}

/** No mark of one visitor, or of an earlier user, is in another's session. */
function checkOwners(ops: readonly Op[], left: readonly Left[]): Break[] {
  const browsers = new Map(ops.map(({ mark, browser }) => [mark, browser]));
  const segments = new Map<string, string>();
  const breaks = new Map<string, Break>();
  const look = (id: string, log: readonly string[], browser?: string) => {
    const [first] = log;
    if (first === undefined) return;
    const owner = browser ?? browsers.get(first);
    for (const mark of log) {
      const of = browsers.get(mark);
      const before: string = segments.get(`${id} ${mark}`) ?? first;
      segments.set(`${id} ${mark}`, first);
      if (of === owner && before === first) continue;
      const text = of === owner
        ? `${mark} is in the lists of ${before} and of ${first}`
        : `${mark} of ${of} was seen by ${owner}`;
      breaks.set(text, { rule: "another's data", text: `${text}, ${id}` });
    }
  };
  const users = new Map<string, string>();
  const meet = (id: string, first?: string, user?: string) => {
    if (first === undefined || user === undefined) return;
    const before = users.get(`${id} ${first}`) ?? user;
    users.set(`${id} ${first}`, user);
    if (before === user) return;
    const text = `what ${before} has left was seen by ${user}`;
    breaks.set(text, { rule: "another's data", text: `${text}, ${id}` });
  };
  for (const { seen, browser } of ops) {
    if (seen?.log) look(seen.id, seen.log, browser);
    if (seen) meet(seen.id, seen.first, seen.user);
  }
  for (const { id, log, user } of left) {
    look(id, log);
    meet(id, log[0], user);
  }
  return [...breaks.values()];
}
