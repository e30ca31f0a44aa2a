import { SessionError } from "../errors.ts";
import type { SessionStore } from "../store.ts";
import type { Visit } from "../visit.ts";

/**
 * Asks a store, for as long as the request may still wait: all its questions
 * together take no longer than `storeTimeout`.
 *
 * @param left How long it may take, in ms.
 * @throws {SessionError} `store-failed`, with a `cause`; what the store itself
 * refuses, as it comes.
 */
export async function call<Answer>(
  visit: Visit,
  op: string,
  ask: () => Promise<Answer>,
  left: number = timeLeft(visit),
): Promise<Answer> {
  const { emit } = visit.settings;
  // The real clock, as nothing else makes a timer fire.
  const asked = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("Too late")), left);
      Promise.resolve(ask()).then(resolve, reject);
    });
  } catch (error) {
    if (error instanceof SessionError) throw error;
    emit?.({ type: "store-error", op, ms: Date.now() - asked });
    throw new SessionError("store-failed", `Store failed: ${op}`, {
      cause: summary(error),
    });
  } finally {
    clearTimeout(timer);
    visit.waited = (visit.waited ?? 0) + Date.now() - asked;
  }
}

/**
 * Lets a request go on without its session where the store has failed, if
 * `onStoreError` says so.
 *
 * @throws What was caught, otherwise.
 */
export function admitGuest(visit: Visit, error: unknown): void {
  const { code } = error as SessionError;
  const isOut = code === "store-failed";
  if (!isOut || visit.settings.onStoreError === "throw") throw error;
  visit.phase = code;
}

/** How long a request may still wait for its store, in ms. */
export function timeLeft({ settings, waited = 0 }: Visit): number {
  return Math.max(0, settings.storeTimeout * 1000 - waited);
}

/** As long as a store's key. */
const KEY = /[\w-]{43}/;

/**
 * What a log may have of a client's error: some of them carry the command, and
 * with it the key and the data, as properties (ioredis) or in the message
 * (Upstash).
 */
function summary(error: unknown): Error {
  const { name, message, code } = Object(error);
  const text = KEY.test(message) ? "message left out" : message;
  return Object.assign(new Error(`${name}: ${text}`), { code });
}

const tails = new WeakMap<object, Map<string, Promise<void>>>();

/**
 * Lets the requests of one session write one after the other, as far as they
 * meet in one process: there, a second try is not overtaken again. The store
 * alone decides who is right, so nobody waits for a write that hangs until
 * there is no time left.
 */
export async function inTurn<Result>(
  visit: Visit,
  key: string,
  write: () => Promise<Result>,
): Promise<Result> {
  const store = visit.settings.store as SessionStore;
  const turns = tails.get(store) ?? new Map<string, Promise<void>>();
  tails.set(store, turns);
  const before = turns.get(key);
  const { promise: turn, resolve: endTurn } = Promise.withResolvers<void>();
  turns.set(key, turn);
  try {
    if (before) await waitFor(visit, before);
    return await write();
  } finally {
    endTurn();
    if (turns.get(key) === turn) turns.delete(key);
  }
}

/** Waits for an earlier write, for half of the time that there is. */
async function waitFor(visit: Visit, turn: Promise<void>): Promise<void> {
  const began = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeLeft(visit) / 2);
  });
  await Promise.race([turn, late]);
  clearTimeout(timer);
  visit.waited = (visit.waited ?? 0) + Date.now() - began;
}

/** Waits some ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
