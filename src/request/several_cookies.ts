import type { Refused } from "../events.ts";
import { PREFIX, skipBlanks } from "../http/cookie.ts";
import { begin } from "../session/begin.ts";
import type { State, Visit } from "../session/state.ts";
import { isOver } from "../session/timeouts.ts";
import { encodeBase64url } from "../token/base64url.ts";
import { REFERENCE, type Unsealed } from "../token/content.ts";
import { tellRejected } from "./accept.ts";
import { admit, beginRefused, type Check, openCookie } from "./admit.ts";
import { earlierOf, isSpared } from "./scopes.ts";

/** What may be a token; other values are not opened. */
const TOKEN = /^[\w-]{102,}$/;
/** How many of them are opened, as each may cost a decryption. */
const MOST = 16;

/** Opens the session of the cookie that counts of several. */
export async function openSeveral(
  visit: Visit,
  header: string,
  check: Check,
): Promise<State> {
  const now = visit.settings.now();
  const chosen = await chooseCookie(visit, header, now);
  if (chosen === undefined) return begin(visit);
  if (typeof chosen === "string") return openCookie(visit, chosen, check);
  visit.opened = now;
  return chosen && await admit(visit, chosen, now, check) ||
    beginRefused(visit);
}

/**
 * Chooses the one that counts of several cookies of our name. They come from
 * other paths and from hosts above, or with quotes and commas. A forged one
 * takes nothing from an authentic one. Authentic ones count only if all are of
 * one session, since nobody can plant a cookie of a session without having had
 * one; the newest counts then (docs/decisions/007-clearing-bad-cookies.md).
 *
 * @returns The content of its token, or the only value as it is; `undefined` if
 * there is none, and `null` if none counts.
 */
async function chooseCookie(
  visit: Visit,
  header: string,
  now: number,
): Promise<Unsealed | string | null | undefined> {
  const { settings, cookie } = visit;
  const { values, isJoined } = readCookies(header, cookie.name);
  const [first, ...more] = values;
  if (first === undefined) {
    if (isJoined) tellRejected(visit, "joined");
    return undefined;
  }
  if (!more.length) return first;
  settings.emit?.({ type: "duplicate" });
  const authentic: Unsealed[] = [];
  const tokens = [...values].filter((value) => TOKEN.test(value));
  for (const token of tokens.slice(0, MOST)) {
    const content: Unsealed | Refused = await cookie.tokens.unseal(token, now);
    if (!("fault" in content)) {
      if (!isOver(content.expires, now)) authentic.push(content);
    } else if (!visit.fault || isStronger(content.fault, visit.fault)) {
      visit.fault = content.fault;
    }
  }
  if (!authentic.length) return null;
  visit.hasEarlier = earlierOf(cookie).length > 0;
  const newest = authentic.reduce((one, other) =>
    isOlder(visit, other, one) ? one : other
  );
  // With a store as `overflow`, an id may have changed but for its public part.
  const part = settings.outgrown ? 6 : 16;
  const same = idOf(newest, part);
  if (authentic.every((each) => idOf(each, part) === same)) return newest;
  visit.fault = "duplicate";
  return null;
}

/**
 * Which fault of several counts: one that may be another program's cookie, else
 * one of a cookie that has to stay.
 */
function isStronger(fault: Refused["fault"], other: Visit["fault"]): boolean {
  return isSpared(fault) && other !== "unknown-key";
}

/**
 * Returns the different values of our cookie, without quotes around them. Two
 * fields that were joined on the way, or by workerd, have a comma between them.
 * Behind a comma, a name with a prefix is not read: it can stand there in
 * another cookie's value, and browsers do not guard that.
 */
export function readCookies(
  header: string,
  name: string,
): { values: Set<string>; isJoined: boolean } {
  const start = `${name}=`;
  const values: Set<string> = new Set();
  let isJoined = false;
  for (const field of header.split(";")) {
    for (const [i, pair] of field.split(",").entries()) {
      const at = pair.indexOf(start);
      if (at < 0 || skipBlanks(pair, at) >= 0) continue;
      const value = pair.slice(
        at + start.length,
        skipBlanks(pair, pair.length) + 1,
      ).replace(/^"(.*)"$/, "$1");
      if (i && PREFIX.test(name)) isJoined = true;
      else if (value) values.add(value);
    }
  }
  return { values, isJoined };
}

/** Within one second, a store's cookie of a later write is the newer one. */
function isOlder(visit: Visit, one: Unsealed, other: Unsealed): boolean {
  const rankOf = ({ sealed, text, flags }: Unsealed) => {
    const isStored = visit.settings.store || flags === REFERENCE;
    const { g = 0, r = 0 } = isStored ? JSON.parse(text) : {};
    return [sealed, g, r];
  };
  const rank = rankOf(other);
  const [difference = 0] = rankOf(one).map((each, i) => each - rank[i])
    .filter(Boolean);
  return difference < 0;
}

function idOf({ sid }: Unsealed, part: number): string {
  return encodeBase64url(sid.subarray(0, part));
}
