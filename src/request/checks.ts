import {
  acceptValues,
  hasExpired,
  noteOpened,
  tellRejected,
} from "./accept.ts";
import { OWNER } from "../session/own_keys.ts";
import { readValues } from "../session/codec.ts";
import { codeOf } from "../errors.ts";
import { fit } from "../schema/fit_schema.ts";
import { prepare } from "../schema/prepare.ts";
import type { Unsealed } from "../token/content.ts";
import { isLogin, type State } from "../session/state.ts";
import { lastEnd } from "../session/timeouts.ts";
import { refuseGone } from "../session/write_rules.ts";

// What decides on a session besides its cookie.

/** The part for a store, which is handed over: see `on_demand.ts`. */
export type Engine = typeof import("../store/engine.ts");

export { showFitted } from "../schema/fit_schema.ts";

/** Prepares a session in a cookie for sealing. */
export function ready(state: State): Promise<void> {
  const { values, visit } = state;
  const user = isLogin(state) ? values[OWNER] as string : undefined;
  return prepare(visit, values, user);
}

/**
 * Lets a request go on without its session if the store has failed and
 * `onStoreError` allows it.
 *
 * @throws The error, otherwise.
 */
function admitGuest(
  { visit, held, carried, began }: State,
  { sid, text }: Unsealed,
  error: unknown,
): void {
  const isOut = codeOf(error) === "store-failed";
  if (!isOut || visit.settings.onStoreError === "throw") throw error;
  visit.phase = "store-failed";
  // What a guest logs in or ends has `storeTimeout` for itself.
  visit.waited = 0;
  const written = carried && { written: carried.written };
  visit.guest = { ...held, ...written, sid, reference: text, began };
}

/**
 * Checks a session by its store, its schema and the revocations, and gives it
 * the values that it has there; `false`, with an event, if one of them refuses.
 */
export async function checkSession(
  state: State,
  content: Unsealed,
  now: number,
  engine: Engine | undefined,
): Promise<boolean> {
  const { visit } = state;
  const { settings } = visit;
  // A cookie that has expired by itself costs no call of the store.
  const { created, expires } = content;
  const end = lastEnd(created, expires, settings.absoluteTimeout);
  if (hasExpired(state, end, now)) return false;
  let values;
  try {
    values = engine
      ? await engine.load(state, content)
      : readValues(settings.codec, content.text);
  } catch (error) {
    admitGuest(state, content, error);
  }
  if (values === undefined) return false;
  if (!acceptValues(state, values, engine ? "record" : "not-json", now)) {
    return false;
  }
  const shown = await fit(settings, state.values);
  if (!shown) return tellRejected(visit, "schema", content.keyId);
  state.shown = shown;
  try {
    if (await visit.revoking?.checkRevoked(state)) {
      visit.isOver = true;
      return false;
    }
  } catch (error) {
    admitGuest(state, content, error);
    return false;
  }
  noteOpened(state, now);
  return true;
}

/**
 * Looks again whether a session is still there and, in a store, what it holds.
 *
 * @throws {SessionError} `gone` if it has ended.
 */
export async function reloadChecked(
  state: State,
  engine: Engine | undefined,
): Promise<void> {
  const { visit } = state;
  // A reload has `storeTimeout` for itself.
  visit.waited = 0;
  if (engine) return await engine.reload(state);
  if (await visit.revoking?.checkRevoked(state)) refuseGone(state);
}
