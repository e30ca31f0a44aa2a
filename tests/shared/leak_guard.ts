/**
 * Loaded before the tests: prints each message of the library that shows what
 * nobody may read. The runner searches all that is printed.
 */

import { findLeaks } from "../../tools/leaks.mjs";

const root = new URL("../../", import.meta.url).pathname;
const own = new URL(import.meta.url).pathname;
// Some tests take the place of the console's methods.
const print = console.error.bind(console);

for (const name of ["Error", "TypeError", "RangeError"] as const) {
  globalThis[name] = watch(name, globalThis[name]) as never;
}

/** Takes the place of a class of errors. Bun does not ask a Proxy. */
function watch(name: string, original: ErrorConstructor): unknown {
  const watched = function (this: unknown, ...args: [string?]): Error {
    const error = Reflect.construct(original, args, new.target ?? watched);
    if (findLeaks(error.message).length && isOurs(error)) {
      print(`${name}: ${error.message}`);
    }
    return error;
  };
  Object.defineProperty(watched, "name", { value: name });
  watched.prototype = original.prototype;
  watched.prototype.constructor = watched;
  Object.setPrototypeOf(watched, original);
  const statics = original as unknown as Record<string, unknown>;
  for (const setting of ["stackTraceLimit", "prepareStackTrace"]) {
    Object.defineProperty(watched, setting, {
      get: () => statics[setting],
      set: (value) => statics[setting] = value,
    });
  }
  return watched;
}

/** Whether the library has made an error, and not a test or a client. */
function isOurs({ stack = "" }: Error): boolean {
  const frames = stack.split("\n").filter((line) =>
    /:\d+:\d+\)?$/.test(line) && !line.includes(own)
  );
  const [place = ""] = frames;
  return place.includes(`${root}src/`) || place.includes(`${root}stores/`);
}
