import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { authJs, type AuthJsOptions, nextAuth } from "../../readers/authjs.ts";
import { type Maker, MAKERS, SECRET } from "./_auth_sessions.ts";
import {
  countDecryptions,
  HOSTILE,
  keyOf,
  readCookies,
  refuseForgeries,
  refuseOddTokens,
  sealAny,
} from "./_jwe.ts";
import { moved } from "./_moved.ts";

type Theirs = { sub?: string; name?: string; cart?: unknown[] };

const THEIRS = { sub: "ada", name: "Ada", cart: [1, { n: 2 }, "ü"] };
const ADA = { user: "ada", data: { name: "Ada", cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const PART = 3900;

function readerOf(
  { isOld }: Pick<Maker, "isOld">,
  more: Partial<AuthJsOptions<Theirs>> = {},
) {
  return (isOld ? nextAuth : authJs)<Theirs>({
    secret: SECRET,
    until: "2100-01-01",
    map: ({ sub, ...data }) => ({ user: sub, data }),
    ...more,
  });
}

for (const [version, maker] of Object.entries(MAKERS)) {
  const { isOld } = maker;
  const name = `__Secure-${maker.name}`;
  const read = (token: string, more?: Partial<AuthJsOptions<Theirs>>) =>
    readCookies(readerOf(maker, more), { [name]: token });

  describe(`a session of ${version}`, () => {
    it("goes on, and its cookie is removed", async () => {
      const cookies = { [name]: await maker.make(THEIRS) };
      const { lines, ...seen } = await moved(readerOf(maker))(cookies);
      assert.deepEqual(seen, ADA);
      assert.match(lines[0] ?? "", /^__Host-sid=/);
      assert.deepEqual(lines.slice(1), [
        `${name}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
      ]);
    });

    it("goes on without a map, and nobody is logged in", async () => {
      const plain = (isOld ? nextAuth : authJs)({
        secret: SECRET,
        until: "2100-01-01",
      });
      const cookies = { [name]: await maker.make(THEIRS) };
      const { lines: _lines, ...seen } = await moved(plain)(cookies);
      assert.deepEqual(seen, { user: null, data: THEIRS });
    });

    it("is read under the name for plain http, if that is given", async () => {
      const token = await maker.make(THEIRS, { name: maker.name });
      const cookies = { [maker.name]: token };
      assert.equal(await readCookies(readerOf(maker), cookies), undefined);
      const named = readerOf(maker, { cookie: { name: maker.name } });
      assert.equal((await readCookies(named, cookies))?.user, "ada");
      assert.equal(await readCookies(named, { [name]: token }), undefined);
    });

    it("is opened by each secret that was in use", async () => {
      const token = await maker.make(THEIRS);
      assert.ok(await read(token, { secret: ["newer", SECRET] }));
      assert.ok(await read(token, { secret: [SECRET, "older"] }));
      assert.equal(await read(token, { secret: ["newer"] }), undefined);
      assert.equal(await read(token, { secret: `${SECRET} ` }), undefined);
    });

    it("is over 15 seconds after its end", async () => {
      const began = Math.floor(Date.now() / 1000) * 1000;
      const token = await maker.make(THEIRS, { maxAge: 3600 });
      const at = async (seconds: number) =>
        !!await readCookies(
          readerOf(maker),
          { [name]: token },
          began + seconds * 1000,
        );
      assert.equal(await at(3600), true);
      assert.equal(await at(3614), true);
      // The clock may have turned between.
      assert.equal(await at(3617), false);
    });

    it("is the same one for as long as the user is", async () => {
      const [first, second, other] = [
        await maker.make(THEIRS),
        await maker.make(THEIRS),
        await maker.make({ ...THEIRS, sub: "bob" }),
      ];
      const idOf = async (token: string) =>
        (await read(token) as { id?: string }).id;
      assert.equal(await idOf(first), await idOf(second));
      assert.notEqual(await idOf(first), await idOf(other));
    });

    it("is read in parts, which are all removed", async () => {
      const cart = Array.from({ length: 9 }, () => "x".repeat(1000));
      const token = await maker.make({ ...THEIRS, cart });
      const parts = token.match(new RegExp(`.{1,${PART}}`, "g")) ?? [];
      assert.ok(parts.length > 2);
      const named = (all: readonly string[]) =>
        Object.fromEntries(all.map((part, i) => [`${name}.${i}`, part]));
      const reader = readerOf(maker);
      assert.equal((await readCookies(reader, named(parts)))?.user, "ada");
      const [a = "", b = "", ...rest] = parts;
      const twin = await maker.make({ ...THEIRS, cart });
      for (
        const bad of [
          [a],
          parts.slice(1),
          [b, a, ...rest],
          [a, a, ...rest],
          [a, twin.slice(PART, 2 * PART), ...rest],
          [a, b.slice(1), ...rest],
        ]
      ) assert.equal(await readCookies(reader, named(bad)), undefined);
      const lines = reader.clear({
        names: [name, `${name}.0`, `${name}.7`, `${name}.8`, `${name}s`],
        valuesOf: () => [],
        now: 0,
      });
      assert.deepEqual(lines.map((line) => line.split("=")[0]), [
        name,
        `${name}.0`,
        `${name}.7`,
      ]);
    });

    refuseForgeries({ make: () => maker.make(THEIRS), open: (t) => read(t) });
  });

  describe(`hostile cookies in place of one of ${version}`, () => {
    it("are refused at once, and fail no request", async () => {
      const began = performance.now();
      const { decrypt } = await countDecryptions(async () => {
        for (const text of HOSTILE) assert.equal(await read(text), undefined);
      });
      assert.equal(decrypt, 0);
      assert.ok(performance.now() - began < 500);
      const visit = moved(readerOf(maker));
      for (const text of HOSTILE) {
        for (const cookie of [`${name}=${text}`, `${name}.0=${text}`, text]) {
          assert.deepEqual(await visit(cookie), NOBODY);
        }
      }
    });

    it("cost little for each of the first four and each secret", async () => {
      const good = await maker.make(THEIRS);
      const forged = Array.from(
        { length: 60 },
        (_, i) => good.replace(/..(?=.{10}$)/, `${10 + i}`),
      ).filter((each) => each !== good);
      const twice = readerOf(maker, { secret: ["another", SECRET] });
      assert.ok(await readCookies(twice, { [name]: good }));
      const { decrypt, sign, deriveBits } = await countDecryptions(async () => {
        const found = await readCookies(twice, { [name]: forged });
        assert.equal(found, undefined);
      });
      // With the name of a key, there is one, and what is not authentic is not
      // decrypted.
      const isNamed = version === "Auth.js 5";
      assert.equal(decrypt, isNamed ? 0 : 8);
      assert.equal(sign, isNamed ? 8 : 0);
      assert.equal(deriveBits, 0);
      const both = { [name]: ["forged", good] };
      assert.ok(await readCookies(readerOf(maker), both));
    });
  });
}

describe("tokens of Auth.js 5 and NextAuth 4", () => {
  it("are not taken for each other, nor by another name", async () => {
    for (const [, maker] of Object.entries(MAKERS)) {
      const token = await maker.make(THEIRS);
      const name = "other";
      const wrong = readerOf({ isOld: !maker.isOld }, { cookie: { name } });
      assert.equal(await readCookies(wrong, { [name]: token }), undefined);
      // The name is in the key of the newer one alone.
      const renamed = readerOf(maker, { cookie: { name } });
      const found = await readCookies(renamed, { [name]: token });
      assert.equal(!!found, maker.isOld);
    }
  });
});

const SALT = "__Secure-authjs.session-token";
const INFO5 = `Auth.js Generated Encryption Key (${SALT})`;
const INFO4 = "NextAuth.js Generated Encryption Key";
const KEYS: readonly [string, boolean, () => Promise<Uint8Array>][] = [
  ["Auth.js 5", false, () => keyOf(SECRET, SALT, INFO5, 64)],
  ["@auth/core 0.18", false, () => keyOf(SECRET, SALT, INFO5, 32)],
  ["NextAuth 4", true, () => keyOf(SECRET, "", INFO4, 32)],
];
for (const [version, isOld, key] of KEYS) {
  describe(`an authentic token under the key of ${version}`, () => {
    const name = isOld ? "__Secure-next-auth.session-token" : SALT;
    const open = (token: string) =>
      readCookies(readerOf({ isOld }), { [name]: token });
    refuseOddTokens(key, THEIRS, open);
  });
}

describe("a token that names its key", () => {
  it("is opened by that one alone", async () => {
    const key = await keyOf(SECRET, SALT, INFO5, 64);
    const k = btoa(String.fromCharCode(...key)).replaceAll("+", "-")
      .replaceAll("/", "_").replaceAll("=", "");
    const { calculateJwkThumbprint } = await import("jose");
    const kid = await calculateJwkThumbprint({ kty: "oct", k }, "sha512");
    const text = JSON.stringify(THEIRS);
    const open = async (kid: unknown) =>
      !!await readCookies(readerOf({ isOld: false }), {
        [SALT]: await sealAny(key, text, { kid }),
      });
    assert.equal(await open(kid), true);
    for (const bad of [kid.slice(1), kid.toLowerCase(), "", null, [kid]]) {
      assert.equal(await open(bad), false);
    }
  });
});

describe("options of authJs() and nextAuth()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    secret: [undefined, null, "", 5, [], [""], {}, new Uint8Array(32)],
    until: [undefined, null, "", "soon", NaN],
    cookie: [null, "sid", { name: "" }],
    map: [null, "user", {}],
    keep: [null, "yes", 1],
    password: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuse a bad ${name}, and name it`, () => {
      for (const isOld of [true, false]) {
        for (const value of values) {
          assert.throws(
            () => readerOf({ isOld }, { [name]: value }),
            (error: Error) =>
              /^(Type|Range)Error$/.test(error.name) &&
              /^Option (authjs|next-auth)\./.test(error.message) &&
              error.message.includes(`.${name}`) &&
              !error.message.includes(SECRET),
            `${name} ${JSON.stringify(value)}`,
          );
        }
      }
    });
  }
});
