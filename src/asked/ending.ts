import { writeCookie } from "../cookie.ts";
import { isSessionError } from "../errors.ts";
import { MOST, noteTurn, uncleared } from "../overtaken.ts";
import { nameOf } from "../sealing.ts";
import { hasCookie, isNew, type State, tell } from "../state.ts";
import { engineOf } from "../storing.ts";

/**
 * Ends what a request has ended, by `destroy()` or `reset()`.
 *
 * @throws {SessionError} If the store cannot do it.
 */
export async function endAll(
  state: State,
  isTooLate = false,
): Promise<void> {
  const { before, isEnded, visit: { settings } } = state;
  if (before) await endAll(before, isTooLate);
  if (!isEnded) return;
  const engine = await engineOf(settings);
  const isKnown = !isNew(state);
  await engine?.endFor(state, isTooLate);
  if (isKnown && !engine) noteTurn(settings, nameOf(state), "ended");
  if ((isKnown || state.held) && !state.isEndTold) tell(state, "destroyed");
  state.isEndTold = true;
}

/**
 * What a request leaves that has failed: the ends that it has asked for, and no
 * record that nobody gets a cookie for. The browser still has its cookie, unless
 * who answers sets the line that the error is given.
 */
export async function leave(state: State, error: unknown): Promise<void> {
  const { abandon, before, isEnded } = state;
  if (isEnded || before) {
    // What fails now, the listener has been told of.
    await endAll(state).catch(() => {});
    noteUncleared(state);
    const setCookie = lineAfter(state);
    try {
      if (setCookie && isSessionError(error)) {
        Object.assign(error, { setCookie });
      }
    } catch {
      // Frozen, or a proxy: what was thrown is what is thrown on.
    }
  }
  await abandon?.();
}

/** What clears the cookie of a session that has ended with a failed request. */
export function lineAfter(state: State): string | undefined {
  const { before, isEnded, visit: { form } } = state;
  return (isEnded || before) && form.attributes && hasCookie(state)
    ? writeCookie(form, "", 0)
    : undefined;
}

function noteUncleared(state: State): void {
  const { before, isEnded, visit: { settings } } = state;
  if (before) noteUncleared(before);
  if (!isEnded || settings.store || isNew(state)) return;
  uncleared.add(nameOf(state));
  const [oldest] = uncleared;
  if (uncleared.size > MOST) uncleared.delete(oldest as string);
}
