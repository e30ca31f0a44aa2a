import type { Values } from "../session/codec.ts";
import { MOVED } from "../session/own_keys.ts";
import { isGraceOver } from "../session/timeouts.ts";
import type { Sealed } from "../token/content.ts";
import type { State } from "../session/state.ts";
import { isEventual } from "./back_end.ts";
import { unpack } from "./late_store.ts";
import { acceptCookie, read } from "./read.ts";
import { keyOf, valuesOf } from "./record.ts";

// What sessions in a store need, loaded when an option asks for it.
// docs/protocol.md has all of it on one page.

export {
  barAccepted,
  beginAccepted,
  claimAccepted,
  endAccepted,
  findAccepted,
} from "./accepted.ts";
export { count, deleteExpired, list, revoke, revokeAll } from "./admin.ts";
export { commitStored } from "./commit_stored.ts";
export { endFor } from "./end_session.ts";
export { maySend } from "./outdated.ts";
export { refresh, reload } from "./reload.ts";
export { saveForToken, saveNow } from "./save_now.ts";
export { admitLateWrite, letStream } from "./stream.ts";

/**
 * Returns the values of a session; `null` if its record cannot be read,
 * `undefined`, with an event, if the session is over.
 */
export async function load(
  state: State,
  { sid, text }: Sealed,
): Promise<Values | null | undefined> {
  const { visit } = state;
  const key = visit.key = await keyOf(sid);
  if (isEventual(visit)) await unpack(state, sid, key, text);
  const values = state.held
    ? await valuesOf(visit, state.held)
    : await read(state, sid, key);
  if (!values) return values;
  if (!await acceptCookie(state, text, values)) return undefined;
  const moved = values[MOVED] as number | undefined;
  // The answer that has it in a cookie may be on its way. If that was lost, the
  // session goes on here.
  if (moved && !isGraceOver(moved, visit.settings.now(), false)) {
    visit.phase = "gone";
  }
  return values;
}
