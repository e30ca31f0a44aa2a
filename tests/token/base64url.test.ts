import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "node:test";
import { decodeBase64url, encodeBase64url } from "../../src/token/base64url.ts";
import { anyText, textOf } from "../shared/arbitraries.ts";
import { filled, toBase64url, toHex, utf8 } from "../shared/format.ts";

// RFC 4648 §10, without padding.
const VECTORS = [
  ["", ""],
  ["f", "Zg"],
  ["fo", "Zm8"],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg"],
  ["fooba", "Zm9vYmE"],
  ["foobar", "Zm9vYmFy"],
] as const;

/** Near enough to the alphabet that some texts are good. */
const NEAR = "AQgwZm9v-_+/= \t\n";

const FOREIGN: readonly (readonly [what: string, text: string])[] = [
  ["one padding character", "Zm8="],
  ["two padding characters", "Zg=="],
  ["padding alone", "="],
  ["the alphabet of base64, plus", "-_+_"],
  ["the alphabet of base64, slash", "-_/_"],
  ["a single character", "Z"],
  ["a length that no bytes have", "Zm9vY"],
  ["spare bits after one byte", "Zh"],
  ["spare bits after two bytes", "Zm9"],
  ["a blank in front", " Zm9v"],
  ["a blank behind", "Zm9v "],
  ["a blank inside", "Zm 9v"],
  ["a tab", "Zm\t9v"],
  ["a line feed", "Zm9v\n"],
  ["a carriage return", "Zm9v\r"],
  ["a form feed", "Zm9v\f"],
  ["a NUL", "Zm9v\0"],
  ["a no-break space", "Zm9v\xa0"],
  ["a byte order mark", "\ufeffZm9v"],
  ["a percent escape", "Zm9v%3D"],
  ["quotes", '"Zm9v"'],
  ["a comma", "Zm9v,Zm9v"],
  ["a dot", "Zm9v.Zm9v"],
  ["full-width letters", "\uff3a\uff4d\uff19\uff56"],
  ["a Kelvin sign", "Zm9\u212a"],
  ["a lone high surrogate", "Zm9\ud800"],
  ["a lone low surrogate", "Zm9\udc00"],
  ["a pair of surrogates", "Zm\u{1f36a}"],
  ["a combining mark", "Zm9v\u0301\u0301\u0301\u0301"],
];

// Where Buffer is not, the platform's own coder is the only one.
const HAS_OLDER = "Buffer" in globalThis;
type Coder = readonly [string, <T>(run: () => T) => T];
const CODERS: readonly Coder[] = [
  ["the platform's coder", (run) => run()],
  ...HAS_OLDER
    ? [["the coder of older platforms", withoutNative] as const]
    : [],
];

describe("base64url", () => {
  for (const [coder, run] of CODERS) {
    it(
      `encodes and decodes the vectors of RFC 4648 by ${coder}`,
      () => {
        for (const [plain, text] of VECTORS) {
          assert.equal(run(() => encodeBase64url(utf8(plain))), text);
          const bytes = run(() => decodeBase64url(text));
          assert.ok(bytes);
          assert.equal(toHex(bytes), toHex(utf8(plain)));
        }
      },
    );

    it(`uses the URL's alphabet by ${coder}`, () => {
      const bytes = Uint8Array.of(0xfb, 0xef, 0xff);
      assert.equal(run(() => encodeBase64url(bytes)), "--__");
      assert.deepEqual(run(() => decodeBase64url("--__")), bytes);
    });

    it(`refuses every other spelling by ${coder}`, () => {
      for (const [what, text] of FOREIGN) {
        assert.equal(run(() => decodeBase64url(text)), null, what);
      }
    });

    it(
      `takes exactly 1 of 16 and of 4 last characters by ${coder}`,
      () => {
        const alphabet = [
          ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        ];
        const good = (start: string) =>
          alphabet.filter((last) => run(() => decodeBase64url(start + last)))
            .join("");
        assert.equal(good("A"), "AQgw");
        assert.equal(good("AA"), "AEIMQUYcgkosw048");
        assert.equal(good("AAA"), alphabet.join(""));
      },
    );

    it(`reads back the longest token by ${coder}`, () => {
      const bytes = filled(3072, 0xfe);
      const text = run(() => encodeBase64url(bytes));
      assert.equal(text.length, 4096);
      assert.deepEqual(run(() => decodeBase64url(text)), bytes);
    });

    it(`reads back any bytes by ${coder}`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          const text = run(() => encodeBase64url(bytes));
          const back = run(() => decodeBase64url(text));
          return /^[\w-]*$/.test(text) && back !== null &&
            toHex(back) === toHex(bytes);
        }),
        { seed: 4648 },
      );
    });

    it(`knows one spelling only of any text by ${coder}`, () => {
      const texts = fc.oneof(
        textOf(NEAR, { maxLength: 12 }),
        anyText({ maxLength: 12 }),
      );
      fc.assert(
        fc.property(texts, (text) => {
          const bytes = run(() => decodeBase64url(text));
          return bytes === null || run(() => encodeBase64url(bytes)) === text;
        }),
        { seed: 4648, numRuns: 2000 },
      );
    });
  }

  if (!HAS_OLDER) return;

  it("both coders agree on all bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encodeBase64url(bytes);
        return withoutNative(() => encodeBase64url(bytes)) === text &&
          text === toBase64url(bytes);
      }),
      { seed: 4648 },
    );
  });

  it("both coders agree on what they refuse", () => {
    fc.assert(
      fc.property(textOf(NEAR, { maxLength: 9 }), (text) => {
        const native = decodeBase64url(text);
        const script = withoutNative(() => decodeBase64url(text));
        return (native && toHex(native)) === (script && toHex(script));
      }),
      { seed: 4648, numRuns: 2000 },
    );
  });
});

/** Runs as on a platform without ECMAScript's own base64. */
function withoutNative<T>(run: () => T): T {
  const homes = [
    [Uint8Array, "fromBase64"],
    [Uint8Array.prototype, "toBase64"],
  ] as const;
  const own = homes.map(([home, name]) =>
    Object.getOwnPropertyDescriptor(home, name)
  );
  try {
    for (const [home, name] of homes) Reflect.deleteProperty(home, name);
    return run();
  } finally {
    homes.forEach(([home, name], i) => {
      const descriptor = own[i];
      if (descriptor) Object.defineProperty(home, name, descriptor);
    });
  }
}
