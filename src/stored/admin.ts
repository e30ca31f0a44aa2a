import { SessionError } from "../errors.ts";
import type { Settings } from "../options.ts";
import { revokingOf } from "../revoking.ts";
import type { SessionInfo } from "../session.ts";
import type { SessionListing, SessionStore } from "../store.ts";
import { type Visit, visitOf } from "../visit.ts";
import { call } from "./calls.ts";
import { isEventual } from "./carrying.ts";
import { endAt, endForGood, storeOf } from "./reading.ts";
import { keyOfUser, labelOf } from "./records.ts";

/** No visitor waits for a clean-up; a timer takes no more ms. */
const ANY_TIME = 2 ** 31 - 1;

/** A user's sessions, the latest first. */
export async function list(
  settings: Settings,
  userId: string,
): Promise<SessionInfo[]> {
  const entries = await entriesOf(settings, userId);
  const infos = entries.map(
    async ({ id, label, createdAt, lastSeenAt, expiresAt }) => ({
      id,
      label: await labelOf(settings, label),
      createdAt,
      lastSeenAt,
      expiresAt,
    }),
  );
  return (await Promise.all(infos)).sort((a, b) => b.lastSeenAt - a.lastSeenAt);
}

/** Ends one session of a user. */
export async function revoke(
  settings: Settings,
  userId: string,
  id: string,
): Promise<boolean> {
  checkRevocable(settings);
  const entries = await entriesOf(settings, userId);
  const found = entries.filter((each) => each.id === id);
  const user = await keyOfUser(settings, userId);
  const ended = await endEach(settings, found, async (visit, entry) => {
    // What a late store does not have yet is to end all the same.
    const record = { ...entry, revision: 1, value: "", user };
    return await endForGood(visit, entry.key) ||
      (await revokingOf(settings))?.endSession(visit, entry.key, record);
  });
  return ended > 0;
}

/**
 * Ends all sessions of a user but one; beside a late store, their logins have
 * been ended before.
 *
 * @param key Of its record, as it may have a new id since it was read.
 */
export async function revokeAll(
  settings: Settings,
  userId: string,
  id: string | undefined,
  key: string | undefined,
): Promise<number> {
  checkRevocable(settings);
  const entries = await entriesOf(settings, userId);
  return await endEach(
    settings,
    entries.filter((each) => each.id !== id && each.key !== key),
    (visit, entry) => endAt(visit, entry.key),
  );
}

/** How many sessions there are, of a user or in all. */
export async function count(
  settings: Settings,
  userId?: string,
): Promise<number> {
  const user = userId === undefined
    ? undefined
    : await keyOfUser(settings, userId);
  return await ask(settings, "count", (store) => store.count?.(user));
}

/** Removes what has expired, for stores that do not by themselves. */
export async function deleteExpired(settings: Settings): Promise<number> {
  const now = settings.now() * 1000;
  return await ask(
    settings,
    "deleteExpired",
    (store) => store.deleteExpired?.(now),
    ANY_TIME,
  );
}

async function entriesOf(
  settings: Settings,
  userId: string,
): Promise<SessionListing[]> {
  const user = await keyOfUser(settings, userId);
  return await ask(settings, "listByUser", (store) => {
    const entries = store.listByUser?.(user);
    return entries && Array.fromAsync(entries);
  });
}

/** Ends each of these sessions, and counts those that there were. */
async function endEach(
  settings: Settings,
  entries: readonly SessionListing[],
  end: (visit: Visit, entry: SessionListing) => Promise<unknown>,
): Promise<number> {
  let ended = 0;
  for (const entry of entries) {
    const visit = visitOf(settings);
    // A late store may list what it does not have yet.
    if (!await end(visit, entry) && !isEventual(visit)) continue;
    settings.emit?.({ type: "revoked", id: entry.id });
    ended++;
  }
  return ended;
}

/** What a late store is told, a write that is on its way may undo. */
function checkRevocable(settings: Settings): void {
  if (!settings.revocations && isEventual(visitOf(settings))) {
    throw new SessionError(
      "unsupported",
      "Store is eventual: revoking needs the option revocations beside it",
    );
  }
}

/** Asks for an ability that not every store has. */
async function ask<Answer>(
  settings: Settings,
  ability: string,
  question: (store: SessionStore) => Promise<Answer> | undefined,
  most?: number,
): Promise<Answer> {
  const visit = visitOf(settings);
  const store = storeOf(visit);
  if (!(ability in store)) {
    throw new SessionError("unsupported", `Store has no ${ability}`);
  }
  return await call(
    visit,
    ability,
    async () => await question(store) as Answer,
    most,
  );
}
