import { EPOCH, OWNER } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import { SessionError } from "../errors.ts";
import { checkRevocations } from "../options/rules.ts";
import { idOf, type State, tell, type Visit } from "../session/state.ts";
import type { SessionRecord, SessionStore } from "./contract.ts";
import { call, pause } from "./call.ts";
import { randomText } from "./generation.ts";
import { SKEW } from "../session/timeouts.ts";
import { isEventual, made } from "./back_end.ts";
import { keyOfUser } from "./record.ts";
import { findRecent, forget } from "./recent_answers.ts";

// Ends sessions where the store cannot, or not at once: one small record of a
// user says which logins are over. Every login carries the number that was
// there before it, so no clock decides whether it came before or after.

interface UserRevocation {
  /** Logins that carry less are over. */
  readonly epoch: number;
  /** The public id of the session that stays. */
  readonly except?: string | undefined;
  /** Sessions that ended one by one, and when they would have at the latest. */
  readonly ended?: Readonly<Record<string, number>> | undefined;
  /** The last ones that were left for a new id. */
  readonly left?: readonly string[] | undefined;
  /** Names the write that made it. */
  readonly write?: string | undefined;
}

const NONE: UserRevocation = { epoch: 0 };
/** The record stays small: 7 kB. */
const MOST_ENDED = 250;
const MOST_LEFT = 100;
const TRIES = 8;

/**
 * Whether a session is over, or its login; the listener has been told then.
 * One question to the store at most.
 *
 * @throws {SessionError} `store-failed` if nobody knows.
 */
export async function isRevoked(state: State): Promise<boolean> {
  const { visit, values, held } = state;
  const { settings } = visit;
  const userId = values[OWNER] as string | undefined;
  // Only of a store that may be late, there are ends to be looked up.
  const late = isEventual(visit) ? held?.key : undefined;
  if (!userId) {
    if (!late || !await find(visit, late)) return false;
  } else {
    const key = await keyOfUser(settings, userId);
    const revocation = revocationIn(await find(visit, key));
    const { epoch, except } = revocation;
    const own = values[EPOCH] as number | undefined ?? 0;
    if (!late || !isEnded(revocation, shortKeyOf(late))) {
      if (own >= epoch) return false;
      if (except === idOf(state)) {
        // It stays by its number from now on, also under another id.
        values[EPOCH] = state.epoch = epoch;
        return false;
      }
    }
  }
  tell(state, "revoked");
  return true;
}

/**
 * Ends a session at once whose store may be late.
 *
 * @param isLeft The user goes on in another one. A hundred of those are
 * remembered, and they never end others.
 */
export async function rememberEnd(
  visit: Visit,
  key: string,
  record: SessionRecord | undefined,
  isLeft = false,
): Promise<void> {
  const { absoluteTimeout, now } = visit.settings;
  const time = now() * 1000;
  const { user = "", createdAt = time } = record ?? {};
  // A request that is on its way may write it once more, and move its end.
  const expiresAt = createdAt + (absoluteTimeout + SKEW) * 1000;
  if (!user) {
    await changeRevocation(visit, key, () => NONE);
    return;
  }
  await changeRevocation(visit, user, (revocation) => {
    if (isLeft) {
      const left = [...revocation.left ?? [], shortKeyOf(key)].slice(
        -MOST_LEFT,
      );
      return { ...revocation, left };
    }
    const others = Object.entries(revocation.ended ?? {})
      .filter(([, end]) => end > time);
    const ended = Object.fromEntries(others);
    if (others.length < MOST_ENDED) {
      return {
        ...revocation,
        ended: { ...ended, [shortKeyOf(key)]: expiresAt },
      };
    }
    // Of more than that, nothing is forgotten either: all of the user's end.
    return { epoch: after(revocation.epoch, time) };
  });
}

/** Gives a login the number that is there before it. */
export async function stamp(visit: Visit, values: Values): Promise<void> {
  const key = await keyOfUser(visit.settings, values[OWNER] as string);
  const { epoch } = revocationIn(await fetchRevocation(visit, key));
  // In place of one that another user's login may have left.
  if (epoch) values[EPOCH] = epoch;
  else delete values[EPOCH];
}

/**
 * Ends all logins of a user but that of one session.
 *
 * @returns The number that logins carry from now on.
 */
export async function endLogins(
  visit: Visit,
  userId: string,
  except: string | undefined,
): Promise<number> {
  const { settings } = visit;
  const key = await keyOfUser(settings, userId);
  const now = settings.now() * 1000;
  const revocation = await changeRevocation(
    visit,
    key,
    (revocation) => ({
      ...revocation,
      epoch: after(revocation.epoch, now),
      except,
    }),
  );
  return revocation.epoch;
}

/** Changes what a user's record says, whoever else does so at the same time. */
async function changeRevocation(
  visit: Visit,
  key: string,
  change: (revocation: UserRevocation) => UserRevocation,
): Promise<UserRevocation> {
  const write = randomText(8);
  let failure: unknown;
  for (let tries = 1; tries <= TRIES; tries++) {
    const old = await fetchRevocation(visit, key, true);
    const revocation = read(old);
    // The answer was lost, and not the write.
    if (revocation?.write === write) return revocation;
    if (failure) throw failure;
    // Whatever a rotten one was, it is replaced.
    const next = { ...change(revocation ?? NONE), write };
    try {
      if (await put(visit, key, next, old)) return next;
    } catch (error) {
      failure = error;
    }
    await pause(Math.random() * 2 ** tries);
  }
  throw new SessionError("conflict", `Cannot revoke: ${TRIES} tries failed`);
}

/** Writes a record as a new one or over another; `false` if it has changed. */
async function put(
  visit: Visit,
  key: string,
  revocation: UserRevocation,
  old: SessionRecord | null,
): Promise<boolean> {
  const { now, absoluteTimeout } = visit.settings;
  const store = revocationStoreOf(visit);
  const time = now() * 1000;
  const record = {
    revision: (old?.revision ?? 0) + 1,
    value: JSON.stringify(revocation),
    id: "",
    user: "",
    label: "",
    createdAt: time,
    lastSeenAt: time,
    // No login that it ends is older.
    expiresAt: time + (absoluteTimeout + SKEW) * 1000,
  };
  const update = () => store.update(key, record, old?.revision ?? 0);
  const create = () => store.create(key, record);
  try {
    return old
      ? await call(visit, { op: "update", ask: update, isEnd: true }) === "ok"
      : await call(visit, { op: "create", ask: create, isEnd: true });
  } finally {
    forget(visit.settings.revocations as object, key);
  }
}

function isEnded({ ended, left }: UserRevocation, place: string): boolean {
  return !!ended?.[place] || !!left?.includes(place);
}

function after(epoch: number, now: number): number {
  return Math.max(now, epoch + 1);
}

/** What stands for a session in its user's record: 72 bits of its key. */
function shortKeyOf(key: string): string {
  return key.slice(0, 12);
}

/** The record by this key, as it was at most `revocationsMaxAge` ago. */
async function find(visit: Visit, key: string): Promise<SessionRecord | null> {
  const { revocations, revocationsMaxAge, now } = visit.settings;
  if (!revocationsMaxAge) return await fetchRevocation(visit, key);
  return await findRecent(
    revocations as object,
    key,
    revocationsMaxAge,
    now(),
    () => fetchRevocation(visit, key),
  );
}

function fetchRevocation(
  visit: Visit,
  key: string,
  isEnd?: boolean,
): Promise<SessionRecord | null> {
  const ask = () => revocationStoreOf(visit).get(key);
  return call(visit, { op: "get", ask, isEnd });
}

function revocationIn(record: SessionRecord | null): UserRevocation {
  const revocation = read(record);
  if (revocation) return revocation;
  // A corrupt record could hide a sign-out, so fail closed.
  throw new SessionError("store-failed", "Store has a rotten revocation");
}

/** What a record says, `null` if it is rotten. */
function read(record: SessionRecord | null): UserRevocation | null {
  if (!record) return NONE;
  try {
    const revocation = JSON.parse(record.value);
    return Number.isFinite(revocation?.epoch) ? revocation : null;
  } catch {
    return null;
  }
}

/** As with sessions' own (see `back_end.ts`). */
function revocationStoreOf(visit: Visit): SessionStore {
  if (visit.revocations) return visit.revocations;
  const { revocations } = visit.settings;
  return visit.revocations = made(
    "revocations",
    revocations,
    checkRevocations,
  );
}
