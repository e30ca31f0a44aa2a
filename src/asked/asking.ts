import { accept, isOver, reject } from "../admitting.ts";
import { ISSUED, readValues } from "../data.ts";
import { revokingOf } from "../revoking.ts";
import { engineOf } from "../storing.ts";
import { fit } from "./fitting.ts";
import type { Unsealed } from "../seal.ts";
import { type State, tell } from "../state.ts";

// What a session of a cookie alone does not need: somebody else is asked.

export { prepare } from "./preparing.ts";

/**
 * Whether a session is good by its store, its schema and the revocations; the
 * listener has been told.
 */
export async function admit(
  state: State,
  content: Unsealed,
  now: number,
): Promise<boolean> {
  const { visit } = state;
  const { settings } = visit;
  const { created, expires } = content;
  // What is over by its cookie alone costs no question to a store.
  const end = Math.min(expires, created + settings.absoluteTimeout);
  if (isOver(state, end, now)) return false;
  const engine = await engineOf(settings);
  const values = engine
    ? await engine.load(state, content)
    : readValues(settings.codec, content.text);
  if (values === undefined) return false;
  if (!accept(state, values, engine ? "record" : "not-json", now)) return false;
  // It was written before there was such an option.
  if (settings.renewAfter) state.values[ISSUED] ??= created;
  if (!await fit(settings, state.values)) {
    return reject(visit, "schema", content.keyId);
  }
  if (await (await revokingOf(settings))?.isRevoked(state)) return false;
  tell(state, "opened");
  return true;
}
