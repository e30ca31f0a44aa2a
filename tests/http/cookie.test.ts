import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "node:test";
import { readCookie } from "../../src/http/cookie.ts";
import { anyText, textOf } from "../shared/arbitraries.ts";
import { cookieOf, maySet, read } from "../shared/cookies.ts";

/** What our cookie `__Host-sid` is in a `Cookie` field, at a first look. */
const HEADERS: readonly (readonly [
  what: string,
  header: string,
  value: string | null | undefined,
])[] = [
  ["reads a pair alone", "__Host-sid=abc", "abc"],
  ["reads the first pair", "__Host-sid=abc; a=1", "abc"],
  ["reads a pair in the middle", "a=1; __Host-sid=abc; b=2", "abc"],
  ["reads the last pair", "a=1; b=2; __Host-sid=abc", "abc"],
  ["reads pairs without blanks between", "a=1;__Host-sid=abc;b=2", "abc"],
  [
    "reads pairs with many blanks between",
    "a=1;  \t __Host-sid=abc ;b=2",
    "abc",
  ],
  ["reads a pair with blanks around the field", "  __Host-sid=abc\t ", "abc"],
  ["reads an empty value", "__Host-sid=; a=1", ""],
  ["reads a value with =", "__Host-sid=a=b==; c=1", "a=b=="],
  ["leaves quotes to a closer look", '__Host-sid="abc"', null],
  ["does not decode percent signs", "__Host-sid=a%3Db", "a%3Db"],
  ["keeps a blank inside a value", "__Host-sid=a b", "a b"],
  ["leaves a comma to a closer look", "__Host-sid=a,b=c", null],
  ["takes several fields joined with ;", "a=1; b=2; __Host-sid=abc", "abc"],
  [
    "never joins two fields to one value",
    "__Host-sid=abc, __Host-sid=abc",
    null,
  ],
  ["takes the same pair twice", "__Host-sid=abc; __Host-sid=abc", "abc"],
  [
    "takes it twice with other blanks",
    "__Host-sid=abc ;__Host-sid=abc",
    "abc",
  ],
  ["takes none of two", "__Host-sid=abc; __Host-sid=def", null],
  ["takes none of two, in any order", "__Host-sid=def; __Host-sid=abc", null],
  ["takes none of two apart", "__Host-sid=a; b=1; c=2; __Host-sid=d", null],
  ["takes none of three", "__Host-sid=a; __Host-sid=a; __Host-sid=d", null],
  ["takes none of one and an empty one", "__Host-sid=; __Host-sid=d", null],
  ["tells values apart by case", "__Host-sid=abc; __Host-sid=ABC", null],

  ["finds nothing in nothing", "", undefined],
  ["finds nothing among others", "a=1; b=2", undefined],
  ["ignores a name without a value", "__Host-sid", undefined],
  [
    "ignores a name without a value in between",
    "a=1; __Host-sid; b=2",
    undefined,
  ],
  ["ignores a value without a name", "=abc; =__Host-sid", undefined],
  ["ignores a nameless cookie that spells ours", "=__Host-sid=evil", undefined],
  ["ignores empty pairs", ";;;", undefined],
  ["ignores pairs that are not there", "; =; a", undefined],
  ["finds a pair among empty ones", ";;; __Host-sid=abc;;;", "abc"],
  ["ignores a name in lower case", "__host-sid=abc", undefined],
  ["ignores a name in upper case", "__HOST-SID=abc", undefined],
  ["ignores a name that only ends with ours", "x__Host-sid=abc", undefined],
  ["ignores a name that only begins with ours", "__Host-sid2=abc", undefined],
  ["ignores a name with a blank before =", "__Host-sid =abc", undefined],
  ["ignores a name with a percent escape", "__Host-sid%20=abc", undefined],
  ["ignores a percent-encoded name", "%5F_Host-sid=abc", undefined],
  ["ignores the name in another's value", "a=__Host-sid=abc", undefined],
  ["leaves it behind a comma to a closer look", "a=1,__Host-sid=abc", null],
  ["does so with a blank before it", "a=1, __Host-sid=abc", null],
  ["ignores it behind a no-break space", "a=1;\xa0__Host-sid=abc", undefined],
  ["ignores it behind a form feed", "a=1;\f__Host-sid=abc", undefined],
  [
    "does so behind a name that ends like it",
    "x__Host-sid=1, __Host-sid=abc",
    null,
  ],
  [
    "does so behind a value that spells it",
    "a=__Host-sid=1,__Host-sid=abc",
    null,
  ],
  ["does so inside quotes", 'a="; b=1, __Host-sid=abc"', null],
  ["ignores the name without its prefix", "sid=abc", undefined],
  ["ignores the name with another prefix", "__Secure-sid=abc", undefined],
  ["ignores full-width letters", "__Host-\uff53id=abc", undefined],
  ["ignores names of objects", "__proto__=1; constructor=2", undefined],
  [
    "finds it among cookies of the real world",
    '_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.1.1; OptanonConsent=isGpcEnabled=0&datestamp=Mon+Nov+01; theme=dark; __Host-sid=AbC-_9; intercom-id={"a":1}; NID=511=xyz',
    "AbC-_9",
  ],
];

/** Names with signs that mean something in a pattern. */
const ODD_NAMES = [
  "s.d",
  "s+d",
  "s*",
  "s|d",
  "^s",
  "$sid",
  "a.b*c+d",
  "!#%&'`~",
];

describe("readCookie()", () => {
  for (const [what, header, value] of HEADERS) {
    it(what, () => assert.equal(read(header), value));
  }

  it("takes each sign of a name for itself", () => {
    for (const name of ODD_NAMES) {
      assert.equal(read(`a=1; ${name}=abc; b=2`, { name }), "abc", name);
      for (const other of ["sxd", "sd", "ssd", "s", "d", "id", "aXbcd"]) {
        if (other === name) continue;
        assert.equal(read(`${other}=abc`, { name }), undefined, name);
      }
    }
  });

  it("reads the same field again and again", () => {
    const form = cookieOf();
    for (let i = 0; i < 3; i++) {
      assert.equal(readCookie("a=1; __Host-sid=abc", form), "abc");
      assert.equal(readCookie("__Host-sid=abc", form), "abc");
      assert.equal(readCookie("__Host-sid=a; __Host-sid=b", form), null);
    }
  });

  it("finds a pair behind 10 000 others", () => {
    const others = Array.from({ length: 10_000 }, (_, i) => `c${i}=${i}`);
    assert.equal(read(`${others.join("; ")}; __Host-sid=abc`), "abc");
  });

  it("comes to an end with 1 MiB of anything", () => {
    const units = [
      ";",
      " ",
      "\t",
      "=",
      "; ",
      "a",
      "a=;",
      "; \t",
      "__Host-si",
      "__Host-sid",
      "; __Host-sid",
      ";__Host-sid ",
    ];
    for (const unit of units) {
      const mebibyte = unit.repeat(2 ** 20 / unit.length);
      assert.equal(read(mebibyte), undefined, unit);
      assert.equal(read(`${mebibyte}; __Host-sid=abc`), "abc", unit);
    }
    const value = "x".repeat(2 ** 20);
    assert.equal(read(`__Host-sid=${value}`), value);
    const pairs = "__Host-sid=abc;".repeat(70_000);
    assert.equal(read(pairs), "abc");
    assert.equal(read(`${pairs}__Host-sid=def`), null);
  });

  it("never throws, whatever the field holds", () => {
    const form = cookieOf();
    const piece = fc.constantFrom(...'; =,"\t', "__Host-sid");
    const headers = fc.oneof(
      anyText({ maxLength: 200 }),
      fc.string({ unit: piece, maxLength: 40 }),
    );
    fc.assert(
      fc.property(headers, (header) => {
        const value = readCookie(header, form);
        // How many blanks stand inside a value is all the same.
        const squeeze = (text: string) => text.replace(/[ \t]+/g, " ");
        return !value || squeeze(header).includes(squeeze(value));
      }),
      { seed: 6265, numRuns: 2000 },
    );
  });

  it("finds exactly the pair that was planted", () => {
    const form = cookieOf();
    const near = fc.constantFrom(
      "__Host-sid2",
      "x__Host-sid",
      "__host-sid",
      "",
    );
    const pair = fc.oneof(
      textOf("abc019-_=.%\"' ,", { maxLength: 12 }),
      fc.tuple(near, textOf("=abc ", { maxLength: 5 }))
        .map(([name, value]) => `${name}=${value}`),
    );
    const others = fc.array(pair, { maxLength: 20 });
    const token = textOf("ABCabc012-_", { maxLength: 60 });
    const blanks = fc.constantFrom("", " ", "  ", "\t");
    const fields = fc.tuple(others, fc.nat(), token, blanks);
    fc.assert(
      fc.property(fields, ([pairs, at, value, blank]) => {
        const planted = `__Host-sid=${value}`;
        const header = pairs.toSpliced(at % (pairs.length + 1), 0, planted)
          .join(`;${blank}`);
        assert.equal(readCookie(header, form), value);
        assert.equal(readCookie(pairs.join(`;${blank}`), form), undefined);
      }),
      { seed: 6265, numRuns: 1000 },
    );
  });
});

/** Which cookie a request to an address has, with `secure: "auto"`. */
const ADDRESSES: readonly (readonly [
  url: string,
  cookie: "secure" | "plain" | "none",
])[] = [
  ["https://example.com/", "secure"],
  ["https://example.com:8443/a?b#c", "secure"],
  ["https://localhost/", "secure"],
  ["https://127.0.0.1:8443/", "secure"],
  ["https://[::1]/", "secure"],
  ["http://localhost/", "plain"],
  ["http://localhost:3000/a", "plain"],
  ["http://LOCALHOST:3000/", "plain"],
  ["http://app.localhost:3000/", "plain"],
  ["http://a.b.localhost/", "plain"],
  ["http://127.0.0.1/", "plain"],
  ["http://127.0.0.1:8787/x?y", "plain"],
  ["http://127.1.2.3/", "plain"],
  ["http://[::1]/", "plain"],
  ["http://[::1]:3000/", "plain"],
  ["http://[0:0:0:0:0:0:0:1]:3000/", "plain"],
  ["http://example.com/", "none"],
  ["http://example.com/localhost", "none"],
  ["http://example.com/?http://localhost/", "none"],
  ["http://example.com/#@localhost/", "none"],
  ["http://localhost.example.com/", "none"],
  ["http://notlocalhost/", "none"],
  ["http://localhosts/", "none"],
  ["http://127.0.0.1.example.com/", "none"],
  ["http://127.example.com/", "none"],
  ["http://128.0.0.1/", "none"],
  ["http://10.0.0.1/", "none"],
  ["http://192.168.1.10:3000/", "none"],
  ["http://0.0.0.0:3000/", "none"],
  ["http://[::2]/", "none"],
  ["http://[::ffff:a00:1]/", "none"],
  ["http://[fe80::1]/", "none"],
];

/** What Deno and Bun hand over where a stranger's `Host` is none. */
const NO_ADDRESSES = [
  "/",
  "/healthz",
  "x:80",
  "*",
  "http:",
  "http://",
  "http:///",
  "http://a b/",
  "http://x:99999/",
  "http://[::1/",
  "http://a%zz/",
  "http://localhost@evil.example/",
  "http://localhost:80@evil.example/",
  "http://localhost\\.evil.example/",
  "http://evil.example/.localhost/",
  "http://evil.example\\x.localhost/",
  "http://evil.example?x.localhost/",
  "http://evil.example#x.localhost/",
  "http://localhost.evil.example/",
  "http://localhost:x/",
  "http://localhost:123456/",
  "http://localhost b/",
];

describe("cookieOf()", () => {
  for (const [url, cookie] of ADDRESSES) {
    it(`takes the ${cookie} cookie for ${url}`, () => {
      // As a server would hand it over.
      const address = new Request(url).url;
      assert.equal(maySet({}, address), cookie !== "none");
      const { name } = cookieOf({}, address);
      const { port } = new URL(address);
      const plain = port ? `sid-${port}` : "sid";
      assert.equal(name, cookie === "plain" ? plain : "__Host-sid");
      assert.ok(maySet({ secure: true }, address));
      assert.equal(cookieOf({ secure: true }, address).name, "__Host-sid");
      assert.ok(maySet({ secure: false }, address));
      assert.equal(cookieOf({ secure: false }, address).name, "sid");
    });
  }

  it("takes the plain cookie for an address without a path", () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
      assert.equal(cookieOf({}, `http://${host}`).name, "sid");
      assert.equal(cookieOf({}, `http://${host}:3000`).name, "sid-3000");
    }
  });

  for (const url of NO_ADDRESSES) {
    it(`sets none for ${url}, which is no address of this machine`, () => {
      assert.equal(maySet({}, url), false);
      assert.equal(cookieOf({}, url).name, "__Host-sid");
    });
  }

  it("never reads the name without prefix on https or from elsewhere", () => {
    for (
      const url of [
        "https://example.com/",
        "https://localhost/",
        "http://a.example/",
      ]
    ) {
      assert.equal(readCookie("sid=abc", cookieOf({}, url)), undefined);
      assert.equal(
        readCookie("sid=abc; __Host-sid=def", cookieOf({}, url)),
        "def",
      );
    }
  });

  it("never reads the name with prefix on the machine itself", () => {
    const form = cookieOf({}, "http://localhost/");
    assert.equal(readCookie("__Host-sid=abc", form), undefined);
    assert.equal(readCookie("__Host-sid=abc; sid=def", form), "def");
  });
});
