/**
 * Reads the sessions of koa-session, in cookies or in any store that is made
 * for it.
 *
 * @example Moving from koa-session
 * ```ts
 * import { withSession } from "with-session";
 * import { koaSession } from "with-session/readers/koa-session";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [koaSession<{ user?: string }>({
 *     // app.keys
 *     keys: ["a newer key", "an older key"],
 *     until: "2027-03-01",
 *     map: ({ user, ...data }) => ({ user, data }),
 *   })],
 * });
 *
 * // What no key of these has signed is no session.
 * const headers = { cookie: "koa.sess=e30=; koa.sess.sig=forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { parseBase64Json, without } from "./shared/base64_json.ts";
import {
  ALGORITHM,
  type KeygripOptions,
  KEYS,
  makeSignedValues,
  namesOf,
} from "./shared/keygrip.ts";
import { makeReader, type ReaderOptions } from "./shared/reader.ts";

export type { KeygripAlgorithm, KeygripOptions } from "./shared/keygrip.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** What is used of a store of koa-session. */
export interface KoaSessionStore {
  /** Looks for a session; none is anything but an object, or a promise of it. */
  get(
    key: string,
    // deno-lint-ignore no-explicit-any
    maxAge: any,
    // deno-lint-ignore no-explicit-any
    options: any,
  ): unknown;
  /** Ends a session. */
  destroy?(
    key: string,
    // deno-lint-ignore no-explicit-any
    options: any,
  ): unknown;
}

/** Options of {@linkcode koaSession}. */
export interface KoaSessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs>, KeygripOptions {
  /** koa-session's `store`, if it had one: then, the cookie is a key of it. */
  store?: KoaSessionStore | undefined;
}

/**
 * Reads the sessions of koa-session 6 and 7, whose cookies are `koa.sess` and
 * `koa.sess.sig`, if no other name is given. Those that are not signed
 * (`signed: false`) are never read.
 *
 * A bad cookie costs one HMAC for each key, and no question to the store. Of
 * several cookies of the name, the first four are looked at, each with up to
 * four signatures.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function koaSession<Theirs extends object = AnyData>(
  options: KoaSessionOptions<Theirs>,
): SessionReader {
  const signedValues = makeSignedValues(options);
  return makeReader<Theirs, KoaSessionOptions<Theirs>>(
    "koa-session",
    options,
    { keys: KEYS },
    "koa.sess",
    async (given, name, { store }) => {
      for await (const value of signedValues(given, name)) {
        const found = store
          ? await store.get(value, undefined, { rolling: false })
          : parseBase64Json(value);
        if (!isSession(found, given.now)) continue;
        // A program's own keys begin with no underscore: those are not kept.
        const theirs = without(found, (key) => key.startsWith("_")) as Theirs;
        if (!store) return { theirs };
        const end = async () => await store.destroy?.(value, {});
        return { theirs, key: value, id: value, end };
      }
      return undefined;
    },
    namesOf,
    { algorithm: ALGORITHM, store: ["have get", hasGet] },
  );
}

/** The end is in the session itself; one for as long as a browser has none. */
function isSession(found: unknown, now: number): found is object {
  if (Object(found) !== found || Array.isArray(found)) return false;
  const { _expire: end } = found as { _expire?: unknown };
  return !(typeof end === "number" && end < now);
}

function hasGet(value: unknown): boolean {
  return typeof Object(value).get === "function";
}
