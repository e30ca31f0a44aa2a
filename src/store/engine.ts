import type { Values } from "../session/codec.ts";
import type { Sealed } from "../token/content.ts";
import type { State } from "../session/state.ts";
import { isEventual } from "./back_end.ts";
import { unpack } from "./late_store.ts";
import { acceptCookie, read } from "./read.ts";
import { keyOf, valuesOf } from "./record.ts";

// What sessions in a store need, loaded when an option asks for it.
// docs/protocol.md has all of it on one page.

export {
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
  return values && !await acceptCookie(state, text, values)
    ? undefined
    : values;
}
