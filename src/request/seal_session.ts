import { isChecked, type SessionCookie } from "../options/settings.ts";
import { endOf, idOf, isNew, type State, tell } from "../session/state.ts";
import { checkOpen } from "../session/write_rules.ts";
import { REFERENCE, type Sealed } from "../token/content.ts";
import type { Engine } from "./checks.ts";
import { oversize } from "./oversize.ts";

type Checks = typeof import("./checks.ts");

/** The parts that only some options need. */
export interface Others {
  readonly checks?: Checks | undefined;
  readonly engine?: Engine | undefined;
}

/**
 * Seals a session as it stands, as used at the time `sealed`. If it is too long,
 * and the options have a store for that, it moves there.
 *
 * @throws {SessionError} `oversize` or `invalid-data`.
 */
export async function trySeal(
  state: State,
  sealed: number,
  { checks }: Others,
  cookie: SessionCookie = state.visit.cookie,
): Promise<string> {
  const { visit } = state;
  const { settings, phase } = visit;
  const { store, outgrown } = settings;
  if (phase === "destroyed") checkOpen(state);
  const hasChecks = isChecked(settings);
  if (hasChecks && !store) await checks?.ready(state);
  const token = await sealNow(state, sealed, cookie);
  const bytes = token.length + cookie.name.length;
  const isTooLong = bytes > cookie.maxBytes &&
    !(settings.overflow &&
      visit.cutting?.fits(settings.overflow, cookie, token));
  if (outgrown && (isTooLong || state.isOutgrown)) {
    await (await visit.outgrowing?.())?.moveOut(state);
    return await sealNow(state, sealed, cookie);
  }
  if (isTooLong) throw oversize(state, bytes);
  return token;
}

function sealNow(
  state: State,
  sealed: number,
  { tokens }: SessionCookie,
): Promise<string> {
  const { content, reference = "{}", values, visit: { settings } } = state;
  const { codec, store, home } = settings;
  idOf(state);
  return tokens.seal({
    ...content as Sealed,
    sealed,
    expires: endOf(state, sealed),
    flags: home && REFERENCE,
    text: store ? reference : codec.stringify(values),
    // Where more than the cookie decides, each request parses its own values.
    values: isChecked(settings) ? undefined : { ...values },
  });
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
