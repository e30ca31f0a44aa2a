import { isSessionError } from "../errors.ts";
import { writeCookie } from "../http/cookie.ts";
import { familyOf, MOST, uncleared } from "../session/known.ts";
import { noteTurn, turnsAfter } from "../session/overtaken.ts";
import {
  hasCookie,
  isNew,
  nameOf,
  type State,
  tell,
} from "../session/state.ts";
import { isRemovable } from "./scopes.ts";
import type { Others } from "./seal_session.ts";

/**
 * Ends what the handler has ended, by `destroy()` or `reset()`.
 *
 * @throws {SessionError} If the store cannot do it.
 */
export async function endAll(
  state: State,
  engine: Others["engine"],
  isTooLate = false,
  last: State = state,
): Promise<void> {
  const { before, isEndAsked } = state;
  try {
    if (before) await endAll(before, engine, isTooLate, last);
  } finally {
    // A cookie that counts, and could not be ended, stays.
    if (before) state.isRefused = !!hasCookie(before);
    if (isEndAsked) await endOne(state, engine, isTooLate, last);
  }
}

async function endOne(
  state: State,
  engine: Others["engine"],
  isTooLate: boolean,
  last: State,
): Promise<void> {
  const isKnown = !isNew(state) || state.isGiven;
  const { settings } = state.visit;
  const { store, home, outgrown } = settings;
  const part = home || outgrown ? await last.visit.outgrowing?.() : engine;
  await part?.endFor(state, isTooLate, last);
  if (store && !state.isEndDone) return;
  // One of another library that was taken over has its id from the start.
  if ((!store || home) && (isKnown || state.content.sid)) {
    noteTurn(home ?? settings, nameOf(state), "ended");
  }
  if ((isKnown || state.held) && !state.isEndTold) tell(state, "destroyed");
  state.isEndTold = true;
}

/**
 * Finishes what a failed request leaves behind: ends the sessions that its
 * handler has ended, and removes a new record that no cookie refers to. The
 * browser still has its cookie, unless whoever answers sets the line that the
 * error gets.
 */
export async function leave(
  state: State,
  error: unknown,
  { engine }: Others,
): Promise<void> {
  const { abandon, before, isEndAsked } = state;
  if (isEndAsked || before) {
    // The listener has been told of what fails here.
    await endAll(state, engine).catch(() => {});
    await state.visit.foreign?.leave().catch(() => {});
    noteUncleared(state);
    const setCookie = removalOf(state);
    try {
      if (setCookie && isSessionError(error)) {
        Object.assign(error, { setCookie });
      }
    } catch {
      // Frozen, or a proxy: the error is thrown on as it is.
    }
  }
  await abandon?.();
}

/**
 * The line that clears the cookie of a session that a failed request has ended.
 */
export function removalOf(state: State): string | undefined {
  const { before, isEndAsked, visit: { cookie } } = state;
  return (isEndAsked || before) && cookie.attributes && isRemovable(state)
    ? writeCookie(cookie, "", 0)
    : undefined;
}

function noteUncleared(state: State): void {
  const { before, isEndAsked, content, visit: { settings } } = state;
  if (before) noteUncleared(before);
  if (!isEndAsked || settings.store || !content.sid) return;
  const name = nameOf(state);
  uncleared.add(name);
  // Another request may have gone on from the same id while this one ran.
  const turns = turnsAfter(settings, name, state.began);
  if (turns.some(({ kind }) => kind === "left")) {
    uncleared.add(familyOf(settings, name));
  }
  for (const oldest of uncleared) {
    if (uncleared.size <= MOST) break;
    uncleared.delete(oldest);
  }
}
