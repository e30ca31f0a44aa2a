import { causeOf, SessionError } from "../../src/errors.ts";
import type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../../src/readers/contract.ts";
import { isOptions, refuse } from "../../src/options/check.ts";
import { FLAG, like, pick, type Rule } from "../../src/options/rules.ts";

/** A cookie of another library, as that has set it: browsers keep it by that. */
export interface ForeignCookie {
  /** Its name, if that is not the library's usual one. */
  name?: string | undefined;
  /** Its `Domain`, if it has any. */
  domain?: string | undefined;
  /** Its `Path`. @default {"/"} */
  path?: string | undefined;
  /** Whether there is one per top-level site (CHIPS). @default {false} */
  partitioned?: boolean | undefined;
}

/**
 * What every reader has to know.
 *
 * @typeParam Theirs What the other library has in a session.
 */
export interface ReaderOptions<Theirs extends object> {
  /**
   * When to stop reading: a date, as text (`"2027-03-01"`) or `Date`. Old
   * sessions should have ended by then.
   */
  until: Date | string;
  /** The cookie, if it is not the library's usual one. */
  cookie?: ForeignCookie | undefined;
  /**
   * Makes of a session of the other library what a session begins with, and
   * says who is logged in: `data`, `user`, `label`, `persist`, and nothing else.
   * `undefined` takes nothing over. By default, all that
   * is in it becomes data, and nobody is logged in.
   */
  map?:
    | ((
      theirs: Theirs,
    ) => AcceptedSession | undefined | Promise<AcceptedSession | undefined>)
    | undefined;
  /**
   * Whether the other program still runs, as while servers are replaced: its
   * cookies stay, and a session ends when the other one has ended.
   *
   * @default {false}
   */
  keep?: boolean | undefined;
}

/** How many cookies of one name are looked at: a stranger may send many. */
export const MOST_COOKIES = 4;

/** A session of another library, before `map`. */
export interface Opened<Theirs extends object> {
  readonly theirs: Theirs;
  /** See `ForeignSession`. */
  readonly key?: string | undefined;
  readonly id?: string | undefined;
  readonly end?: (() => Promise<unknown>) | undefined;
}

const UNTIL: Rule = [
  "be a date, as in 2027-03-01",
  (value) => Number.isFinite(timeOf(value)),
];

const RULES: Readonly<Record<string, Rule>> = {
  cookie: ["be an object", isOptions],
  map: ["be a function", (value) => typeof value === "function"],
  keep: FLAG,
};

// A browser passes over a line with anything else, and theirs would stay.
const COOKIE: Readonly<Record<string, Rule>> = {
  name: like(/^string:[!-+\--:<>-~]+$/, "be text without blanks, =, ; or ,"),
  domain: like(/^string:\.?[\w-]+(\.[\w-]+)*$/, "be a domain"),
  path: like(/^string:\/[!-:<-~]*$/, "be text that begins with /"),
  partitioned: FLAG,
};

/**
 * Makes a reader of what opens the sessions of one library.
 *
 * @param rules Those of the options that only this reader has. It needs each
 * that may not be `undefined`.
 * @param usualName The name that the library gives its cookie, if any.
 * @param open Finds the session among the cookies; it throws only if the other
 * library's store fails.
 * @param namesOf All cookies that the library may have set under a name.
 * @param optional Rules of those that it has, and can do without.
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function makeReader<
  Theirs extends object,
  Options extends ReaderOptions<Theirs>,
>(
  name: string,
  options: Options,
  rules: Readonly<Record<string, Rule>>,
  usualName: string | undefined,
  open: (
    given: ForeignCookies,
    cookieName: string,
    options: Options,
  ) => Promise<Opened<Theirs> | undefined>,
  namesOf: (given: ForeignCookies, cookieName: string) => readonly string[] = (
    _given,
    cookieName,
  ) => [cookieName],
  optional: Readonly<Record<string, Rule>> = {},
): SessionReader {
  const needed = { until: UNTIL, ...rules };
  const all = { ...needed, ...RULES, ...optional };
  const known = pick(options, all, `${name}.`) as Options;
  const { until, map, keep = false } = known;
  const cookie: ForeignCookie = pick(
    known.cookie ?? {},
    COOKIE,
    `${name}.cookie.`,
  );
  for (const [option, [, test]] of Object.entries(needed)) {
    if (!test(known[option as keyof Options])) {
      refuse(`${name}.${option}`, "is missing");
    }
  }
  const { name: cookieName = usualName } = cookie;
  if (!cookieName) refuse(`${name}.cookie.name`, "is missing");
  const { domain, path = "/" } = cookie;
  if (/^__Host-/i.test(cookieName) && (domain || path !== "/")) {
    refuse(`${name}.cookie`, "cannot be: __Host- has path / without domain");
  }
  return {
    name,
    until: timeOf(until) as number,
    keep,
    async read(given) {
      const opened = await open(given, cookieName, known);
      if (!opened) return undefined;
      const { theirs, ...rest } = opened;
      const accepted = map
        ? await mapped(name, () => map(theirs))
        : { data: theirs };
      return accepted && { ...accepted, ...rest, ...byUser(rest, accepted) };
    },
    clear(given) {
      return namesOf(given, cookieName)
        .filter((each) => given.names.includes(each))
        .map((each) => removal(each, cookie, given.isEmbedded));
    },
  };
}

/**
 * A session is another one once somebody else is logged in. Some libraries sign
 * in under the id of before: what a guest had here would otherwise hide it.
 */
function byUser(
  { key, id }: Pick<ForeignSession, "key" | "id">,
  { user }: AcceptedSession,
): Pick<ForeignSession, "key" | "id"> {
  // What is no text is refused later.
  const own = typeof user === "string" ? user : "";
  return {
    key: key && JSON.stringify([key, own]),
    id: id && JSON.stringify([id, own]),
  };
}

/**
 * Calls `map`, of which no message may tell what was in the session. With a slip
 * of the pen, `userId` for `user` say, everybody would be signed out for good.
 */
async function mapped(
  name: string,
  map: () => ReturnType<NonNullable<ReaderOptions<never>["map"]>>,
): Promise<AcceptedSession | undefined> {
  try {
    const made = await map();
    if (!made) return undefined;
    const { data, user, label, persist, ...others } = made;
    if (!isOptions(made) || Object.keys(others).length) throw new TypeError();
    return { data, user, label, persist };
  } catch (cause) {
    throw new SessionError("invalid-data", `The map of ${name} failed`, {
      cause: causeOf(cause),
    });
  }
}

/** The line by which a browser forgets a cookie (RFC 6265bis §5.7). */
function removal(
  name: string,
  { domain, path = "/", partitioned = false }: ForeignCookie,
  isEmbedded = false,
): string {
  const isNone = partitioned || isEmbedded;
  const isSecure = isNone || /^__(Host|Secure|Http)-/i.test(name);
  return [
    `${name}=; Max-Age=0`,
    domain && `; Domain=${domain}`,
    `; Path=${path}; HttpOnly`,
    isSecure && "; Secure",
    // Inside of another site, a browser takes no other line.
    isNone ? "; SameSite=None" : "; SameSite=Lax",
    partitioned && "; Partitioned",
  ].filter(Boolean).join("");
}

/**
 * A `Date` may be of another realm, as in Jest. Of other texts, each runtime
 * makes its own: V8 has a day of 2001 for `soon 5`.
 */
function timeOf(value: unknown): unknown {
  if (typeof value !== "string") return Object(value).getTime?.();
  return /^\d{4}-\d\d-\d\d(T|$)/.test(value) ? Date.parse(value) : NaN;
}
