/**
 * What a store tells of the failures of its back end.
 *
 * @module
 */

import { causeOf } from "../../src/errors.ts";

/** Waits for a back end; what it rejects with can be told. */
export async function told<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw causeOf(error);
  }
}

/** How SQLite, D1 and objects of Cloudflare say what is wrong. */
export const WORDS: RegExp =
  /SQLITE_[A-Z]+|database is \w+|readonly database|disk is full|disk I\/O error|malformed|overloaded|connection lost|exceeded \w+/;

/** Waits for a back end that says what is wrong by its message alone. */
export async function worded<Result>(
  asked: Promise<Result>,
  words: RegExp = WORDS,
): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw coded(error, words);
  }
}

/**
 * An error with the words of its message that say what is wrong, as its code.
 * The rest of a message may quote keys and data, and is not told.
 */
export function coded(error: unknown, words: RegExp): unknown {
  const [code] = words.exec(Object(error).message) ?? [];
  return code ? Object.assign(error as Error, { code }) : error;
}
