import { isGraceOver } from "../session/timeouts.ts";
import type { Visit } from "../session/state.ts";
import { fetchRecord, isLive } from "./back_end.ts";
import type { SessionRecord } from "./contract.ts";
import { generationOf, isJustReplaced } from "./generation.ts";
import { valuesOf } from "./record.ts";

/**
 * Returns the record of the session whose cookie a `regenerate()` had just
 * replaced when the request came, if it is just that still: nobody has logged in
 * since. A late store has it by an id that is not known here.
 */
export async function findReplaced(
  visit: Visit,
): Promise<SessionRecord | undefined> {
  const { refused, settings } = visit;
  if (!refused?.held) return undefined;
  const { key, held: { sid }, number } = refused;
  const record = await fetchRecord(visit, key, true);
  const values = isLive(visit, record) &&
    await valuesOf(visit, { sid, key, record });
  if (!record || !values) return undefined;
  const generation = generationOf(values);
  // If what has replaced the cookie was taken back, the cookie counts again.
  const isBack = number >= generation.floor;
  return isBack || isJustReplaced(settings, generation, number)
    ? record
    : undefined;
}

/** Whether it is too long ago: a socket may ask for something an hour after. */
export function isReplacedLongAgo({ opened = 0, settings }: Visit): boolean {
  return isGraceOver(opened, settings.now(), true);
}
