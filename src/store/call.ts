import { causeOf, codeOf, fail, isSessionError } from "../errors.ts";
import type { Settings } from "../options/settings.ts";

/** A call of a store, and what becomes of its answer. */
export interface Call<Answer> {
  /** The store's method, for events. */
  readonly op: string;
  ask(): Promise<Answer>;
  /** Called if an answer, or an error, comes after all. */
  late?(): unknown;
  /** How long the call may take, in ms. */
  readonly left?: number;
  /** Whether it is part of an end, which waiting reads must not keep out. */
  readonly isEnd?: boolean | undefined;
}

/** Who waits for a store: a request, a job or an administrator. */
export interface Waiter {
  readonly settings: Settings;
  /** For how long it has waited already, in ms. */
  waited?: number;
  /** Whether it only undoes a write that the store has answered. */
  readonly takesBack?: boolean;
}

/** When a call began, in ms of a clock that never jumps. */
interface Question {
  readonly asked: number;
}

/**
 * How many calls may wait for a store that has left one of them unanswered for
 * 1 s; twice as many if they end something.
 */
const MOST_WAITING = 1_000;
const STALLED = 1_000;
/** After so many ms, the client has given up an unanswered call. */
const FORGOTTEN = 60_000;

const waiting = new WeakMap<Settings, Set<Question>>();

/**
 * Calls a store, for as long as the request may still wait: all its calls
 * together take no longer than `storeTimeout`.
 *
 * @throws {SessionError} `store-failed`, with a `cause`; or the error by which
 * the store itself refuses, as it is.
 */
export async function call<Answer>(
  visit: Waiter,
  { op, ask, late, isEnd, left = timeLeft(visit) }: Call<Answer>,
): Promise<Answer> {
  const { settings } = visit;
  const questions = waiting.get(settings) ?? new Set();
  waiting.set(settings, questions);
  // A clock that is put forward or back must not take a request's time away.
  const question = { asked: performance.now() };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false;
  try {
    // A call that may take longer, a clean-up say, shows no stalled store.
    if (left <= settings.storeTimeout * 1000) {
      const most = visit.takesBack ? Infinity : MOST_WAITING * (isEnd ? 2 : 1);
      checkStalled(questions, question.asked, most);
      questions.add(question);
    }
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(new Overload("Too late"));
      }, left);
      const answered = () => {
        questions.delete(question);
        if (isLate) late?.();
      };
      const answer = Promise.resolve(ask());
      answer.then(answered, answered);
      answer.then(resolve, reject);
    });
  } catch (error) {
    if (isSessionError(error) && error.code !== "store-failed") {
      throw error;
    }
    if (!isLate) questions.delete(question);
    const ms = Math.round(performance.now() - question.asked);
    const isOurs = isSessionError(error) || error instanceof Overload;
    const cause = isOurs ? error : causeOf(error);
    if (!heard.has(cause)) tellFailure(settings, { op, ms, error: cause });
    if (isSessionError(error)) throw error;
    // Its message is our own, or the code of the client's error.
    const why = cause.message && `: ${cause.message}`;
    return fail("store-failed", `Store failed: ${op}${why}`, { cause });
  } finally {
    clearTimeout(timer);
    // A timer may fire a little early.
    const ms = performance.now() - question.asked;
    spend(visit, isLate ? Math.max(ms, left) : ms);
  }
}

/** Errors of stores that could not be made, of which the listener has heard. */
export const heard: WeakSet<Error> = new WeakSet();

/** Tells the listener of a store that has failed. */
export function tellFailure(
  { emit }: Settings,
  { op, ms, error }: {
    readonly op: string;
    readonly ms: number;
    readonly error: Error & { readonly code?: unknown };
  },
): void {
  // A store's own error, of a missing table say, has its client's as cause.
  const code = codeOf(
    isSessionError(error) || error instanceof Overload ? error.cause : error,
  );
  emit?.({
    type: "store-error",
    op,
    ms,
    code: code?.toString(),
    cause: error,
  });
}

/** Refuses a call at once that would only wait for a stalled store, too. */
function checkStalled(
  questions: Set<Question>,
  now: number,
  most: number,
): void {
  for (const question of questions) {
    if (question.asked >= now - FORGOTTEN) {
      if (questions.size < most || question.asked > now - STALLED) {
        return;
      }
      throw new Overload("Too many requests wait for the store");
    }
    questions.delete(question);
  }
}

/** How long a request may still wait for its store, in ms. */
export function timeLeft({ settings, waited = 0 }: Waiter): number {
  return Math.max(0, settings.storeTimeout * 1000 - waited);
}

/** Adds to how long a request has waited, in ms. */
export function spend(visit: Waiter, ms: number): void {
  visit.waited = (visit.waited ?? 0) + ms;
}

/** An error by our own clock or count, whose message may be told. */
export class Overload extends Error {}

/** Waits for some ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
