import { EPOCH, OWNER } from "../session/own_keys.ts";
import { isPlain, type Values } from "../session/codec.ts";
import { SessionError } from "../errors.ts";
import { idOf, type State, tell, type Visit } from "../session/state.ts";
import type { SessionRecord, SessionStore } from "./contract.ts";
import { call, pause } from "./call.ts";
import { randomText } from "./generation.ts";
import { SKEW } from "../session/timeouts.ts";
import { isEventual } from "./back_end.ts";
import { made } from "./made.ts";
import { keyOfUser } from "./record.ts";
import { findRecent, forget } from "./recent_answers.ts";

// Ends sessions that their own store cannot end, or not at once. One small
// record per user says which logins are over. Every login carries the epoch
// that the record had before it, so no clock decides which of the two came
// first.

interface UserRevocation {
  /** Logins of a lower epoch are over. */
  readonly epoch: number;
  /** The public id of the session that stays. */
  readonly except?: string | undefined;
  /** The epoch that it carries at least, or it had been ended before. */
  readonly least?: number | undefined;
  /** Sessions ended one by one, with when they would expire at the latest. */
  readonly ended?: Readonly<Record<string, number>> | undefined;
  /** The last sessions that their user left for one with another id. */
  readonly left?: readonly string[] | undefined;
  /** The id of the write that made this record. */
  readonly write?: string | undefined;
}

const NONE: UserRevocation = { epoch: 0 };
/** Keeps the record small: 7 kB. */
const MOST_ENDED = 250;
const MOST_LEFT = 100;
const TRIES = 8;

/**
 * Whether a session has been revoked, or its login; if so, the listener is
 * told. It asks the store once at most.
 *
 * @param before For what an answer from before the request is too old: a late
 * store has taken a `write`, or is to have the session by another id. A `move`
 * from a record that another request has left is a double click.
 * @throws {SessionError} `store-failed` if the store cannot say.
 */
export async function checkRevoked(
  state: State,
  before?: "write" | "move",
): Promise<boolean> {
  const { visit, values, held } = state;
  const { settings } = visit;
  const userId = values[OWNER] as string | undefined;
  // Single ends are only recorded of sessions in a late store.
  const late = isEventual(visit) ? held?.key : undefined;
  const look = before ? fetchRevocation : find;
  if (!userId) {
    const record = late ? await look(visit, late) : null;
    const isLeft = before === "move" && !!read(record)?.left;
    if (!record || isLeft) return false;
  } else {
    const key = await keyOfUser(settings, userId);
    const revocation = revocationIn(await look(visit, key));
    const { epoch, except, least = 0 } = revocation;
    const own = values[EPOCH] as number | undefined ?? 0;
    const { left: _, ...others } = revocation;
    const ends = before === "move" ? others : revocation;
    if (!late || !isEnded(ends, shortKeyOf(late))) {
      if (own >= epoch) return false;
      if (except === idOf(state) && own >= least) {
        // The session stays by its epoch from now on, even under another id.
        values[EPOCH] = state.epoch = epoch;
        return false;
      }
    }
  }
  tell(state, "revoked");
  return true;
}

/**
 * Ends a session at once, though its store may be late.
 *
 * @param isLeft Whether the user goes on in another session. A hundred of those
 * that were left are remembered; they never end others.
 * @returns Whether it was noted as ended before.
 */
export async function rememberEnd(
  visit: Visit,
  key: string,
  record: SessionRecord | undefined,
  isLeft = false,
): Promise<boolean> {
  const { absoluteTimeout, now } = visit.settings;
  const time = now() * 1000;
  const { user = "", createdAt = time } = record ?? {};
  // A request on its way may write the session once more, and move its end.
  const expiresAt = createdAt + (absoluteTimeout + SKEW) * 1000;
  const place = shortKeyOf(key);
  let wasOver = false;
  if (!user) {
    await changeRevocation(visit, key, ({ write, left }) => {
      wasOver = !!write && !left;
      return isLeft && !wasOver ? { ...NONE, left: [place] } : NONE;
    });
    return wasOver;
  }
  await changeRevocation(visit, user, (revocation) => {
    wasOver = isEnded({ ...revocation, left: undefined }, place);
    if (isLeft) {
      const left = [...revocation.left ?? [], place].slice(-MOST_LEFT);
      return { ...revocation, left };
    }
    const others = Object.entries(revocation.ended ?? {})
      .filter(([, end]) => end > time);
    const ended = Object.fromEntries(others);
    if (others.length < MOST_ENDED) {
      return {
        ...revocation,
        ended: { ...ended, [place]: expiresAt },
      };
    }
    // The record is full: end all of the user's sessions, rather than forget
    // one.
    return { epoch: after(revocation.epoch, time) };
  });
  return wasOver;
}

/** Gives a login the present epoch of its user. */
export async function stamp(visit: Visit, values: Values): Promise<void> {
  const key = await keyOfUser(visit.settings, values[OWNER] as string);
  const { epoch } = revocationIn(await fetchRevocation(visit, key));
  // Another user's login may have left an epoch here.
  if (epoch) values[EPOCH] = epoch;
  else delete values[EPOCH];
}

/**
 * Ends all logins of a user but that of one session, unless that was ended
 * before: a slow request must not bring it back.
 *
 * @param except The public id of the session that stays.
 * @returns The epoch that logins carry from now on, and the one that the
 * session carries at least if it stays.
 */
export async function endLogins(
  visit: Visit,
  userId: string,
  except: string | undefined,
): Promise<{ epoch: number; least: number }> {
  const { settings } = visit;
  const key = await keyOfUser(settings, userId);
  const now = settings.now() * 1000;
  const { epoch, least = 0 } = await changeRevocation(
    visit,
    key,
    (revocation) => ({
      ...revocation,
      epoch: after(revocation.epoch, now),
      except,
      least: except && except === revocation.except
        ? revocation.least
        : revocation.epoch,
    }),
  );
  return { epoch, least };
}

/** Changes a user's record, even if others change it at the same time. */
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
    // The write has arrived, and only its answer was lost.
    if (revocation?.write === write) return revocation;
    if (failure) throw failure;
    // A record that cannot be read is replaced.
    const next = { ...change(revocation ?? NONE), write };
    try {
      if (await writeRevocation(visit, key, next, old)) return next;
    } catch (error) {
      failure = error;
    }
    await pause(Math.random() * 2 ** tries);
  }
  throw new SessionError("conflict", `Cannot revoke: ${TRIES} tries failed`);
}

/** Writes a record, new or over another; `false` if that has changed. */
async function writeRevocation(
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
    // By then, every login that it ends has expired by itself.
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

/** Names a session in its user's record: 72 bits of its key. */
function shortKeyOf(key: string): string {
  return key.slice(0, 12);
}

/** Returns the record of a key, as it was at most `revocationsMaxAge` ago. */
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
  throw new SessionError("store-failed", "Store has an unreadable revocation");
}

/** Parses a record; `null` if that fails. */
function read(record: SessionRecord | null): UserRevocation | null {
  if (!record) return NONE;
  try {
    const revocation = JSON.parse(record.value);
    const { epoch, ended = {}, left = [] } = revocation;
    const isSound = Number.isFinite(epoch) && isPlain(ended) &&
      Array.isArray(left);
    return isSound ? revocation : null;
  } catch {
    return null;
  }
}

/** The store of the visit's revocations, made like that of its sessions. */
function revocationStoreOf(visit: Visit): SessionStore {
  if (visit.revocations) return visit.revocations;
  const { settings } = visit;
  return visit.revocations = made(settings, "revocations");
}
