import { kindOf, readOn } from "../options/check.ts";
import type { CookieFunctions, CookieJar, SetCookie } from "./contract.ts";

/** A cookie jar of any shape. */
export interface Jar {
  /** Returns the value of a cookie, `undefined` without one. */
  read(name: string): Promise<string | undefined>;
  /** Sets a cookie; what it returns may have to be waited for. */
  write(cookie: SetCookie): unknown;
  /** The object of a framework that has it, if it is more than functions. */
  readonly object?: object;
}

/** Returns a framework's cookie jar, if it is one. */
export function jarOf(given: unknown): Jar | undefined {
  if (!given || typeof given !== "object") return undefined;
  const { get, set, read, write, append, forEach, headers, pipe, req } =
    given as Readonly<Record<string, unknown>>;
  const areFunctions = (...all: unknown[]) =>
    all.every((each) => typeof each === "function");
  const areObjects = [headers, req].some((each) =>
    !!each && typeof each === "object"
  );
  // `Headers`, a `Map`, and the contexts, requests and responses of frameworks
  // have some of them, too, and do something else.
  if (areObjects || append || forEach || areFunctions(pipe)) return undefined;
  if (areFunctions(get, set)) {
    const jar = given as CookieJar;
    return {
      read: async (name) => valueOf(await jar.get(name)),
      write: ({ name, value, attributes }) => jar.set(name, value, attributes),
      object: given,
    };
  }
  if (areFunctions(read, write)) {
    const jar = given as CookieFunctions;
    return {
      read: async (name) => valueOf(await jar.read(name)),
      write: ({ name, value, attributes }) =>
        jar.write(name, value, attributes),
    };
  }
  return undefined;
}

function valueOf(found: unknown): string | undefined {
  const value = typeof found === "string" ? found : Object(found).value;
  return typeof value === "string" ? value : undefined;
}

/**
 * Returns the jar that `commit()` was given.
 *
 * @throws {TypeError} If it is none.
 */
export function targetOf(given: unknown): Jar {
  const jar = jarOf(given);
  if (jar) return jar;
  throw new TypeError(
    `commit() must get a Response or a cookie jar: it is ${
      kindOf(given)
    }; without one, it returns the cookies and fields to set${
      readOn("argument")
    }`,
  );
}

/** The `Cookie` field that a jar stands for: it shows one value of each name. */
export async function cookiesFrom(
  jar: Jar,
  names: readonly string[],
): Promise<string> {
  const pairs: string[] = [];
  for (const name of new Set(names)) {
    const value = await jar.read(name);
    // A jar has decoded it, so that it may hold anything; a token does not.
    if (value) pairs.push(`${name}=${value.replace(/[^\w.-]/g, "!")}`);
  }
  return pairs.join("; ");
}

/**
 * Sets cookies by a framework's jar, if there is one; without a promise if the
 * jar makes none.
 *
 * @throws Whatever the framework says, where it can set none any more.
 */
export function writeCookies(
  jar: Jar | undefined,
  cookies: readonly SetCookie[],
): void | Promise<void> {
  const taken = cookies.map((cookie) => jar?.write(cookie));
  if (taken.some((each) => typeof Object(each).then === "function")) {
    return Promise.all(taken).then(() => undefined);
  }
}
