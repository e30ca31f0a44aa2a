// Whether what was seen of one list of marks fits one order, consistent with
// real time. Each mark is unique and each write appends one, so the list itself
// tells in which order the writes were made, as in Elle's list-append: nothing
// has to be searched.

import { appends, type Break, type Op } from "./history.ts";

/** A mark that counts twice is known and accepted if so many are between. */
export const FORGOTTEN_AFTER = 8;

/** Requests that were answered by one session, before a login of another user. */
export interface Segment {
  readonly id: string;
  readonly ops: readonly Op[];
  /** The list in the store after all, if it is still there. */
  readonly left?: readonly string[] | undefined;
}

/** What came of a check. */
export interface Verdict {
  readonly breaks: Break[];
  /** Lists that had, for a moment, the mark of a write that was taken back. */
  readonly dirty: number;
  /** Marks that are there twice, as the record had forgotten their write. */
  readonly forgotten: number;
}

/**
 * Checks one list.
 *
 * @param kept Which marks are of acknowledged writes.
 * @param refused Which are of writes that were refused.
 * @param failed The requests of which nobody knows what came, by their marks.
 */
export function checkOrder(
  all: Segment,
  kept: ReadonlySet<string>,
  refused: ReadonlySet<string>,
  failed: ReadonlyMap<string, Op>,
): Verdict {
  const { segment, taken } = withoutTaken(all, failed);
  const breaks: Break[] = [];
  const say = (rule: string, op: Op | undefined, text: string) => {
    const who = op ? `${op.kind} ${op.mark}: ` : "";
    breaks.push({ rule, text: `${who}${text}, session ${segment.id}` });
  };
  const order = orderOf(segment, kept);
  const places = new Map(order.map((mark, place) => [mark, place]));

  let forgotten = 0;
  for (const mark of places.keys()) {
    const [first = 0, second] = placesOf(order, mark);
    if (refused.has(mark)) say("refused and kept", undefined, mark);
    if (second === undefined) continue;
    if (second - first > FORGOTTEN_AFTER) forgotten++;
    else say("counted twice", undefined, `${mark} at ${first} and ${second}`);
  }

  let dirty = taken;
  const lengths = new Map<Op, number>();
  for (const op of segment.ops) {
    const { log, count } = op.seen ?? {};
    if (!log) continue;
    if (count !== log.length) {
      say("half a write", op, `${log.length} marks and a count of ${count}`);
    }
    const length = shared(log, order);
    lengths.set(op, length);
    const rest = log.slice(length);
    if (!rest.length) continue;
    const isTakenBack = op.kind === "read" &&
      rest.every((mark) => !kept.has(mark) && !places.has(mark));
    if (isTakenBack) dirty++;
    else say("two orders", op, `has ${rest} where the order is ${order}`);
  }
  checkTimes(segment, places, lengths, say);
  return { breaks, dirty, forgotten };
}

/**
 * Leaves out of what was seen the marks that shared a write with the one behind
 * them, and that were taken back as they had no more time.
 */
function withoutTaken(
  segment: Segment,
  failed: ReadonlyMap<string, Op>,
): { segment: Segment; taken: number } {
  const { ops, left } = segment;
  const authors = new Map([
    ...failed,
    ...ops.map((op) => [op.mark, op] as const),
  ]);
  let taken = 0;
  const isTaken = (mark: string, next: string | undefined, op: Op) => {
    const by = failed.get(mark);
    const behind = next === undefined ? undefined : authors.get(next);
    if (!by || !behind || by.ended <= behind.began) return false;
    if (left) return !left.includes(mark);
    return ops.some(({ began, seen: { log } = {} }) =>
      began > op.ended && log && !log.includes(mark)
    );
  };
  const clean = ops.map((op) => {
    const { log: all, count = 0 } = op.seen ?? {};
    const log = all?.filter((mark, place) =>
      !isTaken(mark, all[place + 1], op)
    );
    const less = (all?.length ?? 0) - (log?.length ?? 0);
    if (!op.seen || !less) return op;
    taken++;
    return { ...op, seen: { ...op.seen, log, count: count - less } };
  });
  return { segment: { ...segment, ops: clean }, taken };
}

/** Nothing that was acknowledged before is missing in what began later. */
function checkTimes(
  { ops, left }: Segment,
  places: ReadonlyMap<string, number>,
  lengths: ReadonlyMap<Op, number>,
  say: (rule: string, op: Op | undefined, text: string) => void,
): void {
  const byEnd = ops.toSorted((a, b) => a.ended - b.ended);
  const byStart = ops.toSorted((a, b) => a.began - b.began);
  let next = 0;
  /** The least length that whoever begins now has to see, and why. */
  let least = 0;
  let because: Op | undefined;
  const missing: Op[] = [];
  const take = (until: number) => {
    for (; next < byEnd.length; next++) {
      const op = byEnd[next] as Op;
      if (op.ended >= until) return;
      const place = appends(op) ? places.get(op.mark) : -1;
      if (place === undefined) missing.push(op);
      const length = Math.max((place ?? -1) + 1, lengths.get(op) ?? 0);
      if (length > least) [least, because] = [length, op];
    }
  };
  for (const op of byStart) {
    take(op.began);
    const length = lengths.get(op);
    const place = appends(op) ? places.get(op.mark) : undefined;
    if (length !== undefined && missing.length) {
      const [lost] = missing.splice(0) as [Op];
      say("lost update", op, `${lost.mark} was acknowledged and is missing`);
    }
    if (length !== undefined && length < least) {
      const why = `${because?.kind} ${because?.mark} had seen ${least}`;
      say("stale read", op, `saw ${length} marks after ${why}`);
    }
    if (place !== undefined && place < least) {
      const why = `${because?.kind} ${because?.mark} had seen ${least}`;
      say("written before", op, `has place ${place} after ${why}`);
    }
  }
  take(Infinity);
  if (!left) return;
  for (const { mark } of missing) {
    say("lost update", undefined, `${mark} was acknowledged and is not there`);
  }
  if (left.length < least) {
    say("lost update", because, `had seen ${least}, ${left.length} are left`);
  }
}

/**
 * The order of the marks: what is left or, of a session that has ended, the
 * longest list that somebody has seen. Marks of failed writes at its end may
 * have been taken back.
 */
function orderOf(
  { ops, left }: Segment,
  kept: ReadonlySet<string>,
): readonly string[] {
  if (left) return left;
  let longest: readonly string[] = [];
  const byTrust = ops.toSorted((a, b) =>
    Number(a.kind === "read") - Number(b.kind === "read")
  );
  for (const { kind, seen } of byTrust) {
    const log = seen?.log ?? [];
    let { length } = log;
    // What was written on top of it shows that it was not taken back.
    while (kind === "read" && length && !kept.has(log[length - 1] as string)) {
      length--;
    }
    if (length <= longest.length) continue;
    if (kind === "read" && shared(log, longest) < longest.length) continue;
    longest = log.slice(0, length);
  }
  return longest;
}

/** How many of the first marks two lists have in common. */
function shared(one: readonly string[], other: readonly string[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

function placesOf(order: readonly string[], mark: string): number[] {
  return order.flatMap((each, place) => each === mark ? [place] : []);
}
