import { SessionError } from "../errors.ts";
import type { Settings } from "../options.ts";
import type { SessionInfo } from "../session.ts";
import type { SessionListing, SessionStore } from "../store.ts";
import { visitOf } from "../visit.ts";
import { call } from "./calls.ts";
import { isEventual } from "./carrying.ts";
import { endAt, storeOf } from "./reading.ts";
import { keyOfUser, labelOf } from "./records.ts";
import { endSession } from "./revocations.ts";

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
  return await endEach(settings, entries.filter((each) => each.id === id)) > 0;
}

/**
 * Ends all sessions of a user but one.
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
  );
}

/** How many sessions there are, of a user or in all. */
export async function count(
  settings: Settings,
  userId?: string,
): Promise<number> {
  const user = userId === undefined
    ? undefined
    : await keyOfUser(settings, "user", userId);
  return await ask(settings, "count", (store) => store.count?.(user));
}

/** Removes what has expired, for stores that do not by themselves. */
export async function deleteExpired(settings: Settings): Promise<number> {
  const now = settings.now() * 1000;
  return await ask(
    settings,
    "deleteExpired",
    (store) => store.deleteExpired?.(now),
  );
}

async function entriesOf(
  settings: Settings,
  userId: string,
): Promise<SessionListing[]> {
  const user = await keyOfUser(settings, "user", userId);
  return await ask(settings, "listByUser", (store) => {
    const entries = store.listByUser?.(user);
    return entries && Array.fromAsync(entries);
  });
}

async function endEach(
  settings: Settings,
  entries: readonly SessionListing[],
): Promise<number> {
  let ended = 0;
  for (const { key, ...entry } of entries) {
    const visit = visitOf(settings);
    // A late store may not have the record yet; the entry ends it all the same.
    const record = { ...entry, revision: 1, value: "", id: "", user: "" };
    await endSession(visit, key, record);
    if (!await endAt(visit, key) && !isEventual(visit)) continue;
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
  );
}
