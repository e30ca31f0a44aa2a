import { encodeBase64url } from "./base64url.ts";
import { askingOf, isAskedFor } from "./asking.ts";
import * as format from "./seal.ts";
import { checkOpen, endOf, idOf, isNew, type State, tell } from "./state.ts";

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
  if (isAsked && !store) await (await askingOf(settings))?.ready(state);
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
  if (bytes > form.maxBytes) {
    const { oversize } = await import("./asked/oversize.ts");
    throw oversize(state, bytes);
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

/**
 * What a session in a cookie is known by among those of this process.
 *
 * @param isNext From now on, if it has left the id that it had.
 */
export function nameOf({ left, content }: State, isNext = false): string {
  return encodeBase64url((isNext || !left ? content.sid : left) as Uint8Array);
}
