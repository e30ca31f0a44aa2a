import type { CookieFunctions, CookieJar, SetCookie } from "./contract.ts";

/** A cookie jar of any shape. */
export interface Jar {
  /** Returns the value of a cookie, `undefined` without one. */
  read(name: string): Promise<string | undefined>;
  write(cookie: SetCookie): Promise<void>;
}

/** Returns a framework's cookie jar, if it is one. */
export function jarOf(given: unknown): Jar | undefined {
  const { get, set, read, write, append, headers } = Object(given);
  const areFunctions = (...all: unknown[]) =>
    all.every((each) => typeof each === "function");
  // `Headers` and Express's `req` have a `get`, too.
  if (areFunctions(get, set) && !append && !headers) {
    const jar = given as CookieJar;
    return shape(
      (name) => jar.get(name),
      ({ name, value, attributes }) => jar.set(name, value, attributes),
    );
  }
  if (areFunctions(read, write)) {
    const jar = given as CookieFunctions;
    return shape(
      (name) => jar.read(name),
      ({ name, value, attributes }) => jar.write(name, value, attributes),
    );
  }
  return undefined;
}

function shape(
  get: (name: string) => unknown,
  set: (cookie: SetCookie) => unknown,
): Jar {
  return {
    async read(name) {
      const found = await get(name);
      const value = typeof found === "string" ? found : Object(found).value;
      return typeof value === "string" ? value : undefined;
    },
    async write(cookie) {
      await set(cookie);
    },
  };
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
    if (value) pairs.push(`${name}=${value.replace(/[^\w-]/g, "!")}`);
  }
  return pairs.join("; ");
}

/**
 * Sets cookies by a framework's jar, if there is one.
 *
 * @throws Whatever the framework says, where it can set none any more.
 */
export async function writeCookies(
  jar: Jar | undefined,
  cookies: readonly SetCookie[],
): Promise<void> {
  for (const cookie of cookies) await jar?.write(cookie);
}
