import { partNames } from "../../src/http/part_names.ts";

/** A cookie in what somebody has pasted. */
export interface FoundCookie {
  /** Its name; nothing if only a value was pasted. */
  readonly name?: string | undefined;
  /** Its token, put together if it came in parts. */
  readonly value: string;
  /** How many cookies it came in. */
  readonly parts: number;
  /** Which of its further parts are missing, 1 for the first of them. */
  readonly missing: readonly number[];
}

/** What a token of this library begins with: the byte 1. */
export const TOKEN: RegExp = /^A[Q-f][\w-]{60,}$/;
/** The first of several cookies, and a further one: see decision 037. */
const FIRST = /^([2-9])\.([\w-]{32,})$/;
const FURTHER = /^([\w-]{8})\.([\w-]+)$/;
/** Where the letters of a token are by which its parts are known. */
const TAG = [24, 32] as const;

/** What stands in fields in the same way, and is no cookie. */
const ATTRIBUTES =
  /^(charset|boundary|path|domain|expires|max-age|s-maxage|samesite|priority)$/i;
/** What a cookie may be called; no longer than what is worth a message. */
const NAME = /^[\w.!#$%&*+^|~-]{1,64}$/;
/** A name and its value in a field, a command or a transcript. */
const PAIR = /(?<![\w.%-])([\w.!#$%&*+^|~-]{1,200})=("?)([^\s;,"'^]*)\2/g;
/** The same in JSON, as browsers and Playwright write their cookies. */
const JSON_PAIR =
  /"name"\s*:\s*"([^"]+)"[^{}]{0,2000}?"value"\s*:\s*"([^"]*)"/g;

/**
 * Finds the cookies of this library in a text: a value, a `Cookie` or
 * `Set-Cookie` field, a command or a transcript of curl, its file of cookies, a
 * row of the developer tools, or JSON.
 *
 * @param names Those that are asked for; without any, what looks like ours.
 */
export function findCookies(
  text: string,
  names: readonly string[] = [],
): readonly FoundCookie[] {
  const pairs = pairsIn(text);
  const isOurs = ({ name, value }: Pair) =>
    names.length
      ? names.includes(name)
      : TOKEN.test(value) || FIRST.test(value) || isUsual(name);
  const found = new Map<string, FoundCookie>();
  for (const pair of pairs) {
    if (!isOurs(pair)) continue;
    const cookie = putTogether(pair, pairs);
    found.set(`${cookie.name}=${cookie.value}`, cookie);
  }
  if (found.size) return [...found.values()];
  const only = text.trim().replace(/^(["'])(.*)\1$/s, "$2");
  // Terminals break long lines, and some put that into what is copied.
  const joined = only.split("\n").map((line) => line.trim()).join("");
  const isValue = only !== "" && !/[\s=:;{]/.test(joined);
  return isValue ? [putTogether({ name: undefined, value: joined }, [])] : [];
}

/** The names of what may be other cookies, for who has pasted those. */
export function namesIn(text: string): readonly string[] {
  const names = pairsIn(text)
    .filter(({ name, value }) =>
      value.length >= 8 && NAME.test(name) && !ATTRIBUTES.test(name)
    )
    .map(({ name }) => name);
  return [...new Set(names)];
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

function pairsIn(text: string): Pair[] {
  const pairs: Pair[] = [];
  for (const line of text.split(/\r?\n/)) {
    const fields = line.split("\t").map((field) => field.trim());
    if (fields.length >= 7 && /^(TRUE|FALSE)$/.test(fields[1] ?? "")) {
      // A file of curl: host, whether below, path, secure, end, name, value.
      pairs.push({ name: fields[5] ?? "", value: fields[6] ?? "" });
    } else if (fields.length > 1) {
      // A row of the developer tools begins with name and value.
      pairs.push({ name: fields[0] ?? "", value: fields[1] ?? "" });
    }
  }
  for (const [, name = "", , value = ""] of text.matchAll(PAIR)) {
    pairs.push({ name, value });
  }
  for (const [, name = "", value = ""] of text.matchAll(JSON_PAIR)) {
    pairs.push({ name, value });
  }
  return pairs;
}

/** Whether a name is one that this library gives by itself. */
function isUsual(name: string): boolean {
  return /^(__(Host|Secure)-)?sid(-\d{1,5})?$/.test(name);
}

function putTogether(
  { name, value }: { name: string | undefined; value: string },
  pairs: readonly Pair[],
): FoundCookie {
  const [, most, head = ""] = FIRST.exec(value) ?? [];
  if (!most) return { name, value, parts: 1, missing: [] };
  const tag = head.slice(...TAG);
  const missing: number[] = [];
  let token = head;
  partNames(name ?? "").slice(0, Number(most) - 1).forEach((part, i) => {
    const share = pairs
      .map((pair) => pair.name === part ? FURTHER.exec(pair.value) : null)
      .find((match) => match?.[1] === tag)?.[2];
    if (share === undefined) missing.push(i + 1);
    else token += share;
  });
  return { name, value: token, parts: Number(most), missing };
}
