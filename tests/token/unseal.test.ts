import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  bodyOf,
  type Bytes,
  craft,
  type Fields,
  OTHER_SECRET,
  SECRET,
} from "../shared/format.ts";
import { setUp } from "../shared/sealed.ts";

/** Authentic text that is no session. */
const NO_SESSIONS: readonly string[] = [
  "[]",
  "[{}]",
  "42",
  "-1",
  '"text"',
  "true",
  "null",
  "  ",
  '{"a"',
  "{}}",
  "{} {}",
  "{'a':1}",
  "{a:1}",
  "undefined",
  "NaN",
  '{"a":1,}',
  '{"a":undefined}',
  "{}\0",
  "[object Object]",
];

describe("unseal() by name and secret", () => {
  it("opens no token of another cookie", async () => {
    const names = ["__Host-sid", "__Host-a", "__Host-Http-sid", "sid", "a"];
    const benches = names.map((name) => setUp({ cookie: { name } }));
    for (const writer of benches) {
      const token = await writer.seal();
      for (const reader of benches) {
        const reason = reader === writer ? undefined : "forged";
        assert.equal(await reader.reasonOf(token), reason);
      }
    }
  });

  it("opens no token of the development's cookie in production", async () => {
    const local = setUp({ cookie: { secure: false } });
    const production = setUp();
    const token = await local.seal();
    assert.equal(await production.reasonOf(token), "forged");
    for (const cookie of [`__Host-sid=${token}`, `sid=${token}`]) {
      const request = new Request("https://a.example/", {
        headers: { cookie },
      });
      assert.equal((await production.sessions.open(request)).isNew, true);
    }
  });

  it("opens no token of another use of the secret", async () => {
    const bench = setUp();
    for (const purpose of ["store", "csrf", "dbsc-challenge", ""]) {
      const token = await craft({ context: [purpose, "__Host-sid"] });
      assert.equal(await bench.reasonOf(token), "forged");
    }
  });

  it("opens a token of an older secret, and seals it with the newest", async () => {
    const token = await setUp().seal();
    const rotated = setUp({ secret: [OTHER_SECRET, SECRET] });
    const session = await rotated.sessions.unseal(token);
    assert.ok(session);
    assert.deepEqual(session.get("cart"), ["apple"]);
    const resealed = await rotated.sessions.seal(session);
    assert.deepEqual(
      rotated.events.map(({ type }) => type),
      ["opened", "resealed"],
    );
    const late = setUp({ secret: OTHER_SECRET });
    assert.equal(await late.reasonOf(token), "unknown-key");
    assert.equal(await late.reasonOf(resealed), undefined);
  });

  it("opens with every secret that is only known yet", async () => {
    const ahead = await setUp({ secret: OTHER_SECRET }).seal();
    const behind = setUp({ secret: [SECRET, OTHER_SECRET] });
    assert.equal(await behind.reasonOf(ahead), undefined);
  });
});

describe("unseal() by content", () => {
  for (const text of NO_SESSIONS) {
    it(`opens no ${JSON.stringify(text)}, though it is authentic`, async () => {
      assert.equal(await reasonOf({ text }), "not-json");
    });
  }

  it("opens one object, with blanks around it or not", async () => {
    for (const text of ["{}", " {} ", '{"a":1}   ', "\n{\n}\t"]) {
      assert.equal(await reasonOf({ text }), undefined, text);
    }
  });

  it("opens nothing with unknown flags", async () => {
    for (const flags of [1, 0x80, 0xff]) {
      assert.equal(await reasonOf({ flags }), "flags");
    }
  });

  it("opens nothing that is not UTF-8", async () => {
    const text: Bytes = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d);
    assert.equal(await reasonOf({ text }), "not-utf8");
  });

  it("opens text that begins with a byte order mark, as a codec may", async () => {
    const { sessions, seal } = setUp({
      tokenCache: 0,
      codec: {
        stringify: (value) => `\ufeff${JSON.stringify(value)}`,
        parse: (text) => {
          assert.equal(text[0], "\ufeff");
          return JSON.parse(text.slice(1));
        },
      },
    });
    const session = await sessions.unseal(await seal());
    assert.deepEqual(session?.toJSON(), { cart: ["apple"] });
  });

  it("opens the deepest JSON that a cookie can hold, or refuses it", async () => {
    const depth = 1480;
    for (const key of ["a", "__proto__"]) {
      const text = `{"b":1,"${key}":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      const bench = setUp();
      const session = await bench.open({ text });
      if (!session) continue;
      assert.equal(session.get("b"), 1);
      if (key === "a") assert.ok(Array.isArray(session.get("a")));
      session.set("b", 2);
      assert.ok(await bench.sessions.seal(session));
      assert.ok(JSON.stringify(session).length >= 7);
    }
  });

  it("drops __proto__ at any depth, in any spelling", async () => {
    const texts = [
      '{"a":{"b":1},"__proto__":{"admin":true}}',
      '{"a":{"b":1,"__proto__":{"admin":true}}}',
      '{"a":{"b":1,"c":[{"__proto__":{"admin":true}}]}}',
      '{"a":{"b":1},"\\u005f_proto__":{"admin":true}}',
      '{"a":{"b":1,"__pr\\u006fto__":{"admin":true}}}',
      '{"a":{"b":1,"\\u005F\\u005Fproto\\u005f\\u005f":{"admin":true}}}',
      '{"a":{"b":1},"__proto__":null}',
    ];
    for (const text of texts) {
      const session = await setUp().open({ text });
      assert.ok(session, text);
      assert.equal(session.get("a").b, 1);
      assert.equal(session.get("__proto__"), undefined);
      assert.equal(session.has("__proto__"), false);
      assert.deepEqual(session.keys(), ["a"]);
      const copies = [
        Object.assign({}, session.toJSON()),
        Object.assign({}, session.get("a")),
        Object.assign({}, session.get("a").c?.[0]),
        { ...session.toJSON() },
      ];
      for (const copy of copies) {
        assert.equal(Object.getPrototypeOf(copy), Object.prototype, text);
        assert.equal(copy.admin, undefined);
      }
      assert.doesNotMatch(JSON.stringify(session), /__proto__|admin/);
    }
    assert.equal(({} as Record<string, unknown>)["admin"], undefined);
  });

  it("reads keys that objects have of their own as plain data", async () => {
    const keys = ["constructor", "prototype", "toString", "hasOwnProperty"];
    keys.push("then", "toJSON", "valueOf", "get", "id", "userId");
    const empty = await setUp().open({ text: "{}" });
    for (const key of keys) {
      assert.equal(empty?.get(key), undefined, key);
      assert.equal(empty?.has(key), false, key);
    }
    const data = Object.fromEntries(keys.map((key) => [key, key]));
    const session = await setUp().open({ text: JSON.stringify(data) });
    assert.ok(session);
    for (const key of keys) assert.equal(session.get(key), key);
    assert.deepEqual(session.keys().sort(), keys.sort());
    assert.equal(session.userId, undefined);
  });

  async function reasonOf(fields: Fields) {
    return await setUp().reasonOf(await craft({ body: bodyOf(fields) }));
  }
});
