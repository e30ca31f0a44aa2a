import { isGraceOver } from "../session/timeouts.ts";
import { turnsAfter } from "../session/overtaken.ts";
import type { Visit } from "../session/state.ts";
import { fetchRecord, isEventual, isLive } from "./back_end.ts";
import type { SessionRecord } from "./contract.ts";
import { generationOf, isJustReplaced, numberIn } from "./generation.ts";
import { valuesOf } from "./record.ts";

/** The session whose cookie a `regenerate()` had replaced. */
export interface Replaced {
  readonly record: SessionRecord;
  /** Whether that cookie may still end it. */
  readonly isInReach: boolean;
  /** Whether it goes on by a login after that. */
  readonly isLogin: boolean;
}

/**
 * Returns the record of the session whose cookie a `regenerate()` had just
 * replaced when the request came, if it is just that still: nobody has logged in
 * since. A late store has it by an id that is not known here.
 */
export async function findReplaced(
  visit: Visit,
): Promise<SessionRecord | undefined> {
  const replaced = await lookForReplaced(visit);
  return replaced?.isInReach ? replaced.record : undefined;
}

/** Like `findReplaced()`, also if it is too long ago to end the session. */
export async function lookForReplaced(
  visit: Visit,
): Promise<Replaced | undefined> {
  const { refused } = visit;
  if (!refused?.held) return undefined;
  const { key, held: { sid }, number } = refused;
  const record = await fetchRecord(visit, key, true);
  const values = isLive(visit, record) &&
    await valuesOf(visit, { sid, key, record });
  if (!record || !values) return undefined;
  const { floor, login } = generationOf(values);
  const isLogin = number < login;
  // If what has replaced the cookie was taken back, the cookie counts again.
  const isInReach = number >= floor || !isReplacedLongAgo(visit);
  return { record, isInReach: isInReach && !isLogin, isLogin };
}

/**
 * Whether the request came too long ago: a socket may ask for something an hour
 * after. That its cookie had been replaced a moment before was judged then.
 */
export function isReplacedLongAgo({ opened = 0, settings }: Visit): boolean {
  return isGraceOver(opened, settings.now(), true);
}

/**
 * What the cookie of a session that could not be read was worth when the request
 * came: it counted, or a `regenerate()` had just replaced it, or it had stopped
 * to count, as one from before a login, and ends nothing. If the store still does
 * not tell, the visitor goes first.
 */
export async function judgeGuest(
  visit: Visit,
  guest: Guest,
  key: string,
): Promise<Guest["worth"]> {
  return guest.worth ??= await judge(visit, guest, key);
}

type Guest = NonNullable<Visit["guest"]>;

async function judge(
  visit: Visit,
  { sid, reference, began }: Guest,
  key: string,
): Promise<NonNullable<Guest["worth"]>> {
  if (isEventual(visit)) return "counted";
  const { settings } = visit;
  // Others would end by a look that had no time left.
  const look = { ...visit, waited: 0 };
  const record = await fetchRecord(look, key, true).catch(() => null);
  const values = isLive(visit, record) &&
    await valuesOf(visit, { sid, key, record });
  if (!values) return "counted";
  const generation = generationOf(values);
  const number = numberIn(reference);
  // The first cookie that this process has made meanwhile tells which ones were
  // served when the request came.
  const [first] = turnsAfter(settings, key, began)
    .filter(({ since, served }) => since > began && served !== undefined)
    .toSorted((one, other) => one.since - other.since);
  if (number >= (first?.served ?? generation.floor)) return "counted";
  if (isJustReplaced(settings, generation, number, visit.opened)) {
    return "replaced";
  }
  return "stopped";
}
