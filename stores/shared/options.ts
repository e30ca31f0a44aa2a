/**
 * What a store can be told.
 *
 * @module
 */

import { pick, type Rule } from "../../src/options/rules.ts";

/** All options, with the defaults of those that were not given. */
export type Complete<Options> = {
  [Name in keyof Options]-?: Exclude<Options[Name], undefined>;
};

/**
 * The options with their defaults. With `prefx`, two programs would share their
 * keys, so there are no others than those.
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
