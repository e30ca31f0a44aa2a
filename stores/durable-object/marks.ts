/**
 * The marks in the lists of users, one for each of their sessions.
 *
 * @module
 */
import { worded } from "../shared/failure.ts";
import type { SessionObjects } from "./client.ts";
import type { SessionMark, SessionMarkEntry } from "./session_object.ts";

/** Which mark to remove: not one that was made later for the same session. */
export type MarkName = Pick<SessionMarkEntry, "key" | "token">;

// How much longer than its session a mark is kept, so that it need not be made
// again each time the end is put off.
const LONGER = 7 * 24 * 3_600_000;

/** Makes marks, and removes them, many with one call if it can wait. */
export class Marks {
  readonly #objects: SessionObjects;
  readonly #now: () => number;
  /** For users whose lists are being read: the marks to be removed. */
  readonly #leaving: Map<string, MarkName[]> = new Map();

  constructor(objects: SessionObjects, now: () => number) {
    this.#objects = objects;
    this.#now = now;
  }

  /** Marks a session as that of a user. */
  async make(
    key: string,
    user: string,
    expiresAt: number,
  ): Promise<SessionMark> {
    const token = crypto.randomUUID();
    const mark = { user, token, until: expiresAt + LONGER };
    await worded(this.#objects.list(user).mark(key, mark, this.#now()));
    return mark;
  }

  /** Removes a mark; while its list is being read, at the end of that. */
  async drop(key: string, { user, token }: SessionMark): Promise<void> {
    const leaving = this.#leaving.get(user);
    if (leaving) leaving.push({ key, token });
    else await this.#remove(user, [{ key, token }]);
  }

  /** Has marks of a user collected that are to be removed. */
  collect(user: string, leaving: MarkName[]): void {
    this.#leaving.set(user, leaving);
  }

  /** Removes the marks that were collected. */
  async release(user: string, leaving: MarkName[]): Promise<void> {
    // Another list of the user may have been begun meanwhile.
    if (this.#leaving.get(user) === leaving) this.#leaving.delete(user);
    await this.#remove(user, leaving);
  }

  async #remove(user: string, marks: readonly MarkName[]): Promise<void> {
    if (marks.length === 0) return;
    // The record is written: a mark too many is not worth an error.
    await this.#objects.list(user).unmark(marks).catch(() => {});
  }
}
