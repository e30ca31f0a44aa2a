/**
 * What a store tells of the failures of its back end.
 *
 * @module
 */

import { causeOf } from "../src/errors.ts";

/** Waits for a back end; what it rejects with can be told. */
export async function told<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw causeOf(error);
  }
}
