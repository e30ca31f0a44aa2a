import type { Refused } from "../events.ts";
import { isChecked } from "../options/settings.ts";
import { begin } from "../session/begin.ts";
import { readValues } from "../session/codec.ts";
import { uncleared } from "../session/overtaken.ts";
import { nameOf, type State, tell, type Visit } from "../session/state.ts";
import type { Unsealed } from "../token/content.ts";
import { acceptValues, noteOpened, tellRejected } from "./accept.ts";

type Check = (
  state: State,
  content: Unsealed,
  now: number,
) => Promise<State | null>;

/**
 * Returns the session of an opened token; `null`, with an event, if it is
 * refused or over.
 *
 * @param check Checks what more than the cookie decides.
 */
export function admit(
  visit: Visit,
  content: Unsealed | Refused,
  now: number,
  check: Check,
): State | null | Promise<State | null> {
  const { settings } = visit;
  visit.opened = now;
  if ("fault" in content) {
    visit.fault = content.fault;
    tellRejected(visit, content.fault, content.keyId);
    return null;
  }
  const state = begin(visit, false, { ...content });
  if (uncleared.size && uncleared.has(nameOf(state))) {
    tell(state, "gone");
    return null;
  }
  if (isChecked(settings)) return check(state, content, now);
  const values = content.values ??= readValues(settings.codec, content.text);
  if (!acceptValues(state, values && { ...values }, "not-json", now)) {
    return null;
  }
  noteOpened(state, now);
  return state;
}
