import type { SessionRecord } from "./contract.ts";

// What a process has read of a store of revocations, for a few seconds.

interface Answer {
  /** When it was asked for, in seconds since 1970. */
  readonly asked: number;
  readonly record: SessionRecord | null;
}

const MOST = 1000;
const answers = new WeakMap<object, Map<string, Answer>>();

/**
 * The record by this key, as it was at most `maxAge` seconds ago.
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
  // A clock that went back makes an answer no younger.
  if (answer && answer.asked <= asked && asked - answer.asked < maxAge) {
    return answer.record;
  }
  // A write while this question is on its way takes the map's place.
  const record = await ask();
  if (answers.get(store) !== known) return record;
  known.delete(key);
  known.set(key, { asked, record });
  if (known.size > MOST) known.delete(known.keys().next().value as string);
  return record;
}

/** After a write of this process: what was read before it is out of date. */
export function forget(store: object, key: string): void {
  const known = answers.get(store);
  if (!known) return;
  known.delete(key);
  answers.set(store, new Map(known));
}
