import { codeOf, SessionError } from "../errors.ts";
import type { Held } from "../session/state.ts";
import type { SessionStore } from "./contract.ts";
import { storeOf } from "./back_end.ts";
import { spend, timeLeft } from "./call.ts";
import { inQueue } from "./queue.ts";
import { isDataOnly, type Wish, type Written } from "./write.ts";
import { type Latest, type Member, writeAll } from "./write_group.ts";

// Requests of one session that write at the same time in one process share one
// write. A request that also needs other cookies, for a login say, is written
// alone.

interface Queue extends Latest {
  readonly waiting: Member[];
  /** How many writes are on their way. */
  running: number;
}

const queues = new WeakMap<SessionStore, Map<string, Queue>>();

/**
 * Writes what a request wants, together with what others want at the same time.
 *
 * @returns `undefined` if the session has ended, or is another user's.
 * @throws {SessionError} `conflict` if others wrote first in each try.
 */
export async function writeTogether(wish: Wish): Promise<Written | undefined> {
  const { visit, held } = wish.state;
  const { key } = held as Held;
  if (typeof visit.settings.store !== "function") {
    return writeInGroup(wish, key);
  }
  return await inQueue(visit, key, () => writeInGroup(wish, key));
}

function writeInGroup(wish: Wish, key: string): Promise<Written | undefined> {
  const { visit } = wish.state;
  const store = storeOf(visit);
  const all = queues.get(store) ?? new Map<string, Queue>();
  queues.set(store, all);
  const queue = all.get(key) ?? { waiting: [], running: 0 };
  all.set(key, queue);
  const flush = () => {
    queue.running++;
    void writeWaiting(queue).finally(() => {
      queue.running--;
      // Nobody comes between: whoever finds no write on its way is alone.
      if (queue.waiting.length) flush();
      else if (!queue.running) all.delete(key);
    });
  };
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const timers: ReturnType<typeof setTimeout>[] = [];
    const end = () => {
      member.isOver = true;
      timers.forEach(clearTimeout);
      spend(visit, performance.now() - since);
    };
    const member: Member = {
      wish,
      since,
      isOver: false,
      done: (kept) => member.isOver || (end(), resolve(kept)),
      fail: (error) => member.isOver || (end(), reject(error)),
    };
    queue.waiting.push(member);
    // Alone, it has the time of its calls.
    if (!queue.running) return flush();
    const left = timeLeft(visit);
    const cause = new Error("Too late");
    const late = () =>
      member.fail(new SessionError("store-failed", "Store failed", { cause }));
    // Do not wait for a write that hangs until no time is left: write beside
    // it, and the store decides.
    timers.push(setTimeout(flush, left / 2), setTimeout(late, left));
  });
}

async function writeWaiting(queue: Queue): Promise<void> {
  const members = takePlain(queue.waiting);
  if (!members.length) return;
  try {
    await writeAll(members, queue);
  } catch (error) {
    const isOfStore = /^(store-failed|conflict)$/.test(`${codeOf(error)}`);
    if (isOfStore || members.length === 1) {
      for (const { fail } of members) fail(error);
    } else {
      // Together they may be too large: one by one shows whose fault it is.
      for (const member of members) {
        await writeAll([member], queue).catch(member.fail);
      }
    }
  }
}

/** Takes the members that can be written together, or the first one alone. */
function takePlain(waiting: Member[]): Member[] {
  const left = waiting.splice(0).filter(({ isOver }) => !isOver);
  const other = left.findIndex(({ wish }) => !isDataOnly(wish));
  const count = other < 0 ? left.length : Math.max(other, 1);
  waiting.push(...left.splice(count));
  return left;
}
