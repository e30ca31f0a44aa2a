import { ISSUED, readable } from "../data.ts";
import { SessionError } from "../errors.ts";
import { fit } from "../asked/fitting.ts";
import { prepare } from "../asked/preparing.ts";
import { revokingOf } from "../revoking.ts";
import { idleOf, idOf, type State, tell } from "../state.ts";
import type { UpdateResult } from "../store.ts";
import { call, pause } from "./calls.ts";
import { encode, GRACE, keyOf, pointAt, sealNext } from "./records.ts";
import { read, storeOf } from "./reading.ts";
import type { Held } from "../state.ts";

const TRIES = 5;

/** Writes a session that no store has yet. */
export async function insert(state: State): Promise<void> {
  state.held = await create(state);
  state.isCookieDue = true;
  tell(state, "created");
}

/**
 * Writes a session over its record or, with another id, in a new one. What
 * another request has written meanwhile stays: this one's changes are made
 * again on top.
 *
 * @param isRotated It gets a new id for the age of the old one.
 * @returns `false` if it has ended, and nothing was written.
 * @throws {SessionError} `conflict` if others were faster each time.
 */
export async function replace(
  state: State,
  isRotated: boolean,
): Promise<boolean> {
  const { content, changes } = state;
  const isRegenerated = heldBy(state).record.id !== idOf(state);
  let rotates = isRotated && !isRegenerated;
  if (rotates) {
    delete content.sid;
    idOf(state);
  }
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const { sid } = heldBy(state);
    const result = isRegenerated || rotates
      ? await move(state, rotates)
      : await overwrite(state);
    if (result === "ok") return true;
    if (result === "gone") {
      tell(state, "gone");
      return false;
    }
    // The first one at once; whoever fails again gets out of the way.
    if (attempt > 1) await pause(Math.random() * 4 ** attempt);
    if (!await refresh(state)) return false;
    if (!isRegenerated && heldBy(state).sid !== sid) {
      // Another request has renewed the id; this one goes with it.
      content.sid = heldBy(state).sid;
      state.isCookieDue = true;
      rotates = false;
      if (!changes.length) return true;
    }
  }
  tell(state, "conflict");
  throw new SessionError("conflict", `Cannot save: ${TRIES} tries failed`);
}

function heldBy({ held }: State): Held {
  return held as Held;
}

/** Makes a session's record by its id. */
async function create(state: State): Promise<Held> {
  const { visit, values, content } = state;
  const { settings } = visit;
  idOf(state);
  if (settings.renewAfter) values[ISSUED] = settings.now();
  const sid = content.sid as Held["sid"];
  const key = await keyOf(sid);
  const record = await encode(state, 1);
  const store = storeOf(visit);
  if (await call(visit, "create", () => store.create(key, record))) {
    return { sid, key, record };
  }
  throw new SessionError("store-failed", "Store has a record by a new id");
}

async function overwrite(state: State): Promise<UpdateResult> {
  const { sid, key, record: { revision } } = heldBy(state);
  const record = await encode(state, revision + 1);
  const store = storeOf(state.visit);
  const result = await call(
    state.visit,
    "update",
    () => store.update(key, record, revision),
  );
  if (result === "ok") state.held = { sid, key, record };
  return result;
}

/**
 * First the new record, then the old one becomes a pointer: whoever dies in
 * between leaves two that are valid, never none.
 */
async function move(state: State, rotates: boolean): Promise<UpdateResult> {
  const { visit } = state;
  const { sid, key, record } = heldBy(state);
  const moved = await create(state);
  const since = visit.settings.now();
  const pointer = {
    next: moved.key,
    since,
    // After a login, nobody gets to the new session by the old id.
    sid: rotates ? await sealNext(visit, sid, moved.sid) : undefined,
  };
  // A renewed id is remembered for as long as its cookie may turn up.
  const expires = since + (rotates ? Math.max(idleOf(state), GRACE) : GRACE);
  const store = storeOf(visit);
  const result = await call(
    visit,
    "update",
    () => store.update(key, pointAt(record, pointer, expires), record.revision),
  );
  if (result === "ok") {
    const revoking = !rotates && await revokingOf(visit.settings);
    if (revoking) await revoking.endSession(visit, key, record);
    state.held = moved;
    state.isCookieDue = true;
  } else await call(visit, "delete", () => store.delete(moved.key));
  return result;
}

/** Makes this request's changes again, on what others have written. */
async function refresh(state: State): Promise<boolean> {
  const { settings } = state.visit;
  const { sid, key } = heldBy(state);
  const values = await read(state, sid, key);
  if (!values || !await fit(settings, values)) {
    if (values !== undefined) tell(state, "gone");
    return false;
  }
  for (const [name, change] of state.changes) {
    const value = change(readable(settings.codec, name, values));
    if (value === undefined) delete values[name];
    else values[name] = value;
  }
  state.values = values;
  await prepare(state);
  tell(state, "merged");
  return true;
}
