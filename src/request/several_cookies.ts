import type { Refused } from "../events.ts";
import { PREFIX, skipBlanks } from "../http/cookie.ts";
import type { Visit } from "../session/state.ts";
import { encodeBase64url } from "../token/base64url.ts";
import type { Unsealed } from "../token/content.ts";
import { tellRejected } from "./accept.ts";
import { earlierOf, isSpared } from "./scopes.ts";

/** What may be a token; anything else is not worth a look. */
const TOKEN = /^[\w-]{102,}$/;
/** How many of them are looked at, as each may cost a decryption. */
const MOST = 16;

/**
 * The one that counts of several cookies of our name, from other paths and
 * hosts above, or with quotes and commas. What is not authentic takes nothing
 * from what is. Of authentic ones, only those of one session count, which nobody
 * can plant who has not had its cookie: the newest
 * (docs/decisions/007-clearing-bad-cookies.md).
 *
 * @returns What it holds, or the only token; `undefined` if there is none, and
 * `null` if none can count.
 */
export async function chooseCookie(
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
      if (content.expires > now) authentic.push(content);
    } else if (!visit.fault || isSpared(content.fault)) {
      visit.fault = content.fault;
    }
  }
  if (!authentic.length) return null;
  visit.hasEarlier = earlierOf(cookie).length > 0;
  const newest = authentic.reduce((one, other) =>
    isOlder(visit, other, one) ? one : other
  );
  if (authentic.every(({ sid }) => isSame(sid, newest.sid))) return newest;
  visit.fault = "duplicate";
  return null;
}

/**
 * The different values of our cookie, without quotes around them. Two fields
 * that were made one on the way, or by workerd, have a comma between. Behind
 * it, a name with a prefix is not read: another cookie's value can have it
 * there, and no browser guards that.
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

/** Within a second, the later one in a store is that of a later write. */
function isOlder(visit: Visit, one: Unsealed, other: Unsealed): boolean {
  const rankOf = ({ sealed, text }: Unsealed) => {
    const { g = 0, r = 0 } = visit.settings.store ? JSON.parse(text) : {};
    return [sealed, g, r];
  };
  const rank = rankOf(other);
  const [difference = 0] = rankOf(one).map((each, i) => each - rank[i])
    .filter(Boolean);
  return difference < 0;
}

function isSame(sid: Uint8Array, other: Uint8Array): boolean {
  return encodeBase64url(sid) === encodeBase64url(other);
}
