import { LONGEST_COOKIE } from "./cookie.ts";
import { OWNER } from "./data.ts";
import { SessionError } from "./errors.ts";
import { askingOf, isAskedFor } from "./asking.ts";
import * as format from "./seal.ts";
import {
  checkOpen,
  endOf,
  idOf,
  isLogin,
  isNew,
  type State,
  tell,
} from "./state.ts";

/**
 * Seals a session as it stands, as used at this time.
 *
 * @throws {SessionError} `oversize` or `invalid-data`.
 */
export async function seal(state: State, sealed: number): Promise<string> {
  const { values, visit: { settings, form, phase } } = state;
  const { codec, store } = settings;
  const isAsked = isAskedFor(settings);
  if (phase === "destroyed") checkOpen(state);
  if (isAsked && !store) {
    const user = isLogin(state) ? values[OWNER] as string : undefined;
    await (await askingOf(settings))?.prepare(state.visit, values, user);
  }
  idOf(state);
  const token = await format.seal(form.ring, {
    ...state.content as format.Sealed,
    sealed,
    expires: endOf(state, sealed),
    text: store ? state.reference ?? "{}" : codec.stringify(values),
    // With somebody to ask, each request reads values of its own.
    values: isAsked ? undefined : { ...values },
  });
  const bytes = token.length + form.name.length;
  if (bytes > LONGEST_COOKIE) {
    tell(state, "oversize", { bytes });
    const size = (key: string) => codec.stringify(values[key]).length;
    const largest = Object.keys(values).sort((a, b) => size(b) - size(a))
      .slice(0, 3).map((key) => `${key}: ${size(key)}`);
    throw new SessionError(
      "oversize",
      `Cookie of ${bytes} bytes, ${LONGEST_COOKIE} at most; largest keys: ${largest.join()}`,
    );
  }
  return token;
}

/** The value of a session's cookie, for the world outside. */
export async function sealFor(
  state: State,
  now: number = state.visit.settings.now(),
): Promise<string> {
  const token = await seal(state, now);
  if (!state.visit.settings.store && isNew(state)) tell(state, "created");
  if (state.content.isStale) tell(state, "resealed");
  return token;
}
