import { isChecked, type SessionCookie } from "../options/settings.ts";
import { endOf, idOf, isNew, type State, tell } from "../session/state.ts";
import { checkOpen } from "../session/write_rules.ts";
import type { Sealed } from "../token/content.ts";
import type { Engine } from "./checks.ts";
import { oversize } from "./oversize.ts";

type Checks = typeof import("./checks.ts");

/** The parts that only some options need. */
export interface Others {
  readonly checks?: Checks | undefined;
  readonly engine?: Engine | undefined;
}

/**
 * Seals a session as it stands, as used at the time `sealed`.
 *
 * @throws {SessionError} `oversize` or `invalid-data`.
 */
export async function trySeal(
  state: State,
  sealed: number,
  { checks }: Others,
  cookie: SessionCookie = state.visit.cookie,
): Promise<string> {
  const { values, visit } = state;
  const { settings, phase } = visit;
  const { codec, store } = settings;
  const hasChecks = isChecked(settings);
  if (phase === "destroyed") checkOpen(state);
  if (hasChecks && !store) await checks?.ready(state);
  idOf(state);
  const token = await cookie.tokens.seal({
    ...state.content as Sealed,
    sealed,
    expires: endOf(state, sealed),
    text: store ? state.reference ?? "{}" : codec.stringify(values),
    // Where more than the cookie decides, each request parses its own values.
    values: hasChecks ? undefined : { ...values },
  });
  const bytes = token.length + cookie.name.length;
  if (
    bytes > cookie.maxBytes &&
    !(settings.overflow &&
      visit.cutting?.fits(settings.overflow, cookie, token))
  ) throw oversize(state, bytes);
  return token;
}

/**
 * Seals a session for its visitor, and tells the listener.
 *
 * @param cookie Whose value it is; by default, that of the visit.
 */
export async function sealFor(
  state: State,
  now: number,
  others: Others,
  cookie?: SessionCookie,
): Promise<string> {
  const token = await trySeal(state, now, others, cookie);
  if (state.isSealed) return token;
  if (!state.visit.settings.store && isNew(state)) tell(state, "created");
  if (state.content.isStale) tell(state, "resealed");
  state.isSealed = true;
  return token;
}
