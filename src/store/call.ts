import { causeOf, isSessionError, SessionError } from "../errors.ts";
import type { Settings } from "../options/settings.ts";

/** What a store is asked, and what becomes of the answer. */
export interface Call<Answer> {
  /** The store's method, for events. */
  readonly op: string;
  ask(): Promise<Answer>;
  /** Is told when an answer, or an error, has come after all. */
  late?(): unknown;
  /** How long it may take, in ms. */
  readonly left?: number;
  /** Whether it is part of an end, which reads are not to keep out. */
  readonly isEnd?: boolean | undefined;
}

/** Who waits for a store: a request, a job or an administrator. */
export interface Waiter {
  readonly settings: Settings;
  /** For how long already, in ms. */
  waited?: number;
  /** It undoes what nobody has: never more than the store has answered. */
  readonly takesBack?: boolean;
}

/** When a question was asked, in ms of a clock that never jumps. */
interface Question {
  readonly asked: number;
}

/**
 * So many may wait for a store that has not answered one of them for 1 s, and
 * twice as many with those that end something.
 */
const MOST_WAITING = 1_000;
const STALLED = 1_000;
/** What has not been answered for so long is not waited for by the client. */
const FORGOTTEN = 60_000;

const waiting = new WeakMap<Settings, Set<Question>>();

/**
 * Asks a store, for as long as the request may still wait: all its questions
 * together take no longer than `storeTimeout`.
 *
 * @throws {SessionError} `store-failed`, with a `cause`; what the store itself
 * refuses, as it comes.
 */
export async function call<Answer>(
  visit: Waiter,
  { op, ask, late, isEnd, left = timeLeft(visit) }: Call<Answer>,
): Promise<Answer> {
  const { settings } = visit;
  const questions = waiting.get(settings) ?? new Set();
  waiting.set(settings, questions);
  // No clock that is put forward or back takes a request's time away.
  const question = { asked: performance.now() };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false;
  try {
    // What nobody waits for, a clean-up say, is no sign of a store that stands.
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
    // What a store says of its table stands around what its client said.
    const { code } = Object(isOurs ? error.cause : cause);
    settings.emit?.({
      type: "store-error",
      op,
      ms,
      code: code?.toString(),
      cause,
    });
    if (isSessionError(error)) throw error;
    throw new SessionError("store-failed", `Store failed: ${op}`, { cause });
  } finally {
    clearTimeout(timer);
    // A timer may fire a little early.
    const ms = performance.now() - question.asked;
    spend(visit, isLate ? Math.max(ms, left) : ms);
  }
}

/** Refuses at once what would only make a queue longer that stands still. */
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

/** Counts what a request has waited, in ms. */
export function spend(visit: Waiter, ms: number): void {
  visit.waited = (visit.waited ?? 0) + ms;
}

/** What is wrong by our own clock or count, and can be told as it is. */
export class Overload extends Error {}

/** Waits some ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
