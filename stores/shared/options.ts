/**
 * How a store checks its client and its options.
 *
 * @module
 */

import { readOn } from "../../src/options/check.ts";
import { pick, type Rule } from "../../src/options/rules.ts";

/** All options, with the defaults of those that were not given. */
export type Complete<Options> = {
  [Name in keyof Options]-?: Exclude<Options[Name], undefined>;
};

/**
 * The options with their defaults. One that is unknown is refused: two programs
 * would share their keys if the one wrote `prefx`.
 *
 * @throws {TypeError} If one is unknown, or of another kind than its default.
 */
export function complete<Options extends object>(
  options: Options,
  defaults: Complete<Options>,
): Complete<Options> {
  const rules = Object.entries(defaults).map(([name, usual]) => {
    const test = (value: unknown) => {
      if (typeof value === typeof usual) return true;
      throw new TypeError(`Option ${name} must be of type ${typeof usual}`);
    };
    return [name, ["", test] as Rule];
  });
  return { ...defaults, ...pick(options, Object.fromEntries(rules)) };
}

/** What a prefix must be, as a test and in words. */
export type PrefixRule = readonly [pattern: RegExp, must: string];

/** For names that need no escapes anywhere. */
export const PLAIN: PrefixRule = [
  /^[\w-]+$/,
  "letters, digits, underscores and hyphens",
];

/** For a back end whose names are short; with a record's key, 243 bytes. */
export const ASCII: PrefixRule = [
  /^[!-~]{0,200}$/,
  "at most 200 ASCII characters, no blanks",
];

/**
 * Refuses a prefix that the back end may not keep as it is.
 *
 * @throws {RangeError} If it does not follow the rule.
 */
export function checkPrefix(prefix: string, [pattern, must]: PrefixRule): void {
  if (!pattern.test(prefix)) {
    throw new RangeError(`Option prefix must be ${must}`);
  }
}

/**
 * Refuses a client that lacks what a store calls.
 *
 * @param name That of the argument.
 * @throws {TypeError} If it has no such method.
 */
export function checkMethods<Client>(
  name: string,
  client: Client,
  ...methods: (keyof Client & string)[]
): void {
  for (const method of methods) {
    if (typeof client?.[method] !== "function") {
      throw new TypeError(
        `Argument ${name} must have a method ${method}` +
          readOn("store-client"),
      );
    }
  }
}
