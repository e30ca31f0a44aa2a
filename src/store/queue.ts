import type { Visit } from "../session/state.ts";
import { pause, spend } from "./call.ts";

/** How often to look whose turn it is, and for how long, in ms. */
const STEP = 2;
const MOST = 250;
/** Whose turn it is, by the function that makes stores and the record's key. */
const turns = new WeakMap<object, Map<string, Visit>>();

/**
 * Does work with the request's own store in turn with other requests that write
 * the same record. On Workers, a request may neither use the client of another
 * one nor wait for its promises. A request that is stopped halfway never ends
 * its turn, so nobody waits long for it: the store decides in any case.
 */
export async function inQueue<Result>(
  visit: Visit,
  key: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const home = visit.settings.store as object;
  const all = turns.get(home) ?? new Map<string, Visit>();
  turns.set(home, all);
  let waited = 0;
  for (; all.has(key) && waited < MOST; waited += STEP) await pause(STEP);
  spend(visit, waited);
  all.set(key, visit);
  try {
    return await work();
  } finally {
    if (all.get(key) === visit) all.delete(key);
  }
}
