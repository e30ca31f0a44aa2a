import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type Session } from "../../mod.ts";
import { readValues } from "../../src/session/codec.ts";
import { begin } from "../shared/session.ts";
import { setUp } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

/** Asserts that a value is refused, and that the message names the path. */
function assertRefused(
  session: Session,
  value: unknown,
  path = "key",
): void {
  let thrown: unknown;
  try {
    session.set("key", value);
  } catch (error) {
    thrown = error;
  }
  const { name, code, message } = thrown as Error & { code: string };
  assert.equal(name, "SessionError", path);
  assert.equal(code, "invalid-data", path);
  assert.ok(message.includes(path), `${path} is not in: ${message}`);
  assert.equal(session.has("key"), false, path);
}

class Point {
  x = 1;
}

describe("JSON data", () => {
  it("refuses what JSON has no word for, and keeps nothing of it", () => {
    const { session } = begin();
    for (
      const value of [
        NaN,
        Infinity,
        -Infinity,
        1n,
        Symbol("secret"),
        () => 1,
        Promise.resolve(),
        new Date(0),
        new Map([["a", 1]]),
        new Set([1]),
        new URL("https://example.com"),
        /a/,
        new Error("secret"),
        new Uint8Array(2),
        new ArrayBuffer(2),
        new Point(),
        Object.create({ inherited: 1 }),
        Object("boxed"),
        Object(1),
      ]
    ) assertRefused(session, value);
  });

  it("names the path of the value that it refuses", () => {
    const { session } = begin();
    assertRefused(session, { at: new Date(0) }, "key.at");
    assertRefused(session, { a: { b: [1, { c: 2n }] } }, "key.a.b[1].c");
    assertRefused(session, [[0], [NaN]], "key[1][0]");
    assertRefused(session, [1, undefined], "key[1]");
    // deno-lint-ignore no-sparse-arrays
    assertRefused(session, [1, , 3], "key[1]");
    assertRefused(session, { toJSON: () => "text" }, "key.toJSON");
  });

  it("refuses what JSON would leave out, by its path", () => {
    const { session } = begin();
    const hidden = { value: 1, enumerable: false };
    const refused: [value: unknown, path: string][] = [
      ["ab".match(/a(b)/), "key.index"],
      [{ found: [..."ab".matchAll(/b/g)] }, "key.found[0].index"],
      [Object.assign([1], { total: 1 }), "key.total"],
      [Object.assign([], { "-1": 1 }), "key.-1"],
      [{ [Symbol("secret")]: 1 }, "key.Symbol(secret)"],
      [{ a: { [Symbol.iterator]: 1 } }, "key.a.Symbol(Symbol.iterator)"],
      [Object.assign([1], { [Symbol("secret")]: 1 }), "key.Symbol(secret)"],
      [Object.defineProperty({}, "a", hidden), "key.a"],
      [Object.defineProperty([1], "0", hidden), "key[0]"],
      [{
        list: [{
          get now() {
            return 1;
          },
        }],
      }, "key.list[0].now"],
      [Object.defineProperty({}, "a", { set() {}, enumerable: true }), "key.a"],
      [
        Object.defineProperty([], 0, { get: () => 1, enumerable: true }),
        "key[0]",
      ],
      [Object.defineProperty({}, "toJSON", { value: () => 1 }), "key.toJSON"],
      [{ list: new Array(3) }, "key.list[0]"],
      // deno-lint-ignore no-sparse-arrays
      [[1, , 3], "key[1]"],
      [new Array(2 ** 32 - 1), "key[0]"],
      [
        (function (..._all: unknown[]) {
          return arguments;
        })(1),
        "key.length",
      ],
      [Math, "key"],
      [Object.prototype, "key"],
      [Array.prototype, "key"],
      [new (class List extends Array {})(), "key"],
    ];
    for (const [value, path] of refused) assertRefused(session, value, path);
    assert.throws(
      () => session.set("key", Object.defineProperty({}, "a", {})),
      {
        message: "Cannot keep key.a (lost in JSON)" + readOn("invalid-data"),
      },
    );
  });

  it("refuses what throws when it is looked at", () => {
    const { session } = begin();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assertRefused(session, proxy);
    const traps = {
      getOwnPropertyDescriptor(): never {
        throw new Error("of the trap");
      },
    };
    assertRefused(session, new Proxy({ a: 1 }, traps));
  });

  it("keeps plain objects and lists of another realm", async () => {
    const { session, again } = begin();
    // What a frame, node:vm or Jest has beside ours (tests/hosts/realm.test.ts
    // has a real one).
    const theirs = (ours: object) =>
      Object.create(null, Object.getOwnPropertyDescriptors(ours));
    const object = Object.assign(Object.create(theirs(Object.prototype)), {
      name: "Ada",
    });
    session.set("key", { a: [object] });
    assert.deepEqual((await again()).get("key"), { a: [{ name: "Ada" }] });
  });

  it("refuses __proto__ at any depth, with the path to it", () => {
    const { session } = begin();
    const parse = (text: string) => JSON.parse(text);
    assertRefused(session, parse('{"__proto__":{"x":1}}'), "key.__proto__");
    assertRefused(
      session,
      parse('{"a":[{"b":{"__proto__":null}}]}'),
      "key.a[0].b.__proto__",
    );
    assert.equal(({} as Record<string, unknown>)["x"], undefined);
  });

  it("refuses what is cyclic, without an overflow", () => {
    const { session } = begin();
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    const list: unknown[] = [];
    list.push(list);
    for (const value of [ring, list]) {
      assert.throws(() => session.set("key", value), {
        name: "SessionError",
        code: "invalid-data",
      });
    }
  });

  it("refuses what is nested 10 000 deep, and keeps what is nested 50 deep", async () => {
    const { session, again } = begin();
    const nest = (depth: number) => {
      let value: unknown = "core";
      for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { value };
      return value;
    };
    assert.throws(() => session.set("key", nest(10_000)), {
      code: "invalid-data",
    });
    session.set("key", nest(50));
    assert.deepEqual((await again()).get("key"), nest(50));
  });

  it("may have 100 objects and lists in one another inside of it", () => {
    const { session } = begin();
    const nest = (depth: number): unknown => depth ? [nest(depth - 1)] : [];
    session.set("key", nest(100));
    assert.deepEqual(session.get("key"), nest(100));
    assertRefused(begin().session, nest(101));
  });

  it("shows none of the values in its messages", () => {
    const { session } = begin();
    const refused = [
      Symbol("swordfish"),
      new Error("swordfish"),
      new Map([["swordfish", "swordfish"]]),
      { word: "swordfish", at: new Date(0) },
      ["swordfish", 1n],
      JSON.parse('{"__proto__":1,"constructor":{"name":"swordfish"}}'),
    ];
    for (const value of refused) {
      assert.throws(
        () => session.set("key", value),
        (error: unknown) =>
          !`${error} ${error instanceof Error && error.stack}`
            .includes("swordfish"),
      );
    }
  });

  it("drops properties that are undefined, which read the same", async () => {
    const { session, again } = begin();
    session.set("key", { a: undefined, b: 1 });
    for (const each of [session, await again()]) {
      assert.deepEqual(each.get("key"), { b: 1 });
      assert.equal(each.get("key").a, undefined);
    }
  });

  it("keeps an object without a prototype as a plain one", async () => {
    const { session, again } = begin();
    session.set("key", Object.assign(Object.create(null), { a: 1 }));
    assert.deepEqual({ ...(await again()).get("key") }, { a: 1 });
    assert.equal(
      (await again()).get("key").toString,
      Object.prototype.toString,
    );
  });

  it("reads back at once what the next request will read", async () => {
    const { session, again } = begin();
    session.set("zero", -0);
    session.set("surrogate", "\ud800");
    session.set("line", "\u2028\u0000\u007f");
    const next = await again();
    for (const key of session.keys()) {
      assert.ok(Object.is(session.get(key), next.get(key)), key);
    }
  });
});

describe("Data that another program sealed", () => {
  /** A session whose text is that, sealed with the good secret. */
  async function openText(text: string) {
    const { options, events } = setUp();
    const writer = createSessions({
      ...options,
      codec: { stringify: () => text, parse: JSON.parse },
    });
    const session = writer.create();
    const token = await writer.seal(session);
    events.splice(0);
    const opened = await createSessions(options).unseal(token);
    return { opened, events };
  }

  it("drops __proto__ at any depth and spelling", async () => {
    for (
      const text of [
        '{"__proto__":{"x":1},"a":{"b":[{"__proto__":{"x":1},"c":1}]}}',
        '{"\\u005f_proto__":{"x":1},"a":{"b":[{"\\u005f_proto_\\u005F":1,"c":1}]}}',
      ]
    ) {
      const { opened } = await openText(text);
      const data = opened?.toJSON();
      assert.deepEqual(data, { a: { b: [{ c: 1 }] } });
      const copy: Record<string, unknown> = {};
      Object.assign(copy, data, data?.["a"].b[0]);
      assert.equal(Object.getPrototypeOf(copy), Object.prototype);
      assert.equal(copy["x"], undefined);
      assert.equal(({} as Record<string, unknown>)["x"], undefined);
    }
  });

  it("keeps values that only speak of __proto__", async () => {
    const { opened } = await openText('{"a":"__proto__","b":"\\u005f"}');
    assert.deepEqual(opened?.toJSON(), { a: "__proto__", b: "_" });
  });

  it("refuses what is no object in JSON, with the reason", async () => {
    for (const text of ["{a", "[]", "12", '"text"', "null", "true", "{}}"]) {
      const { opened, events } = await openText(text);
      assert.equal(opened, null, text);
      const [event, ...more] = events;
      assert.ok(event?.type === "rejected" && event.reason === "not-json");
      assert.deepEqual(more, []);
    }
  });

  it("is null for what is no object, and nothing else", () => {
    for (const text of ["{a", "[]", "12", "null"]) {
      assert.equal(readValues(JSON, text), null);
    }
    assert.deepEqual(readValues(JSON, "{}"), {});
  });

  it("opens what is nested deep without an overflow", async () => {
    const { opened } = await openText(
      `{"a":${"[".repeat(1_400)}${"]".repeat(1_400)}}`,
    );
    assert.equal(Array.isArray(opened?.get("a")), true);
  });
});
