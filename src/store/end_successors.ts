import type { TurnKind } from "../session/overtaken.ts";
import type { Visit } from "../session/state.ts";
import { fetchRecord } from "./back_end.ts";
import { endRecord } from "./end_record.ts";
import { type Successor, successorsOf } from "./successors.ts";

/** What is not known of a record that a late store does not show. */
const UNSEEN = {
  revision: 0,
  value: "",
  id: "",
  label: "",
  lastSeenAt: 0,
  expiresAt: 0,
};

/**
 * Ends what is in a session's place by now, on a late store, as far as this
 * process knows it.
 *
 * @param tick Logins after it end, too.
 * @throws {SessionError} If one of them could not be ended; the others are.
 */
export async function endSuccessors(
  visit: Visit,
  key: string,
  tick: number,
  kind: TurnKind,
): Promise<void> {
  const ends = successorsOf(visit.settings, key, tick)
    .map((next) => endOne(visit, next, kind));
  for (const end of await Promise.allSettled(ends)) {
    if (end.status === "rejected") throw end.reason;
  }
}

async function endOne(
  visit: Visit,
  next: Successor,
  kind: TurnKind,
): Promise<void> {
  const shown = await fetchRecord(visit, next.name, true)
    .catch(() => undefined);
  // A late store may not show it yet.
  await endRecord(visit, next.name, shown ?? { ...UNSEEN, ...next }, kind);
}
