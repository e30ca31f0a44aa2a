import { readCookie, writeCookie } from "../http/cookie.ts";
import { partNames } from "../http/part_names.ts";
import { isNavigation } from "../http/request.ts";
import type { Overflow, SessionCookie } from "../options/settings.ts";
import type { Visit } from "../session/state.ts";
import { tellRejected } from "./accept.ts";
import { earlierOf } from "./scopes.ts";
import { readCookies } from "./several_cookies.ts";

// A token that is too long for one cookie is cut in parts: see
// docs/decisions/037-sessions-in-parts.md.

/** How many tokens are put together: each is a decryption. */
const MOST_TOKENS = 16;
/** The first part says how many there are, and has those letters. */
const FIRST = /^[2-9]\.[\w-]{32}/;
/** Where a token has letters of its nonce, by which its parts are known. */
const TAG = [24, 32] as const;
/** A further part begins with them: others may be of another program. */
const FURTHER = /^[\w-]{8}\./;
/** What a further part has beside its share: `.1`, a tag and a full stop. */
const MORE = 2 + 8 + 1;

/** Whether a token that is too long for one cookie may go out in several. */
export function fits(
  { most, maxBytes }: Overflow,
  cookie: SessionCookie,
  token: string,
): boolean {
  const parts = partsOf(cookie, token);
  const bytes = parts.reduce(
    (sum, { name, value }) => sum + `${name}=${value}; `.length,
    0,
  );
  return parts.length <= most && bytes <= maxBytes;
}

/**
 * Cuts what is too long in the lines of a response, and has it remove the parts
 * that are left over of a longer session.
 *
 * @param lines Of our cookie, in any scope.
 */
export function cut(visit: Visit, lines: readonly string[]): string[] {
  const { cookie } = visit;
  let most = 0;
  const all = [...withEarlier(visit, lines)].flatMap((line) => {
    const { attributes, parts } = readLine(cookie, line);
    most = Math.max(most, parts.length);
    const scope = attributes.replace(/; Max-Age=\d+/, "");
    const left = partNames(cookie.name).slice(
      parts.length - 1,
      visit.parts ?? 0,
    )
      .map((name) => writeCookie({ name, attributes: scope }, "", 0));
    return [
      ...left,
      // Last, the cookie that refers to the others.
      ...parts.reverse().map(({ name, value }) =>
        [name, "=", value, attributes].join("")
      ),
    ];
  });
  // Another layer of the request may write again.
  visit.parts = Math.max(visit.parts ?? 0, most - 1);
  return all;
}

/**
 * Has a response remove the cookies of earlier scopes, too, if it sets more
 * than one: of two such sessions side by side, servers take no request.
 */
function withEarlier(visit: Visit, lines: readonly string[]): Set<string> {
  const { cookie } = visit;
  const isCut = visit.parts ||
    lines.some((line) => readLine(cookie, line).parts.length > 1);
  const earlier = isCut && lines.length ? earlierOf(cookie) : [];
  return new Set([
    ...earlier.map((each) => writeCookie(each, "", 0)),
    ...lines,
  ]);
}

/** What a line sets our cookie to: several, if it is too long for one. */
function readLine(
  cookie: SessionCookie,
  line: string,
): { attributes: string; parts: ReturnType<typeof partsOf> } {
  const [pair = ""] = line.split(";", 1);
  return {
    attributes: line.slice(pair.length),
    parts: partsOf(cookie, pair.slice(cookie.name.length + 1)),
  };
}

/**
 * Puts the parts of our cookie together.
 *
 * @returns The `Cookie` field as if it had come in one. A cookie of which parts
 * are missing, or are those of another one, is left out: it is refused. If they
 * stand behind a comma, it is one that nobody has read, and stays.
 */
export function join(visit: Visit, header: string): string {
  const { cookie, cookie: { name } } = visit;
  const usual = readCookie(header, cookie);
  if (
    usual !== null && usual?.[1] !== "." && !header.includes(`${name}.`)
  ) {
    return header;
  }
  let isBehindComma = false;
  const tails = partNames(name).map((part) => {
    if (!header.includes(`${part}=`)) return [];
    const { values, isJoined } = readCookies(header, part);
    isBehindComma ||= isJoined;
    return [...values].filter((value) => FURTHER.test(value));
  });
  visit.parts = tails.findLastIndex(({ length }) => length) + 1;
  const { values, isJoined } = readCookies(header, name);
  const firsts = [...values].filter((value) => FIRST.test(value));
  if (!firsts.length && !(visit.parts && !values.size && !isJoined)) {
    return header;
  }
  const found: string[] = [];
  for (const first of firsts) {
    if (found.length < MOST_TOKENS) found.push(...tokensOf(first, tails));
  }
  found.push(...[...values].filter((value) => !FIRST.test(value)));
  if (!found.length && isBehindComma) tellRejected(visit, "joined");
  else if (!found.length) {
    visit.fault = "parts";
    visit.opened = visit.settings.now();
    visit.isNavigation = isNavigation(visit.headers);
    tellRejected(visit, "parts");
  }
  return found.map((token) => `${name}=${token}`).join("; ");
}

/**
 * What a first part and its others may make: mostly one token, none if a part is
 * missing, and several if somebody has planted some with the same letters.
 */
function tokensOf(
  first: string,
  tails: readonly (readonly string[])[],
): readonly string[] {
  const [count] = first;
  const head = first.slice(2);
  const tag = head.slice(...TAG) + ".";
  let tokens = [head];
  for (let i = 0; i < Number(count) - 1; i++) {
    const shares = (tails[i] ?? []).filter((value) => value.startsWith(tag))
      .slice(0, MOST_TOKENS);
    tokens = tokens.flatMap((token) =>
      shares.map((share) => token + share.slice(tag.length))
    ).slice(0, MOST_TOKENS);
  }
  return tokens;
}

/** What each cookie of a token has: one, or the first of several and its parts. */
function partsOf(
  { name, maxBytes }: SessionCookie,
  token: string,
): { name: string; value: string }[] {
  if (name.length + token.length <= maxBytes) return [{ name, value: token }];
  const room = maxBytes - name.length - MORE;
  // A first part without those letters would not be known: too many, instead.
  const share = room < TAG[1] ? 1 : room;
  const count = Math.ceil(token.length / share);
  const tag = token.slice(...TAG);
  const shares = Array.from(
    { length: count },
    (_, i) => token.slice(i * share, (i + 1) * share),
  );
  return shares.map((value, i) =>
    i
      ? { name: `${name}.${i}`, value: `${tag}.${value}` }
      : { name, value: `${count}.${value}` }
  );
}
