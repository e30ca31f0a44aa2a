/**
 * Reads the sessions of h3 1 and 2, and so of nuxt-auth-utils and, until it had
 * no `useSession()` any more, of TanStack Start.
 *
 * @example Moving from h3
 * ```ts
 * import { withSession } from "with-session";
 * import { h3Session } from "with-session/readers/h3";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [h3Session<{ user?: string }>({
 *     password: "the password of before, of 32 characters or more",
 *     until: "2100-01-01",
 *     map: ({ user, ...data }) => ({ user, data }),
 *   })],
 * });
 *
 * // What nobody with the password has sealed is no session.
 * const headers = { cookie: "h3=Fe26.2*forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { Rule } from "../src/options/rules.ts";
import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import {
  type IronPassword,
  isObject,
  openIron,
  parseIron,
} from "./shared/iron.ts";
import { isPassword, MUST_BE_PASSWORD } from "./shared/iron_password.ts";
import { makeSlowOpener } from "./shared/iron_slow.ts";
import {
  makeReader,
  MOST_COOKIES,
  type Opened,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { IronPassword } from "./shared/iron.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** Options of {@linkcode h3Session}. */
export interface H3SessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** `password` of before: one, or several by their ids. */
  password: IronPassword | undefined;
  /** `maxAge` of before, in seconds, if there was one. */
  maxAge?: number | undefined;
  /** `idleTimeout` of before, in seconds, if there was one. */
  idleTimeout?: number | undefined;
  /**
   * How often the password was hashed for a key: 1 for h3 1, nuxt-auth-utils
   * and TanStack Start, 8192 for h3 2, if `seal` did not say otherwise. By
   * default, both are read, as by h3 2. With 1, a bad cookie costs next to
   * nothing.
   */
  iterations?: number | undefined;
}

/** Those of h3 2. */
const ITERATIONS = 8192;

/** h3 2 writes no more of them for one session. */
const MOST_PARTS = 100;

const SECONDS: Rule = ["be seconds, more than 0", isSeconds];

/**
 * Reads the sessions of h3 1 and 2, whose cookie is `h3`, if no other name is
 * given. That of nuxt-auth-utils is `nuxt-session`, that of TanStack Start was
 * `start`.
 *
 * A bad cookie costs one key (PBKDF2 with one iteration) and one HMAC, or less
 * if it has not even the form of a seal, or is too long. With `iterations` of
 * more than 1, which is the default, it costs another key of 8192 iterations,
 * which is 5 to 15 ms. A reader makes 32 of those in vain, and 10 more with
 * each second; then a cookie whose key is not known yet fails its request with
 * `store-failed`, or as `onStoreError` says, and stays. Of several cookies of
 * the name, the first four are looked at.
 *
 * @typeParam Theirs What was in `data` of such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If the wrong value is a number.
 */
export function h3Session<Theirs extends object = AnyData>(
  options: H3SessionOptions<Theirs>,
): SessionReader {
  const { iterations = ITERATIONS } = Object(options) as typeof options;
  const isBoth = Object(options).iterations === undefined;
  const openSlowly = makeSlowOpener(iterations, "h3");
  return makeReader<Theirs, H3SessionOptions<Theirs>>(
    "h3",
    options,
    { password: [MUST_BE_PASSWORD, isPassword] },
    "h3",
    async ({ valuesOf, now }, name, known) => {
      const seals = valuesOf(name).slice(0, MOST_COOKIES).flatMap((value) =>
        parseIron(join(value, name, valuesOf), known.password ?? "", now) ?? []
      );
      const take = (session: unknown) => opened<Theirs>(session, known, now);
      // All that costs little goes first.
      if (isBoth || iterations === 1) {
        for (const seal of seals) {
          const found = take(await openIron(seal, 1));
          if (found) return found;
        }
      }
      if (iterations === 1) return undefined;
      let refusal: unknown;
      for (const seal of seals) {
        try {
          const found = take(await openSlowly(seal, now));
          if (found) return found;
        } catch (error) {
          // The key of another one may be known.
          refusal = error;
        }
      }
      if (refusal) throw refusal;
      return undefined;
    },
    ({ valuesOf }, name) => [
      name,
      ...partsOf(valuesOf(name).find(countOf) ?? "", name),
    ],
    {
      maxAge: SECONDS,
      idleTimeout: SECONDS,
      iterations: ["be a whole number from 1 to 100000", isIterations],
    },
  );
}

/** h3 2 has a long seal in parts, and their number where it would be else. */
function join(
  value: string,
  name: string,
  valuesOf: (name: string) => readonly string[],
): string {
  if (!countOf(value)) return value;
  let seal = "";
  for (const part of partsOf(value, name)) {
    const [text] = valuesOf(part);
    if (!text) return "";
    seal += text;
  }
  return seal;
}

function countOf(value: string): number {
  const count = Number(/^__chunked__(\d{1,3})$/.exec(value)?.[1] ?? 0);
  return count > MOST_PARTS ? 0 : count;
}

function partsOf(value: string, name: string): string[] {
  return Array.from({ length: countOf(value) }, (_, i) => `${name}.${i + 1}`);
}

function opened<Theirs extends object>(
  session: unknown,
  { maxAge, idleTimeout }: H3SessionOptions<Theirs>,
  now: number,
): Opened<Theirs> | undefined {
  if (!isObject(session)) return undefined;
  const { id, data, createdAt, lastSeenAt } = session;
  const isLate = (since: unknown, seconds: number | undefined) =>
    seconds !== undefined && !(now - Number(since) <= seconds * 1000);
  if (
    typeof id !== "string" || !id || !isObject(data) ||
    // Its seal may last longer: that is made anew with each change.
    isLate(createdAt, maxAge) || isLate(lastSeenAt || createdAt, idleTimeout)
  ) return undefined;
  return { theirs: data as Theirs, key: id, id };
}

function isSeconds(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

function isIterations(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 &&
    Number(value) <= 100_000;
}
