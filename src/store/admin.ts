import { fail, SessionError } from "../errors.ts";
import type { SessionInfo } from "../session/session.ts";
import type { SessionListing, SessionStore } from "./contract.ts";
import type { Visit } from "../session/state.ts";
import { isEventual, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import { endAtStore, endRecord } from "./end_record.ts";
import { keyOfUser, labelOf } from "./record.ts";

/**
 * How long one page of a list may take, in ms: no user is logged out by half.
 */
const ONE_PAGE = 60_000;
/** More than a user can have sessions. */
const MOST_STEPS = 10_000_000;
/** No visitor waits for these calls. No timer takes more ms. */
const ANY_TIME = 2 ** 31 - 1;

/** Lists a user's sessions, the last used first. */
export async function list(
  visit: Visit,
  userId: string,
): Promise<SessionInfo[]> {
  const entries = await Array.fromAsync(entriesOf(visit, userId));
  const infos = entries.map(
    async ({ id, label, createdAt, lastSeenAt, expiresAt }) => ({
      id,
      label: await labelOf(visit, label),
      createdAt,
      lastSeenAt,
      expiresAt,
    }),
  );
  return (await Promise.all(infos)).sort((a, b) => b.lastSeenAt - a.lastSeenAt);
}

/** Ends one session of a user. */
export async function revoke(
  visit: Visit,
  userId: string,
  id: string,
): Promise<boolean> {
  checkRevocable(visit);
  const user = await keyOfUser(visit.settings, userId);
  return await endEach(visit, userId, (each) => each.id === id, user) > 0;
}

/**
 * Ends all sessions of a user but one. On a late store, `revocations` have
 * ended the other logins already.
 *
 * @param key The key of that session's record, if it has one.
 */
export async function revokeAll(
  visit: Visit,
  userId: string,
  id: string | undefined,
  key: string | undefined,
): Promise<number | undefined> {
  // Without a list, it has to do that the logins are over.
  if (visit.settings.revocations && !storeOf(visit).listByUser) {
    return undefined;
  }
  checkRevocable(visit);
  const isOther = (each: SessionListing) => each.id !== id && each.key !== key;
  return await endEach(visit, userId, isOther);
}

/** Counts the sessions, of a user or in all. */
export async function count(
  visit: Visit,
  userId?: string,
): Promise<number> {
  const user = userId === undefined
    ? undefined
    : await keyOfUser(visit.settings, userId);
  return await askAbility(
    visit,
    "count",
    (store) => store.count?.(user),
    ANY_TIME,
  );
}

/** Removes expired records from a store that does not do so itself. */
export async function deleteExpired(visit: Visit): Promise<number> {
  const now = visit.settings.now() * 1000;
  return await askAbility(
    visit,
    "deleteExpired",
    (store) => store.deleteExpired?.(now),
    ANY_TIME,
  );
}

/** Yields a user's sessions as they come; each step has a time of its own. */
async function* entriesOf(
  visit: Visit,
  userId: string,
): AsyncGenerator<SessionListing, void> {
  const user = await keyOfUser(visit.settings, userId);
  const store = storeOf(visit);
  const list = store.listByUser?.(user)[Symbol.asyncIterator]();
  if (!list) fail("unsupported", "Store has no listByUser");
  const seen = new Set<string>();
  try {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const ask = () => list.next();
      const step = await call(again(visit), {
        op: "listByUser",
        ask,
        left: ONE_PAGE,
      });
      if (step.done) return;
      if (seen.has(step.value.key)) continue;
      seen.add(step.value.key);
      yield step.value;
    }
    throw new SessionError("store-failed", "Store has an endless list");
  } finally {
    // A list may have to clean up.
    const ask = async () => await list.return?.();
    await call(again(visit), { op: "listByUser", ask }).catch(
      () => {},
    );
  }
}

/**
 * Ends some of a user's sessions while they are listed, so that a store that
 * allows few calls at a time has fewer left with each try. There is no limit of
 * time. If the store fails, what has ended stays ended.
 *
 * @param user The user's key, if `revocations` have to know of the ends.
 */
async function endEach(
  visit: Visit,
  userId: string,
  isMeant: (entry: SessionListing) => boolean,
  user?: string,
): Promise<number> {
  let ended = 0;
  try {
    for await (const entry of entriesOf(visit, userId)) {
      if (!isMeant(entry)) continue;
      const { key, id, ...times } = entry;
      const own = again(visit);
      if (user) {
        const record = { ...times, id, revision: 0, value: "", user };
        await endRecord(own, key, record);
      } else await endAtStore(own, key);
      visit.settings.emit?.({ type: "revoked", id });
      ended++;
    }
  } catch (error) {
    if (!ended) throw error;
    throw new SessionError(
      "store-failed",
      `Ended ${ended} sessions: call it again to go on`,
      { cause: error },
    );
  }
  return ended;
}

/** Refuses to revoke on a late store alone: a write on its way may undo it. */
function checkRevocable(visit: Visit): void {
  if (!visit.settings.revocations && isEventual(visit)) {
    fail(
      "unsupported",
      "Store is eventual: revoking needs the option revocations beside it",
    );
  }
}

/** The same visit, with all of its time: it has its store by then. */
function again(visit: Visit): Visit {
  return { ...visit, waited: 0 };
}

/** Calls a method that not every store has. */
async function askAbility<Answer>(
  visit: Visit,
  ability: string,
  question: (store: SessionStore) => Promise<Answer> | undefined,
  most: number,
): Promise<Answer> {
  const store = storeOf(visit);
  if (!(ability in store)) {
    fail("unsupported", `Store has no ${ability}`);
  }
  return await call(visit, {
    op: ability,
    ask: async () => await question(store) as Answer,
    left: most,
  });
}
