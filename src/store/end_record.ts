import { codeOf, fail } from "../errors.ts";
import { noteTurn, type TurnKind } from "../session/overtaken.ts";
import type { SessionRecord } from "./contract.ts";
import type { Held, Visit } from "../session/state.ts";
import { carryOf, fetchRecord, isEventual, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import { isOnItsWay, SKEW } from "../session/timeouts.ts";

const TRIES = 5;
/** A tombstone is newer than what any request on its way may have read. */
const AHEAD = 1_000;

/**
 * Ends a session: its record is gone, and no write inserts it again. An end
 * needs no space: nobody stays logged in because a store is full.
 *
 * A late store refuses no write. There, a tombstone takes the record's place
 * for as long as a write may be on its way, and `revocations` know of the end
 * at once.
 *
 * @param record The record, as far as it is known.
 * @param kind Whether the session's own visitor ends it.
 * @param guest The session, if it could not be read.
 * @throws {SessionError} `store-failed`, too, if `revocations` cannot be told of
 * a guest's end, as nobody knows the user: copies of the cookie are served until
 * the store has heard of it.
 */
export async function endRecord(
  visit: Visit,
  key: string,
  record?: SessionRecord,
  kind?: TurnKind,
  guest?: Visit["guest"],
): Promise<void> {
  let isUnknown = false;
  try {
    if (isEventual(visit) && visit.revoking) {
      // Revocations are looked up by the user, as long as there is one.
      const known = record ??
        await fetchRecord(visit, key, true).catch(() => undefined);
      isUnknown = !!guest && !known &&
        (known === undefined || mayArrive(visit, guest));
      await visit.revoking.rememberEnd(visit, key, known ?? undefined);
    }
  } finally {
    await endAtStore(visit, key, record, kind, guest?.written);
  }
  if (isUnknown) {
    fail(
      "store-failed",
      "Cannot end at once: the store does not tell whose session it is",
    );
  }
}

/**
 * Whether the store may have the session, though it shows nothing: its last
 * write may not have arrived. What a cookie knows no such write of is not there.
 */
function mayArrive(
  visit: Visit,
  { written }: NonNullable<Visit["guest"]>,
): boolean {
  const now = visit.settings.now();
  return written !== undefined &&
    isOnItsWay(written, now, carryOf(visit), false);
}

/**
 * Ends the record that a session in a late store has left for a new one, so
 * that its cookie is no longer served.
 *
 * @param isOwnerNew Whether the session is another user's from now on.
 * @param kind Whether a login has left it.
 * @param bringOver Takes along what others have written into it meanwhile.
 * @returns `false` if somebody has ended it meanwhile.
 */
export async function leaveRecord(
  visit: Visit,
  held: Held,
  isOwnerNew: boolean,
  kind: TurnKind,
  bringOver: (record: SessionRecord) => Promise<void>,
): Promise<boolean> {
  const { settings, revoking } = visit;
  const { key, record } = held;
  if (await revoking?.rememberEnd(visit, key, record, !isOwnerNew)) {
    return false;
  }
  // A request may read the tombstone before the answer to its write is here.
  const forget = noteTurn(settings, key, "left", { isSure: false });
  let isBehind = false;
  try {
    await writeTombstone(visit, key, record, {
      bringOver: async (newer) => {
        isBehind = true;
        await bringOver(newer);
        isBehind = false;
      },
    });
  } catch (error) {
    // The revocations refuse its cookies, or only the answer was lost.
    if (isBehind || !revoking && !await hasEnded(visit, held)) {
      forget();
      throw error;
    }
  }
  noteTurn(settings, key, kind);
  forget();
  return true;
}

/**
 * Whether the store shows that a record has ended. Where it has not shown the
 * record itself yet, that nothing is there says nothing.
 */
async function hasEnded(visit: Visit, { key, text }: Held): Promise<boolean> {
  const look = { ...visit, waited: 0, takesBack: true };
  try {
    const record = await fetchRecord(look, key);
    return record ? !record.id : text === undefined;
  } catch {
    return false;
  }
}

/** Ends a session as far as its store can. */
export async function endAtStore(
  visit: Visit,
  key: string,
  record?: SessionRecord,
  kind: TurnKind = "revoked",
  written?: number,
): Promise<void> {
  const { settings } = visit;
  // A request may find nothing before the answer is here.
  const forget = noteTurn(settings, key, kind, { isSure: false });
  try {
    if (isEventual(visit)) {
      await writeTombstone(visit, key, record, { written });
    } else await remove(visit, key);
    noteTurn(settings, key, kind);
  } finally {
    forget();
  }
}

/**
 * Replaces a late store's record by a tombstone, or removes it.
 *
 * @param options `bringOver` is called with what others have written after the
 * known record, before it is replaced. `written` is when the last write was that
 * the cookie knows of.
 */
async function writeTombstone(
  visit: Visit,
  key: string,
  known: SessionRecord | undefined,
  { bringOver, written }: {
    readonly bringOver?: (record: SessionRecord) => Promise<void>;
    readonly written?: number | undefined;
  } = {},
): Promise<void> {
  let newest = known?.revision ?? Infinity;
  for (let tries = 1, failures = 0; tries <= TRIES; tries++) {
    const record = tries === 1 && known?.revision
      ? known
      : await fetchRecord(visit, key, true).catch(() => null);
    if (record && !record.id) return;
    // A late store may not show it yet.
    if (!record) break;
    if (bringOver && record.revision > newest) {
      newest = record.revision;
      await bringOver(record);
    }
    const tombstone = tombstoneOf(visit, record, known, written);
    const ask = () => storeOf(visit).update(key, tombstone, record.revision);
    const result = await call(visit, { op: "update", ask, isEnd: true })
      .catch(() => "failed");
    if (result === "ok") return;
    if (result === "gone") break;
    // There may be no room for a tombstone. If only the answer was lost, it is
    // there, and must not be removed: the next try looks for it.
    if (result === "failed" && ++failures > 1) break;
  }
  await remove(visit, key);
}

/**
 * Makes a tombstone. A copy of a cookie counts for as long as the write that it
 * carries may be on its way, by its reader's clock. The writer's may be ahead of
 * this one, and the reader's behind.
 *
 * @param known The record as the session was read, which may be a newer one.
 * @param written When the write was that a cookie carries.
 */
function tombstoneOf(
  visit: Visit,
  record: SessionRecord,
  known = record,
  written = 0,
): SessionRecord {
  const now = visit.settings.now();
  const seen = [record, known].map(({ lastSeenAt }) => lastSeenAt / 1000);
  const last = Math.max(now, written, ...seen.filter(Number.isFinite));
  return {
    revision: record.revision + AHEAD,
    value: "",
    id: "",
    user: "",
    label: "",
    createdAt: now * 1000,
    lastSeenAt: now * 1000,
    expiresAt: Math.ceil(last + carryOf(visit) + 2 * SKEW) * 1000,
  };
}

/**
 * Removes a record; if the answer is lost, once more.
 *
 * @param unsure Called if it is: the first removal may arrive much later.
 */
export async function remove(
  visit: Visit,
  key: string,
  unsure?: () => void,
): Promise<void> {
  const ask = () => storeOf(visit).delete(key);
  const end = { op: "delete", ask, isEnd: true };
  await call(visit, end).catch((error: unknown) => {
    unsure?.();
    if (codeOf(error) !== "store-failed") throw error;
    return call(visit, end);
  });
}
