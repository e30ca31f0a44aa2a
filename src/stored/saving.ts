import { GENERATION, OWNER, type Values, WRITES } from "../data.ts";
import { noteTurn, turnAfter } from "../overtaken.ts";
import {
  type Batch,
  type Held,
  idOf,
  refuseGone,
  type State,
  tell,
} from "../state.ts";
import { isEventual } from "./back_end.ts";
import { pack, referTo } from "./carrying.ts";
import { leaveRecord, remove } from "./ending.ts";
import { generationOf } from "./generation.ts";
import { keepTogether, type Kept } from "./group.ts";
import { insert, userOf } from "./writing.ts";

/** Why a session is written that nothing has changed. */
export interface Reason {
  /** Its cookie is to get a new generation for its age. */
  readonly isRenewed?: boolean | undefined;
  /** Its record would end before its cookie. */
  readonly isForced?: boolean;
}

/**
 * Writes what a session has to be kept, and the reason to write it anyway. Its
 * writes come one after the other; what is changed meanwhile is for the next.
 *
 * @returns `false` if it has ended, and nothing is lost by that.
 * @throws {SessionError} `gone` if it has ended, and something cannot be kept.
 */
export async function save(
  state: State,
  reason: Reason = {},
): Promise<boolean> {
  while (state.saving) await state.saving;
  const work = write(state, reason);
  const forget = () => delete state.saving;
  state.saving = work.then(forget, forget);
  return await work;
}

async function write(
  state: State,
  { isRenewed = false, isForced = false }: Reason,
): Promise<boolean> {
  const { held } = state;
  const batches = [...state.batches];
  const seen = { ...state.values };
  for (const batch of batches) {
    batch.isTaken = true;
    for (const attempt of batch.attempts ?? []) {
      attempt.isClaimed = true;
      await attempt.back?.catch(() => {});
    }
  }
  const isGone = !!held && isOver(state, held, batches);
  if (!held) await insertAs(state, batches, seen);
  else if (!isGone && isIdNew(state, held)) {
    await move(state, held, batches, seen);
  } else {
    const wish = { state, batches, seen, isRenewed, isForced };
    const kept = isGone ? undefined : await keepTogether(wish);
    if (kept) take(state, kept, batches);
    else if (userOf(batches) !== undefined) {
      await beginAnew(state, batches, seen);
    } else if (batches.some(({ changes }) => changes.length)) {
      refuseGone(state);
    } else {
      // Without its session, there are no cookies to be replaced.
      state.batches = state.batches.filter((each) => !batches.includes(each));
      state.isSuperseded = true;
      tell(state, "gone");
      return false;
    }
  }
  refer(state);
  return true;
}

/**
 * Whether a late store would take what a strong one refuses: this process has
 * ended the session, or has left its record, since the request began.
 */
function isOver(
  state: State,
  held: Held,
  batches: readonly Batch[],
): boolean {
  const { visit, began } = state;
  if (!isEventual(visit) || userOf(batches) !== undefined) return false;
  const turn = turnAfter(visit.settings, held.key, began);
  return !!turn && !(turn.kind === "left" && isIdNew(state, held));
}

/** Notes what the session's cookie has to say of it now. */
function refer(state: State): void {
  if (isEventual(state.visit)) pack(state);
  else referTo(state);
}

/** On a late store, a login and `regenerate()` begin a record of their own. */
function isIdNew(state: State, { sid }: Held): boolean {
  idOf(state);
  return state.content.sid !== sid;
}

/** Makes what was written the session that its request sees. */
function take(state: State, kept: Kept, batches: readonly Batch[]): void {
  const { held, values, generation, isCookieDue, isSuperseded } = kept;
  const isOwn = userOf(batches) !== undefined ||
    batches.some(({ isRegenerated }) => isRegenerated);
  if (isOwn) noteTurn(state.visit.settings, held.key, "left");
  state.content.created = held.record.createdAt / 1000;
  state.isFirstUse = false;
  Object.assign(state, { generation, isSuperseded });
  state.isCookieDue = isSuperseded ? false : state.isCookieDue || isCookieDue;
  show(state, held, values, batches);
}

/** Shows what was kept, with what has been changed since. */
function show(
  state: State,
  held: Held,
  values: Values,
  batches: readonly Batch[],
): void {
  const { since } = generationOf(values);
  state.held = held;
  state.values = values;
  state.owner = values[OWNER] as string | undefined;
  state.since = since;
  state.batches = state.batches.filter((batch) => !batches.includes(batch));
  for (const { changes } of state.batches) {
    for (const change of changes) change(values);
  }
}

async function insertAs(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<void> {
  await insert(state, batches, values);
  show(state, state.held as Held, values, batches);
}

/**
 * The session of a user who has logged in while the record went away: nothing
 * of another user, and what the visitor had before as far as it was read.
 */
async function beginAnew(
  state: State,
  batches: readonly Batch[],
  seen: Values,
): Promise<void> {
  const values: Values = state.owner === undefined ? seen : {};
  if (state.owner !== undefined) {
    for (const { changes } of batches) {
      for (const change of changes) change(values);
    }
  }
  delete values[GENERATION];
  delete values[WRITES];
  delete state.content.sid;
  await insertAs(state, batches, values);
}

/** First the new record, then the end of the old one. */
async function move(
  state: State,
  { key, record }: Held,
  batches: readonly Batch[],
  values: Values,
): Promise<void> {
  const { visit, owner } = state;
  delete values[GENERATION];
  delete values[WRITES];
  await insertAs(state, batches, values);
  try {
    const isOwnerNew = !!owner && owner !== state.owner;
    const kind = userOf(batches) === undefined ? "left" : "login";
    await leaveRecord(visit, key, record, isOwnerNew, kind);
  } catch (error) {
    await remove(visit, (state.held as Held).key).catch(() => {});
    throw error;
  }
}
