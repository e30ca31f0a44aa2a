/**
 * What a store tells of the failures of its back end.
 *
 * @module
 */

// What is quoted is what the back end was asked for: a path, a key, a value.
const QUOTED = /["'`{<].*$/s;
// A key, or what stands for a user, as it is and in characters for a file.
const LONG = /[\w+%-]{43,}/g;

/**
 * An error that says what another one says, but no key and no data of a
 * session, which messages of back ends may quote. Its `code` stays.
 */
export function failureOf(error: unknown): Error {
  const { code, message = error, name } = (error ?? {}) as Error & {
    code?: unknown;
  };
  const text = `${message}`.replace(QUOTED, "").replace(LONG, "…").trim();
  const failure = new Error(text || `${name ?? "Failed"}`);
  return code === undefined ? failure : Object.assign(failure, { code });
}

/** Waits for a back end; what it rejects with can be told. */
export async function told<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw failureOf(error);
  }
}
