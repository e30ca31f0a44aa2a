import type { Settings } from "../options/settings.ts";
import { tickNow } from "../session/known.ts";
import { MOVED } from "../session/own_keys.ts";
import { type Held, nameOf, type State } from "../session/state.ts";
import { refuseGone } from "../session/write_rules.ts";
import { encodeBase64url } from "../token/base64url.ts";
import type { Sealed } from "../token/content.ts";
import { fetchRecord, isLive, storeOf } from "./back_end.ts";
import { generationOf } from "./generation.ts";
import { endOlder, newSid, visitIn, withPublic } from "./outgrown_ids.ts";
import { valuesOf } from "./record.ts";
import { save } from "./save.ts";
import { admitLateWrite, letStream } from "./stream.ts";

// From a cookie into a store.

/**
 * Keeps a session that is too long for its cookie. Two requests with the same
 * cookie make one record, and the second one makes its changes on top.
 *
 * @throws {SessionError} As `save()` does.
 */
export async function moveOut(state: State): Promise<void> {
  if (state.visit.settings.outgrown) await begin(state);
  if (!await save(state)) refuseGone(state);
}

/** Has a session be one of the store, which has no record of it yet. */
async function begin(state: State): Promise<void> {
  const { visit, content, values } = state;
  const { sid, sealed } = content;
  const { text } = content as Partial<Sealed>;
  const settings = visit.settings.outgrown as Settings;
  const shared = sid && text !== undefined
    ? await sidAfter(sid, `${sealed} ${text}`)
    : undefined;
  const there = visitIn(visit, settings);
  // If it cannot be made, the session stays as it is.
  const store = storeOf(there);
  await endOlder(there, values[MOVED]);
  // Another save of the request may have come first.
  if (!state.visit.settings.outgrown) return;
  // A handler may have asked for another id.
  const { left } = state;
  const isShared = !!shared && !left;
  state.moved = {
    name: nameOf(state),
    tick: tickNow(),
    sid: content.sid,
    left,
    isShared,
  };
  state.left ??= content.sid;
  if (content.sid) content.sid = isShared ? shared : newSid(content.sid);
  state.visit = {
    ...state.visit,
    settings,
    store,
    streaming: { letStream, admitLateWrite },
  };
  const findTaken = (made: Held) => findOther(state, made);
  state.findTaken = findTaken;
}

/**
 * Whether a session is in the store. One that could not be kept there is in its
 * cookie again, as the handler may have made it shorter.
 */
export async function isThere(state: State): Promise<boolean> {
  while (state.saving) await state.saving;
  const { visit, moved, held, content } = state;
  const { home } = visit.settings;
  if (!home || !moved || held) return !!home;
  const { sid, left } = moved;
  Object.assign(state, { visit: visitIn(visit, home), left });
  Object.assign(content, { sid });
  delete state.moved;
  delete state.findTaken;
  return false;
}

/** The id of the record that follows from a cookie of a session. */
async function sidAfter(sid: Held["sid"], of: string): Promise<Held["sid"]> {
  const text = `withSession/outgrown/v1 ${encodeBase64url(sid)} ${of}`;
  const input = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest("SHA-256", input);
  return withPublic(new Uint8Array(hash, 0, sid.length), sid);
}

/**
 * Returns the record that another request has made of the same cookie.
 *
 * @throws {SessionError} `gone` if that cookie has stopped to count.
 */
async function findOther(
  state: State,
  { sid, key }: Held,
): Promise<Held | undefined> {
  const { visit } = state;
  const record = await fetchRecord(visit, key);
  if (!isLive(visit, record)) return undefined;
  const held = { sid, key, record };
  const values = await valuesOf(visit, held);
  if (!values || generationOf(values).floor) refuseGone(state);
  return held;
}
