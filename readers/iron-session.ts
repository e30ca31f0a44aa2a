/**
 * Reads the sessions of iron-session 6, 8 and 9.
 *
 * @example Moving from iron-session
 * ```ts ignore
 * import { withSession } from "with-session";
 * import { ironSession } from "with-session/readers/iron-session";
 *
 * export default {
 *   fetch: withSession((request, session) => {
 *     return new Response(`Hello ${session.userId ?? "stranger"}`);
 *   }, {
 *     secret: process.env.SESSION_SECRET,
 *     accept: [ironSession({
 *       password: process.env.IRON_PASSWORD,
 *       cookie: { name: "my-app" },
 *       until: "2027-03-01",
 *       map: ({ user, ...data }) => ({ user: user?.id, data }),
 *     })],
 *   }),
 * };
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import { type IronPassword, isObject, unsealIron } from "./shared/iron.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";
import { isPassword, MUST_BE_PASSWORD } from "./shared/iron_password.ts";
import type { AnyData } from "../src/session/session.ts";

export type { IronPassword } from "./shared/iron.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** Options of {@linkcode ironSession}. */
export interface IronSessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** iron-session's `password`: one, or several by their numbers. */
  password: IronPassword | undefined;
}

/** iron-session 9 with `chunk`: a cookie for each part, four at most. */
const MOST_PARTS = 4;

/**
 * Reads the sessions of iron-session 6, 8 and 9, and those of its predecessor
 * next-iron-session that are still there.
 *
 * A bad cookie costs one key (PBKDF2 with one iteration) and one HMAC, or less
 * if it has not even the form of a seal, or is too long. Of several cookies of
 * the name, the first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function ironSession<Theirs extends object = AnyData>(
  options: IronSessionOptions<Theirs>,
): SessionReader {
  return makeReader<Theirs, IronSessionOptions<Theirs>>(
    "iron-session",
    options,
    { password: [MUST_BE_PASSWORD, isPassword] },
    undefined,
    async ({ valuesOf, now }, name, { password }) => {
      for (const value of sealsOf(name, valuesOf)) {
        // What is behind ~ is not authentic, and must decide nothing.
        const [seal = ""] = value.split("~");
        const data = await unsealIron(seal, password as IronPassword, 1, now);
        if (isObject(data)) {
          return { theirs: unwrap(data) as Theirs, key: seal };
        }
      }
      return undefined;
    },
    (_given, name) => [name, ...partsOf(name)],
  );
}

function sealsOf(
  name: string,
  valuesOf: (name: string) => readonly string[],
): readonly string[] {
  const whole = valuesOf(name).filter(Boolean).slice(0, MOST_COOKIES);
  if (whole.length) return whole;
  const parts = partsOf(name).map((part) => valuesOf(part)[0]);
  const end = parts.findIndex((part) => !part);
  return [parts.slice(0, end < 0 ? parts.length : end).join("")];
}

function partsOf(name: string): string[] {
  return Array.from({ length: MOST_PARTS }, (_, i) => `${name}.${i}`);
}

/** next-iron-session kept the session in one property beside its flash values. */
function unwrap(data: object): object {
  const { persistent, ...rest } = data as { persistent?: unknown };
  const isOld = isObject(persistent) && !Object.keys(rest).length;
  return isOld ? persistent : data;
}
