import type { Values } from "../session/codec.ts";
import { tickNow } from "../session/known.ts";
import { GENERATION, LABEL, MOVED, WRITES } from "../session/own_keys.ts";
import { noteTurn } from "../session/overtaken.ts";
import { endOf, type Held, isNew, type State } from "../session/state.ts";
import { refuseGone } from "../session/write_rules.ts";
import { encodeBase64url } from "../token/base64url.ts";
import { newAttempt, remember } from "./attempts.ts";
import { fetchRecord, isLive, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import { remove } from "./end_record.ts";
import { isOutdated } from "./outdated.ts";
import { newSid, visitIn } from "./outgrown_ids.ts";
import { encode, valuesOf } from "./record.ts";
import { hasMoved } from "./write.ts";

// From a store back into a cookie.

/** How much of its cookie a session may take that moves back. */
const FITTING = 3 / 4;

/**
 * Has a session in a store go on in its cookie, if it fits there well and nobody
 * else has written it. Its record stays, as the answer may be lost: for a while
 * it can only be read, so that no change of another request is lost.
 *
 * @returns Whether it goes on there.
 */
export async function moveBack(state: State, now: number): Promise<boolean> {
  const { visit, held, content } = state;
  const { settings, cookie } = visit;
  const { home, codec } = settings;
  if (!home || !held || !isSettled(state)) return false;
  const most = cookie.maxBytes * FITTING;
  if (!home.compress && held.record.value.length > most) return false;
  const sid = newSid(held.sid);
  const values: Values = { ...state.values };
  for (const key of [GENERATION, WRITES, LABEL]) delete values[key];
  // No browser has a cookie of a record that the request has just made.
  const isOwn = state.abandon && !state.moved?.isShared;
  if (!isOwn) values[MOVED] = encodeBase64url(held.sid);
  const text = codec.stringify(values);
  const token = await cookie.tokens.seal({
    ...content,
    sid,
    sealed: now,
    expires: endOf(state, now),
    text,
    flags: 0,
  });
  if (token.length + cookie.name.length > most) return false;
  const tick = tickNow();
  const isLeft = isOwn
    ? await dropRecord(state, held)
    : await leaveRecord(state, held, now);
  if (!isLeft) return false;
  // Somebody may have ended it in the meantime.
  if (isOutdated({ ...state, began: tick })) refuseGone(state);
  noteTurn(settings, held.key, "left");
  state.visit = visitIn(visit, home);
  delete state.held;
  delete state.abandon;
  Object.assign(content, { sid, text });
  // The listener has been told that it was created.
  if (isNew(state)) state.isSealed = true;
  Object.assign(state, {
    values,
    left: state.left ?? held.sid,
    isCookieDue: true,
    isRenewed: false,
    moved: { name: held.key, tick: tickNow(), held },
  });
  return true;
}

/** Whether a session is in its record as this request has it. */
function isSettled(state: State): boolean {
  const { batches, isSuperseded } = state;
  return !batches.length && !isSuperseded && !isOutdated(state);
}

/** Removes a record that nobody else knows. */
async function dropRecord({ visit }: State, { key }: Held): Promise<boolean> {
  return await remove(visit, key).then(() => true, () => false);
}

/** Marks a record as left, unless somebody has written it. */
async function leaveRecord(
  state: State,
  held: Held,
  now: number,
): Promise<boolean> {
  const { visit, values } = state;
  const { key, record: { revision } } = held;
  const left: Values = { ...values, [MOVED]: now };
  // A write before it that was late is not taken back any more.
  remember(left, newAttempt());
  const record = await encode(state, left, revision + 1);
  const ask = () => storeOf(visit).update(key, record, revision);
  try {
    if (await call(visit, { op: "update", ask }) === "ok") return true;
    // The browser gets the cookie that another request has made, which must not
    // be replaced by one of the record.
    state.isSuperseded = await isElsewhere(state, held);
  } catch {
    // The listener has been told. If it has arrived, writes wait a while.
  }
  return false;
}

/** Whether another request has been faster, in this process or another one. */
async function isElsewhere(
  { visit, values }: State,
  { sid, key }: Held,
): Promise<boolean> {
  const record = await fetchRecord(visit, key);
  const newer = isLive(visit, record) &&
    await valuesOf(visit, { sid, key, record });
  return !!newer && hasMoved(values, newer);
}
