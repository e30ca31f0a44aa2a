/**
 * Stands in for `node:assert/strict` inside a Worker, so that a test means the
 * same with and without Node's modules there. Small on purpose: what it cannot
 * compare it refuses.
 */

import { isDeepEqual, show } from "./deep_equal.ts";

type Expected =
  | RegExp
  | (new (...args: never[]) => unknown)
  | ((error: unknown) => boolean)
  | Record<string, unknown>
  | Error;

/** The error of a failed assertion. */
export class AssertionError extends Error {
  override name = "AssertionError";
  code = "ERR_ASSERTION";
}

function check(
  condition: boolean,
  message: string | Error | undefined,
  otherwise: () => string,
): void {
  if (condition) return;
  if (message instanceof Error) throw message;
  throw new AssertionError(message ?? otherwise());
}

export function ok(value: unknown, message?: string | Error): asserts value {
  check(Boolean(value), message, () => `${show(value)} is not truthy`);
}

export function equal(
  actual: unknown,
  expected: unknown,
  message?: string | Error,
): void {
  check(
    Object.is(actual, expected),
    message,
    () => `${show(actual)} is not ${show(expected)}`,
  );
}

export function notEqual(
  actual: unknown,
  expected: unknown,
  message?: string | Error,
): void {
  check(
    !Object.is(actual, expected),
    message,
    () => `${show(actual)} should be something else`,
  );
}

export function deepEqual(
  actual: unknown,
  expected: unknown,
  message?: string | Error,
): void {
  check(
    isDeepEqual(actual, expected),
    message,
    () => `Not deeply equal:\n${show(actual)}\nshould be\n${show(expected)}`,
  );
}

export function notDeepEqual(
  actual: unknown,
  expected: unknown,
  message?: string | Error,
): void {
  check(
    !isDeepEqual(actual, expected),
    message,
    () => `${show(actual)} should not be deeply equal to the same`,
  );
}

export function match(
  text: string,
  pattern: RegExp,
  message?: string | Error,
): void {
  check(
    typeof text === "string" && text.search(pattern) !== -1,
    message,
    () => `${show(text)} does not match ${pattern}`,
  );
}

export function doesNotMatch(
  text: string,
  pattern: RegExp,
  message?: string | Error,
): void {
  check(
    typeof text === "string" && text.search(pattern) === -1,
    message,
    () => `${show(text)} should not match ${pattern}`,
  );
}

export function fail(message: string | Error = "Failed"): never {
  throw message instanceof Error ? message : new AssertionError(message);
}

export function throws(
  body: () => unknown,
  ...rest: [string?] | [Expected, string?]
): void {
  let thrown: { error: unknown } | undefined;
  try {
    body();
  } catch (error) {
    thrown = { error };
  }
  checkThrown(thrown, rest);
}

export async function rejects(
  source: Promise<unknown> | (() => Promise<unknown>),
  ...rest: [string?] | [Expected, string?]
): Promise<void> {
  let thrown: { error: unknown } | undefined;
  const promise = toPromise(source);
  try {
    await promise;
  } catch (error) {
    thrown = { error };
  }
  checkThrown(thrown, rest);
}

export function doesNotThrow(body: () => unknown, message?: string): void {
  try {
    body();
  } catch (error) {
    throw unwanted(error, message);
  }
}

export async function doesNotReject(
  source: Promise<unknown> | (() => Promise<unknown>),
  message?: string,
): Promise<void> {
  const promise = toPromise(source);
  try {
    await promise;
  } catch (error) {
    throw unwanted(error, message);
  }
}

function unwanted(error: unknown, message = "Got an unwanted error"): Error {
  return new AssertionError(`${message}: ${error}`, { cause: error });
}

function toPromise(
  source: Promise<unknown> | (() => Promise<unknown>),
): Promise<unknown> {
  const promise = typeof source === "function" ? source() : source;
  if (typeof promise?.then !== "function") {
    throw new TypeError("Expected a promise or a function that returns one");
  }
  return promise;
}

function checkThrown(
  thrown: { error: unknown } | undefined,
  rest: [string?] | [Expected, string?],
): void {
  const [expected, message] = typeof rest[0] === "object" ||
      typeof rest[0] === "function"
    ? rest as [Expected, string?]
    : [undefined, rest[0]];
  if (thrown === undefined) {
    throw new AssertionError(message ?? "Missing expected error");
  }
  const { error } = thrown;
  if (expected === undefined || fits(error, expected)) return;
  throw new AssertionError(
    message ?? `${show(error)} is not the expected ${show(expected)}`,
    { cause: error },
  );
}

function fits(error: unknown, expected: Expected): boolean {
  if (expected instanceof RegExp) {
    return String(error).search(expected) !== -1;
  }
  if (typeof expected !== "function") return hasProperties(error, expected);
  const isClass = expected.prototype !== undefined &&
    (expected === Error || Object.getPrototypeOf(expected) === Error ||
      error instanceof expected);
  if (isClass) return error instanceof expected;
  return (expected as (error: unknown) => unknown)(error) === true;
}

function hasProperties(error: unknown, expected: object): boolean {
  if (typeof error !== "object" || error === null) return false;
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push("name", "message");
  if (keys.length === 0) {
    throw new TypeError("An empty object would fit every error");
  }
  return keys.every((key) => {
    const actual: unknown = Reflect.get(error, key);
    const wanted: unknown = Reflect.get(expected, key);
    if (wanted instanceof RegExp && typeof actual === "string") {
      return actual.search(wanted) !== -1;
    }
    return key in error && isDeepEqual(actual, wanted);
  });
}

const assert: typeof ok = Object.assign(
  (value: unknown, message?: string | Error): asserts value =>
    ok(value, message),
  {
    AssertionError,
    deepEqual,
    deepStrictEqual: deepEqual,
    doesNotMatch,
    doesNotReject,
    doesNotThrow,
    equal,
    fail,
    match,
    notDeepEqual,
    notDeepStrictEqual: notDeepEqual,
    notEqual,
    notStrictEqual: notEqual,
    ok,
    rejects,
    strictEqual: equal,
    throws,
  },
);

export default assert;
