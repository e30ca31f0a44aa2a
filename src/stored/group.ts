import { fit } from "../asked/fitting.ts";
import { prepare } from "../asked/preparing.ts";
import type { Values } from "../data.ts";
import { SessionError } from "../errors.ts";
import { type Held, type State, tell } from "../state.ts";
import type { SessionStore } from "../store.ts";
import type { Visit } from "../visit.ts";
import { fetchRecord, isLive, storeOf } from "./back_end.ts";
import { call, pause, spend, timeLeft } from "./calls.ts";
import { valuesOf } from "./reading.ts";
import { encode } from "./records.ts";
import {
  addAttempt,
  findAfter,
  fulfil,
  hasArrived,
  newAttempt,
  type Outcome,
  remember,
  takeBack,
  userOf,
  type Wish,
} from "./writing.ts";

// Requests of one session that write at the same time in one process are put
// together: one write for all of them. Between processes, the store's compare
// and swap decides, and who is late makes its changes again on what is there.

/** A request that waits for its wish. */
interface Member {
  readonly wish: Wish;
  /** Its session has this record now; none if it has ended. */
  done(kept: Kept | undefined): void;
  fail(error: unknown): void;
}

/** What a request's session has become. */
export interface Kept extends Outcome {
  readonly held: Held;
  readonly values: Values;
}

interface Queue {
  readonly waiting: Member[];
  /** How many writes are on their way. */
  running: number;
  /** What the last one has left. */
  latest?: Held;
}

const TRIES = 5;
const queues = new WeakMap<SessionStore, Map<string, Queue>>();

/**
 * Writes what a request wants, together with what others want at the same time.
 *
 * @returns `undefined` if the session has ended, or is another user's.
 * @throws {SessionError} `conflict` if others were faster each time.
 */
export function keepTogether(wish: Wish): Promise<Kept | undefined> {
  const { visit, held } = wish.state;
  const { key } = held as Held;
  const store = storeOf(visit);
  const all = queues.get(store) ?? new Map<string, Queue>();
  queues.set(store, all);
  const queue = all.get(key) ?? { waiting: [], running: 0 };
  all.set(key, queue);
  const flush = () =>
    void writeWaiting(queue).then(() => {
      if (queue.waiting.length) flush();
      else if (!queue.running) all.delete(key);
    });
  return new Promise((resolve, reject) => {
    let since = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(timer);
      const now = performance.now();
      spend(visit, now - since);
      since = now;
    };
    queue.waiting.push({
      wish,
      done: (kept) => (end(), resolve(kept)),
      fail: (error) => (end(), reject(error)),
    });
    if (!queue.running) flush();
    // The store alone decides who is right: nobody waits for a write that hangs
    // until there is no time left.
    else timer = setTimeout(flush, timeLeft(visit) / 2);
  });
}

async function writeWaiting(queue: Queue): Promise<void> {
  const members = queue.waiting.splice(0);
  if (!members.length) return;
  queue.running++;
  try {
    await writeAll(members, queue);
  } catch (error) {
    for (const { fail } of members) fail(error);
  } finally {
    queue.running--;
  }
}

/** One write for all of these. */
async function writeAll(all: Member[], queue: Queue): Promise<void> {
  let members = all;
  const visit = roomiest(members);
  const attempt = newAttempt();
  for (const { wish } of members) addAttempt(wish.batches, attempt);
  let failures = 0;
  let base = newest([queue.latest, ...members.map(heldBy)]);
  for (let tries = 1;; tries++) {
    const composed = await compose(members, base, visit);
    members = composed.outcomes.map(({ member }) => member);
    const { values, outcomes } = composed;
    const settle = (held: Held, values: Values) => {
      queue.latest = held;
      for (const { member, outcome } of outcomes) {
        member.done({ ...outcome, held, values: { ...values } });
      }
    };
    if (!outcomes.some(({ outcome }) => outcome.isChanged)) {
      return settle(base, values);
    }
    remember(values, attempt);
    const { sid, key } = base;
    const state = { ...writerOf(members, base), visit };
    const { revision } = base.record;
    const record = await encode(state, values, revision + 1);
    const held = { sid, key, record };
    const ask = () => storeOf(visit).update(key, record, revision);
    const before = base;
    const late = () => takeBack(state, before, attempt, before);
    let result;
    try {
      result = await call(visit, { op: "update", ask, late });
    } catch (error) {
      const found = await findAfter(state, base, attempt, error);
      if (found) return settle(found, await valuesOf(visit, found) ?? values);
      if (failures++) throw error;
      // It has not arrived, or not yet: then the next one is a conflict.
      continue;
    }
    if (result === "ok") return settle(held, values);
    const now = result === "conflict" ? await fetchRecord(visit, key) : null;
    if (!isLive(visit, now)) {
      for (const { done } of members) done(undefined);
      return;
    }
    base = { sid, key, record: now };
    const read = await valuesOf(visit, base);
    // A client that lost the answer has sent the write again.
    if (read && hasArrived(read, attempt)) return settle(base, read);
    if (tries === TRIES) {
      for (const { wish } of members) tell(wish.state, "conflict");
      throw new SessionError("conflict", `Cannot save: ${TRIES} tries failed`);
    }
    // The first one at once; whoever fails again gets out of the way.
    if (tries > 1) await pause(Math.random() * 4 ** tries);
  }
}

/** What the wishes make of a record; those that cannot be met are told. */
async function compose(
  members: readonly Member[],
  base: Held,
  visit: Visit,
): Promise<{
  values: Values;
  outcomes: { member: Member; outcome: Outcome }[];
}> {
  const [only] = members as [Member];
  const isAlone = members.length === 1 && heldBy(only) === base;
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

/** The state by which a record is written: that of who logs in, if one does. */
function writerOf(members: readonly Member[], base: Held): State {
  const login = members.find(({ wish }) => userOf(wish.batches) !== undefined);
  const { state } = (login ?? members[0] as Member).wish;
  const created = base.record.createdAt / 1000;
  const { sid } = base;
  const content = { ...state.content, sid };
  return { ...state, content: login ? content : { ...content, created } };
}

function heldBy({ wish }: Member): Held {
  return wish.state.held as Held;
}

/** The newest of what several requests have read. */
function newest(all: readonly (Held | undefined)[]): Held {
  const known = all.filter((held) => held !== undefined);
  return known.reduce((one, other) =>
    other.record.revision > one.record.revision ? other : one
  );
}

/** The visit of the request that can wait longest. */
function roomiest(members: readonly Member[]): Visit {
  const visits = members.map(({ wish }) => wish.state.visit);
  const visit = visits.reduce((one, other) =>
    timeLeft(other) > timeLeft(one) ? other : one
  );
  // Its own waiting is counted apart.
  return { ...visit };
}
