import { EPOCH, OWNER } from "../data.ts";
import { SessionError } from "../errors.ts";
import type { Settings } from "../options.ts";
import { idOf, type State, tell } from "../state.ts";
import type { SessionRecord, SessionStore } from "../store.ts";
import { type Visit, visitOf } from "../visit.ts";
import { admitGuest, call } from "./calls.ts";
import { isEventual } from "./carrying.ts";
import { keyOfUser } from "./records.ts";

// Ends all sessions of a user where no list of them is kept: one small record
// says which logins are over. Every login carries the number that was there
// before it, so no clock decides whether it came before or after.

interface Mark {
  /** Logins that carry less are over. */
  readonly epoch: number;
  /** The public id of the session that stays. */
  readonly except?: string | undefined;
}

const NO_MARK: Mark = { epoch: 0 };

/**
 * Whether a session is over, or its login; the listener has been told then.
 * Only of sessions whose store may be late, each one has an entry when it ends.
 */
export async function isRevoked(state: State): Promise<boolean> {
  const { visit, values, held } = state;
  const userId = values[OWNER] as string | undefined;
  try {
    const [isOver, { epoch, except }] = await Promise.all([
      held && isEventual(visit) && find(visit, held.key),
      userId ? markOf(visit, userId) : NO_MARK,
    ]);
    const own = (values[EPOCH] as number | undefined) ?? 0;
    if (!isOver && own >= epoch) return false;
    if (!isOver && except === idOf(state)) {
      // It stays by its number from now on, also under another id.
      values[EPOCH] = epoch;
      return false;
    }
    tell(state, "revoked");
  } catch (error) {
    admitGuest(visit, error);
  }
  return true;
}

/** Ends a session at once whose store may be late. */
export async function endSession(
  visit: Visit,
  key: string,
  record: SessionRecord,
): Promise<void> {
  if (!visit.settings.revocations || !isEventual(visit)) return;
  await call(
    visit,
    "create",
    () => storeOf(visit).create(key, { ...record, revision: 1 }),
  );
}

/** Gives a login the number that is there before it. */
export async function stamp({ visit, values }: State): Promise<void> {
  const { epoch } = await markOf(visit, values[OWNER] as string);
  // In place of one that another user's login may have left.
  if (epoch) values[EPOCH] = epoch;
  else delete values[EPOCH];
}

/** Ends all logins of a user but that of one session. */
export async function endLogins(
  settings: Settings,
  userId: string,
  except: string | undefined,
): Promise<void> {
  const visit = visitOf(settings);
  const store = storeOf(visit);
  const key = await keyOfUser(settings, "revocations", userId);
  for (;;) {
    const old = await call(visit, "get", () => store.get(key));
    const now = settings.now() * 1000;
    // Whatever a rotten one was, it is replaced.
    const epoch = Math.max(now, (read(old)?.epoch ?? 0) + 1);
    const record = {
      revision: (old?.revision ?? 0) + 1,
      value: JSON.stringify({ epoch, except } satisfies Mark),
      id: "",
      user: "",
      label: "",
      createdAt: now,
      lastSeenAt: now,
      // No login that it ends is older.
      expiresAt: now + settings.absoluteTimeout * 1000,
    };
    const isKept = old
      ? await call(
        visit,
        "update",
        () => store.update(key, record, old.revision),
      ) === "ok"
      : await call(visit, "create", () => store.create(key, record));
    if (isKept) return;
  }
}

async function markOf(visit: Visit, userId: string): Promise<Mark> {
  const key = await keyOfUser(visit.settings, "revocations", userId);
  const mark = read(await find(visit, key));
  if (mark) return mark;
  // Nobody knows whom it ends, so it lets nobody in.
  throw new SessionError("store-failed", "Store has a rotten revocation");
}

function find(visit: Visit, key: string): Promise<SessionRecord | null> {
  return call(visit, "get", () => storeOf(visit).get(key));
}

/** The mark of a record, `null` if it is rotten. */
function read(record: SessionRecord | null): Mark | null {
  if (!record) return NO_MARK;
  try {
    const mark = JSON.parse(record.value);
    return Number.isFinite(mark?.epoch) ? mark : null;
  } catch {
    return null;
  }
}

function storeOf({ settings }: Visit): SessionStore {
  return settings.revocations as SessionStore;
}
