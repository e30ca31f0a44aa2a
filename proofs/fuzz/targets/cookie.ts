// Parsing of a `Cookie` field, beside a plain reading of RFC 6265bis §5.8.3:
// pairs stand between semicolons, blanks around them do not count, and the name
// ends at the first `=`.

import assert from "node:assert/strict";
import { readCookie } from "../../../src/http/cookie.ts";
import { readCookies } from "../../../src/request/several_cookies.ts";
import type { Target } from "../target.ts";

const NAMES = ["__Host-sid", "__Secure-sid", "sid", "sid-3000", "a.b+c*"];

export const target: Target = {
  about: "a Cookie field",
  words: [
    ...NAMES.map((name) => `${name}=`),
    ...["; ", ";", ",", " ", "\t", '"', "=", "==", "__host-sid=", "sid-3001="],
    ...["__Host-sid=abc", "sid=abc", 'sid="abc"', "\u00a0", "\u000b"],
  ],
  seeds: () => [
    "__Host-sid=abc",
    "a=1; __Host-sid=abc; b=2; __Host-sid=abc",
    "sid=abc, sid=abd",
    'sid="a,b"; sid=c',
    "x__Host-sid=abc;__Host-sid= abc ;=",
  ],
  run(header) {
    for (const name of NAMES) {
      if (header.includes(`${name}=`)) check(header, name);
      else assert.equal(readCookie(header, { name }), undefined);
    }
  },
};

function check(header: string, name: string): void {
  const quick = readCookie(header, { name });
  const { values, isJoined } = readCookies(header, name);
  const plain = plainly(header, name);
  same([...values], plain.values);
  assert.equal(isJoined, plain.isJoined);
  // What the quick reader does not leave to the other, it has to read alike.
  if (quick === null) return;
  assert.equal(isJoined, false);
  same(quick ? [quick] : [], plain.values);
  if (quick === undefined) assert.equal(plain.isThere, false);
}

function same(found: readonly string[], plain: readonly string[]): void {
  const isSame = found.length === plain.length &&
    found.every((value, i) => value === plain[i]);
  // `deepEqual` takes longer than all the rest.
  if (!isSame) assert.deepEqual(found, plain);
}

/** One character at a time. */
function plainly(header: string, name: string) {
  const values: string[] = [];
  let [isJoined, isThere] = [false, false];
  let [part, isBehindComma] = ["", false];
  for (const char of `${header};`) {
    if (char !== ";" && char !== ",") {
      part += char;
      continue;
    }
    const end = part.indexOf("=");
    const found = part.slice(0, Math.max(0, end)).replace(/^[ \t]+/, "");
    if (end >= 0 && found === name) {
      isThere = true;
      let value = part.slice(end + 1);
      while (/[ \t]$/.test(value)) value = value.slice(0, -1);
      if (value.length > 1 && value.startsWith('"') && value.endsWith('"')) {
        if (!/[\n\r\u2028\u2029]/.test(value)) value = value.slice(1, -1);
      }
      if (isBehindComma && name.startsWith("__")) isJoined = true;
      else if (value && !values.includes(value)) values.push(value);
    }
    [part, isBehindComma] = ["", char === ","];
  }
  return { values, isJoined, isThere };
}
