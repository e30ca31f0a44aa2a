import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { readCookies } from "../../src/request/several_cookies.ts";
import { readCookie } from "../../src/http/cookie.ts";
import { anyText } from "../shared/arbitraries.ts";
import { cookieOf } from "../shared/cookies.ts";
import { requestWith, setUp } from "../shared/support.ts";

const guarded = cookieOf();
const plain = cookieOf({}, "http://localhost/");

/** What a `Cookie` field holds for `NAME`, with a prefix and without. */
const HEADERS: readonly (readonly [
  what: string,
  header: string,
  guarded: string[],
  plain?: string[],
])[] = [
  ["reads all values", "NAME=a; b=1; NAME=c", ["a", "c"]],
  ["reads the same value once", "NAME=a;NAME=a ;\tNAME=a", ["a"]],
  ["leaves out what is empty", 'NAME=; NAME=a; NAME=""', ["a"]],
  ["takes quotes away", 'NAME="a"; NAME=a', ["a"]],
  ["takes one pair of quotes away", 'NAME=""a""', ['"a"']],
  ["leaves a quote alone", 'NAME="a; NAME=b"', ['"a', 'b"']],
  ["leaves quotes within a value", 'NAME=a"b"c', ['a"b"c']],
  ["leaves quotes at one end", 'NAME=a"b"; NAME="c"d', ['a"b"', '"c"d']],
  ["ends a value at a comma", "NAME=a, b=1; c=2", ["a"]],
  ["reads behind a comma", "b=1, NAME=a", [], ["a"]],
  ["reads behind a comma without a blank", "b=1,NAME=a,c", [], ["a"]],
  ["reads on both sides of one", "NAME=a, NAME=c", ["a"], ["a", "c"]],
  ["reads on both sides of one, twice the same", "NAME=a, NAME=a", ["a"]],
  ["reads behind many commas", ",,, NAME=a,,", [], ["a"]],
  ["does not read another name", "xNAME=a, NAME2=b,NAME =c", []],
  ["does not read another's value", "b=NAME=a, c=NAME=a", []],
  ["does not read a name behind a quote", 'b="c, "NAME=a', []],
  ["keeps other white space than blanks", "b,\xa0NAME=a;\fNAME=c", []],
];

describe("Several cookies of one session", () => {
  it("are told apart without a look at the data, whatever its codec is", async () => {
    const codec = {
      parse: (text: string): unknown => JSON.parse(text.slice(1)),
      stringify: (value: unknown) => `~${JSON.stringify(value)}`,
    };
    const { options } = setUp({ codec });
    const sessions = createSessions<{ n: number }>(options);
    const session = sessions.create();
    session.set("n", 1);
    const tokens = [await sessions.seal(session)];
    session.set("n", 2);
    tokens.push(await sessions.seal(session));
    const cookie = tokens.map((token) => `__Host-sid=${token}`).join("; ");
    const again = await sessions.open(requestWith(cookie));
    assert.equal(again.id, session.id);
    assert.equal(again.get("n"), 2);
  });
});

describe("readCookies()", () => {
  for (const [what, header, ofGuarded, ofPlain = ofGuarded] of HEADERS) {
    it(what, () => {
      for (const [form, values] of [[guarded, ofGuarded], [plain, ofPlain]]) {
        const { name } = form as typeof guarded;
        const found = readCookies(
          header.replaceAll("NAME", name),
          name,
        );
        assert.deepEqual([...found.values], values, name);
      }
    });
  }

  it("says that a guarded name was behind a comma", () => {
    const isJoined = (header: string, form = guarded) =>
      readCookies(header, form.name).isJoined;
    assert.ok(isJoined("a=1, __Host-sid=b"));
    assert.ok(!isJoined("__Host-sid=b, a=1"));
    assert.ok(!isJoined("a=1, sid=b", plain));
    assert.ok(
      !isJoined("a=1, x__Host-sid=b", { ...plain, name: "x__Host-sid" }),
    );
  });

  it("finds what a first look finds, whatever else there is", () => {
    const piece = fc.constantFrom(...'; =,"\t', "__Host-sid");
    const headers = fc.oneof(
      anyText({ maxLength: 200 }),
      fc.string({ unit: piece, maxLength: 40 }),
    );
    fc.assert(
      fc.property(headers, (header) => {
        const value = readCookie(header, guarded);
        const { values } = readCookies(header, guarded.name);
        if (value) return values.size === 1 && values.has(value);
        return value === null || values.size === 0;
      }),
      { seed: 6265, numRuns: 2000 },
    );
  });
});
