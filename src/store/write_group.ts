import { lacks, notReceived } from "./late_store.ts";
import { fit } from "../schema/fit_schema.ts";
import { prepare } from "../schema/prepare.ts";
import type { Values } from "../session/codec.ts";
import { fail } from "../errors.ts";
import {
  type Attempt,
  type Held,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import type { SessionRecord } from "./contract.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call, pause, spend, timeLeft } from "./call.ts";
import { encode, valuesOf } from "./record.ts";
import {
  addAttempt,
  hasArrived,
  isLast,
  newAttempt,
  remember,
} from "./attempts.ts";
import { findAfter, takeBack } from "./lost_answers.ts";
import {
  fulfil,
  type Outcome,
  userOf,
  type Wish,
  type Written,
} from "./write.ts";

// One write for several requests of a session. Between processes, the store's
// compare-and-swap decides, and the loser makes its changes again on what is
// there.

/** A request that waits for its write. */
export interface Member {
  readonly wish: Wish;
  /** When it came, by a clock that never jumps. */
  readonly since: number;
  /** Whether it has its answer, or has waited for too long. */
  isOver: boolean;
  /** Its session has this record now; none if the session has ended. */
  done(kept: Written | undefined): void;
  fail(error: unknown): void;
}

/** What the last write of a session has left, for the next one. */
export interface Latest {
  /** The record after the last write. */
  latest?: Held;
}

/** A write that was sent, and may be taken back. */
interface Sent {
  readonly state: State;
  readonly before: Held;
  readonly attempt: Attempt;
}

const TRIES = 5;

/** Writes what these members want at once, and answers each. */
export async function writeAll(
  all: Member[],
  queue: Latest,
  known?: Held,
): Promise<void> {
  let members = all.filter(({ isOver }) => !isOver);
  if (!members.length) return;
  const visit = roomiest(members);
  const attempt = newAttempt();
  for (const { wish } of members) addAttempt(wish.batches, attempt);
  let failures = 0;
  let base = known ?? newest([queue.latest, ...members.map(heldBy)]);
  let sent: Sent | undefined;
  /** Whether a write may be at the store, or reach it yet. */
  let isUnsure = false;
  /** What the store has, if it has not received the base yet. */
  let shown: SessionRecord | undefined;
  for (let tries = 1;; tries++) {
    const { values, outcomes } = await compose(members, base, visit);
    members = outcomes.map(({ member }) => member);
    const settle = async (kept: Held) => {
      // A late store may not show it at once.
      const held = isEventual(visit)
        ? { ...kept, text: visit.settings.codec.stringify(values) }
        : kept;
      queue.latest = held;
      const inTime = outcomes.filter(({ member }) => !member.isOver);
      for (const { member, outcome } of inTime) {
        // Each keeps its own copy of the id, as it is compared by identity.
        const { sid } = heldBy(member);
        const own = { ...held, sid };
        member.done({ ...outcome, held: own, values: { ...values } });
      }
      if (inTime.length === outcomes.length) return;
      if (!sent || !isLast(values, attempt)) return;
      await takeOut(sent, inTime.map(({ member }) => member), queue);
    };
    if (!outcomes.some(({ outcome }) => outcome.isChanged)) {
      return settle(base);
    }
    remember(values, attempt);
    const before = base;
    const { sid, key, record: { revision } } = before;
    const state = { ...writerOf(members, before), visit };
    const record = await encode(state, values, revision + 1);
    const ask = () =>
      storeOf(visit).update(key, record, shown?.revision ?? revision);
    const late = () => takeBack(state, before, attempt, before);
    // Who has been refused by now has no part in it.
    if (!isUnsure && members.some(({ isOver }) => isOver)) {
      return await writeAll(members, queue, base);
    }
    sent = { state, before, attempt };
    let now;
    try {
      const result = await call(visit, {
        op: "update",
        ask,
        late,
      });
      if (result === "ok") return settle({ sid, key, record });
      now = result === "conflict" ? await fetchRecord(visit, key) : null;
      if (lacks(visit, base, now) && tries < TRIES) {
        if (!now) throw notReceived();
        shown = now;
        continue;
      }
    } catch (error) {
      const found = await findAfter(state, before, attempt, error);
      if (!found && failures++) throw error;
      // The write has not arrived, or not yet: the next is a conflict then.
      isUnsure = !found;
      if (!found) continue;
      now = found.record;
    }
    if (!isLive(visit, now)) {
      for (const { done } of members) done(undefined);
      return;
    }
    base = { sid, key, record: now };
    shown = undefined;
    // A write that arrived while its answer was lost is not made again.
    const read = await valuesOf(visit, base);
    isUnsure = !!read && hasArrived(read, attempt);
    if (isUnsure && tries < 2 * TRIES) continue;
    if (tries >= TRIES) {
      for (const { wish } of members) tell(wish.state, "conflict");
      fail("conflict", `Cannot save: ${TRIES} tries failed`);
    }
    // Try again at once, and from the second time on, make room for others.
    if (tries > 1) await pause(Math.random() * 4 ** tries);
  }
}

/**
 * Takes a write back for those who were refused while it was on its way, and
 * leaves what the others have written.
 */
async function takeOut(
  { state, before, attempt }: Sent,
  others: readonly Member[],
  queue: Latest,
): Promise<void> {
  const { visit } = state;
  if (isEventual(visit)) return;
  const { revision } = (queue.latest as Held).record;
  let old = before;
  if (others.length) {
    const { values, outcomes } = await compose(others, before, visit);
    // What cannot stand without the rest keeps it.
    if (outcomes.length < others.length) return;
    const writer = { ...writerOf(others, before), visit };
    old = { ...before, record: await encode(writer, values, revision) };
  }
  const back = takeBack(state, before, attempt, old);
  // A save that tries again may wait for its turn, and decides.
  if (attempt.claim) return;
  // Who does not wait for that writes on what it will be.
  queue.latest = { ...old, record: { ...old.record, revision } };
  await back;
}

/**
 * Makes the wanted changes on a record's values, and tells whose changes cannot
 * be made.
 */
async function compose(
  members: readonly Member[],
  base: Held,
  visit: Visit,
): Promise<{
  values: Values;
  outcomes: { member: Member; outcome: Outcome }[];
}> {
  const [only] = members as [Member];
  const isAlone = members.length === 1 && heldBy(only) === base &&
    !only.wish.state.isBehind;
  let values: Values = {};
  if (!isAlone) {
    const read = await valuesOf(visit, base);
    if (!read || !await fit(visit.settings, read)) {
      for (const { done } of members) done(undefined);
      return { values, outcomes: [] };
    }
    values = read;
  }
  const outcomes = [];
  for (const member of members) {
    const { state, batches } = member.wish;
    const next = { ...values };
    try {
      const outcome = fulfil(member.wish, next, !isAlone);
      if (!outcome) {
        member.done(undefined);
        continue;
      }
      if (outcome.isChanged) {
        await prepare(state.visit, next, userOf(batches));
        if (!isAlone) tell(state, "merged");
      }
      values = next;
      outcomes.push({ member, outcome });
    } catch (error) {
      member.fail(error);
    }
  }
  return { values, outcomes };
}

/** The state to write a record with: that of who logs in, if somebody does. */
function writerOf(members: readonly Member[], { sid, record }: Held): State {
  const [{ wish: { state, batches } }] = members as [Member];
  const content = { ...state.content, sid };
  if (userOf(batches) !== undefined) return { ...state, content };
  return {
    ...state,
    content: { ...content, created: record.createdAt / 1000 },
  };
}

function heldBy({ wish }: Member): Held {
  return wish.state.held as Held;
}

/** The newest record that several requests have read. */
function newest(all: readonly (Held | undefined)[]): Held {
  const known = all.filter((held) => held !== undefined);
  return known.reduce((one, other) =>
    other.record.revision > one.record.revision ? other : one
  );
}

/**
 * The visit of the request that can wait longest, with a count of its own, in
 * which its time in the queue is counted.
 */
function roomiest(members: readonly Member[]): Visit {
  const now = performance.now();
  const visits = members.map(({ wish, since }) => {
    const visit = { ...wish.state.visit };
    spend(visit, now - since);
    return visit;
  });
  return visits.reduce((one, other) =>
    timeLeft(other) > timeLeft(one) ? other : one
  );
}
