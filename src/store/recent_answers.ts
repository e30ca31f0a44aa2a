import type { SessionRecord } from "./contract.ts";

// What a process has read of a store of revocations in the last seconds.

interface Answer {
  /** When the store was asked, in seconds since 1970. */
  readonly asked: number;
  readonly record: SessionRecord | null;
}

const MOST = 1000;
const answers = new WeakMap<object, Map<string, Answer>>();

/**
 * Returns the record of a key, as it was at most `maxAge` seconds ago.
 *
 * @param store The store, or the function that makes it.
 */
export async function findRecent(
  store: object,
  key: string,
  maxAge: number,
  asked: number,
  ask: () => Promise<SessionRecord | null>,
): Promise<SessionRecord | null> {
  const known = answers.get(store) ?? new Map<string, Answer>();
  answers.set(store, known);
  const answer = known.get(key);
  // An answer gets no younger by a clock that is put back.
  if (answer && answer.asked <= asked && asked - answer.asked < maxAge) {
    return answer.record;
  }
  // A write during this read replaces the map: nobody finds the answer then.
  const record = await ask();
  known.delete(key);
  known.set(key, { asked, record });
  if (known.size > MOST) known.delete(known.keys().next().value as string);
  return record;
}

/** Forgets what was read of a key before a write of this process. */
export function forget(store: object, key: string): void {
  const known = answers.get(store);
  if (!known) return;
  known.delete(key);
  answers.set(store, new Map(known));
}
