import { EPOCH, OWNER } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import type { Batch, Held, State } from "../session/state.ts";
import { abandonLater, beginRecord, showSaved } from "./adopt.ts";
import type { SessionRecord } from "./contract.ts";
import { leaveRecord } from "./end_record.ts";
import { endedMeanwhile, isRevoked } from "./ended_meanwhile.ts";
import { insert } from "./insert.ts";
import { takeOut } from "./lost_answers.ts";
import { goOnFrom, insertAgain, newestOf, startAnew } from "./moving.ts";
import { isReplacedLongAgo } from "./replaced.ts";
import { endSuccessors } from "./end_successors.ts";
import { noteSuccessor, noteTwin, successorsOf } from "./successors.ts";
import { userOf } from "./write.ts";

/**
 * Goes on in a new record, on a late store: makes it, then ends the old one.
 * What others have written into that is taken along.
 *
 * @returns `false` if the session has ended, or is another user's.
 */
export async function move(
  state: State,
  batches: readonly Batch[],
  seen: Values,
): Promise<boolean> {
  const { visit, owner } = state;
  const shown = await newestOf(visit, state.held as Held);
  const old = shown ?? state.held as Held;
  const own = { [OWNER]: owner, [EPOCH]: seen[EPOCH] };
  if (await isRevoked(state, old, own, "move")) return false;
  // What a change has failed on is made again, too.
  const base = shown ?? (state.isBehind ? old : undefined);
  let values = base ? await goOnFrom(state, base, batches) : seen;
  if (!values) return false;
  startAnew(state, values);
  abandonLater(state);
  const { isEarlier, ...inserted } = await insert(state, batches, values);
  let { held } = inserted;
  const user = userOf(batches);
  const isOwnerNew = !!owner && user !== undefined && owner !== user;
  const kind = user === undefined ? "left" : "login";
  const bringOver = async (record: SessionRecord) => {
    const { sid, key } = old;
    const newer = await goOnFrom(state, { sid, key, record }, batches);
    if (!newer) return;
    held = await insertAgain(state, held, batches, newer);
    values = newer;
  };
  try {
    // An earlier try has made it, with fewer changes.
    if (isEarlier) held = await insertAgain(state, held, batches, values);
    if (user !== undefined) {
      // Others of the family go on if this fails: `leaveRecord()` tells them.
      await endSuccessors(visit, old.key, Infinity, "left");
    }
    const isOurs = await leaveRecord(visit, old, isOwnerNew, kind, bringOver);
    if (!isOurs || user !== undefined && endedMeanwhile(state, batches)) {
      await takeOut(state, held);
      return false;
    }
  } catch (error) {
    await takeOut(state, held);
    throw error;
  }
  beginRecord(state, held);
  noteMoved(state, old, held, user !== undefined);
  state.hasLoggedIn ||= user !== undefined;
  // A login has left the old record for good.
  state.leftKey = user === undefined ? state.leftKey ?? old.key : undefined;
  showSaved(state, held, values, batches);
  return true;
}

/** Notes which record has taken another one's place, for later ends. */
function noteMoved(
  { visit, began }: State,
  old: Held,
  { key: name, record: { user, createdAt } }: Held,
  isLogin: boolean,
): void {
  const { settings } = visit;
  const next = { name, isLogin, user, createdAt };
  const twin = isLogin && !isReplacedLongAgo(visit) &&
    successorsOf(settings, old.key, began)
      .find((each) => each.isLogin && each.user === user);
  noteSuccessor(settings, old.key, next);
  if (twin) noteTwin(settings, twin, next);
}
