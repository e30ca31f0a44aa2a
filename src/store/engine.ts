import type { Values } from "../session/values.ts";
import type { Sealed } from "../token/format.ts";
import type { State } from "../session/state.ts";
import { isEventual } from "./back_end.ts";
import { unpack } from "./late_store.ts";
import { admit, read, valuesOf } from "./read.ts";
import { keyOf } from "./record.ts";

// What sessions in a store need, and those in a cookie do not: it is loaded
// when an option asks for it. docs/protocol.md has all of it on one page.

export { count, deleteExpired, list, revoke, revokeAll } from "./admin.ts";
export {
  endFor,
  isStreamed,
  keep,
  refresh,
  reload,
  saveForToken,
  saveNow,
} from "./commit_stored.ts";

/**
 * The values of a session: `null` if its record is rotten, `undefined` if
 * there is none to be had, and the listener has been told.
 */
export async function load(
  state: State,
  { sid, text }: Sealed,
): Promise<Values | null | undefined> {
  const { visit } = state;
  const key = await keyOf(sid);
  if (isEventual(visit)) await unpack(state, sid, key, text);
  const values = state.held
    ? await valuesOf(visit, state.held)
    : await read(state, sid, key);
  return values && !await admit(state, text, values) ? undefined : values;
}
