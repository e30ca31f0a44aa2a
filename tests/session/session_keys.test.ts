import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as ownKeys from "../../src/session/own_keys.ts";
import { begin } from "../shared/session.ts";

/** What every object has, or what the language looks for on objects. */
const ODD_KEYS = [
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "then",
  "toJSON",
  "get",
  "length",
  "0",
  "",
  "a.b",
  "a b;c=d",
  "ключ",
];

describe("Session keys", () => {
  it("get() and has() do not find what every object inherits", async () => {
    const { session, again } = begin();
    for (const each of [session, await again()]) {
      for (const key of [...ODD_KEYS, "__proto__", "~"]) {
        assert.equal(each.get(key), undefined, key);
        assert.equal(each.has(key), false, key);
        assert.deepEqual([...each.flashes(key)], [], key);
      }
    }
  });

  it("set() keeps odd keys as plain data", async () => {
    const { session, again } = begin();
    for (const key of ODD_KEYS) session.set(key, key);
    for (const each of [session, await again()]) {
      for (const key of ODD_KEYS) {
        assert.equal(each.get(key), key);
        assert.equal(Object.hasOwn(each.toJSON(), key), true, key);
      }
      assert.deepEqual(each.keys().sort(), ODD_KEYS.slice().sort());
      for (const key of ODD_KEYS) each.delete(key);
      assert.deepEqual(each.keys(), []);
    }
  });

  it("flash() takes odd keys", async () => {
    const { session, again } = begin();
    for (const key of ODD_KEYS) session.flash(key, key);
    for (const each of [await again(), session]) {
      for (const key of ODD_KEYS) {
        assert.deepEqual([...each.flashes(key)], [key]);
      }
    }
  });

  it("are no own values of the session in a list, which JSON may bring", async () => {
    const { session, again } = begin();
    session.set("name", "Ada");
    for (const name of ["~u", "~g", "__proto__"]) {
      const key = [name] as unknown as string;
      assert.throws(() => session.set(key, "bob"), { code: "invalid-data" });
      assert.throws(() => session.update(key, () => "bob"), {
        code: "invalid-data",
      });
      assert.equal(session.get(key), undefined);
    }
    assert.equal((await again()).userId, undefined);
  });

  it("set() and update() refuse __proto__ and ~, which get() never has", () => {
    const { session } = begin();
    for (const key of ["__proto__", "~"]) {
      const refused = { name: "SessionError", code: "invalid-data" };
      assert.throws(() => session.set(key, { polluted: true }), refused);
      assert.throws(() => session.update(key, () => 1), refused);
      assert.equal(session.get(key), undefined);
    }
    assert.deepEqual(session.keys(), []);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  it("no key reaches the owner, the notices or the choice of persist()", () => {
    const { session } = begin();
    session.login("ada");
    session.flash("note", "hello");
    session.persist(60);
    const own = Array.from(
      { length: 26 },
      (_, i) => `~${String.fromCharCode(97 + i)}`,
    );
    for (const key of ["~", "u", "p", "f", ...own, "~fnote", "~note"]) {
      assert.equal(session.get(key), undefined, key);
      assert.equal(session.has(key), false, key);
      try {
        session.delete(key);
      } catch {
        // Refused is as good.
      }
      try {
        session.set(key, "bob");
      } catch {
        continue;
      }
      session.delete(key);
    }
    assert.equal(session.userId, "ada");
    assert.deepEqual([...session.flashes("note")], ["hello"]);
    assert.deepEqual(session.toJSON(), {});
  });

  it("the own ones have the names that are kept in cookies and records", () => {
    assert.deepEqual({ ...ownKeys, isReserved: 0, wipe: 0 }, {
      OWNER: "~u",
      PERSIST: "~p",
      NOTICES: "~f",
      LABEL: "~l",
      ISSUED: "~i",
      GENERATION: "~g",
      WRITES: "~w",
      EPOCH: "~e",
      SOURCE: "~a",
      MOVED: "~m",
      isReserved: 0,
      wipe: 0,
    });
  });

  it("awaiting a session gives the session, also with data named then", async () => {
    const { session, again } = begin();
    session.set("then", "later");
    assert.equal(await session, session);
    assert.equal((await again()).get("then"), "later");
    assert.equal("then" in session, false);
  });

  it("data named toJSON or __proto__ spoils no copy of the data", async () => {
    const { session, again } = begin();
    session.set("toJSON", "text");
    session.set("nested", { toJSON: 1, constructor: { prototype: {} } });
    const data = (await again()).toJSON();
    assert.equal(
      JSON.stringify(data),
      '{"toJSON":"text","nested":{"toJSON":1,"constructor":{"prototype":{}}}}',
    );
    const copy = Object.assign({}, data);
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  });

  it("a session shows no secret when it is printed, spread or cloned", () => {
    const { session } = begin();
    session.set("a", 1);
    session.login("ada");
    assert.equal(JSON.stringify(session), '{"a":1}');
    assert.equal(JSON.stringify({ session }), '{"session":{"a":1}}');
    assert.equal(`${session}`, "[object Object]");
    // What printers show: there are no properties to look into.
    assert.deepEqual(Reflect.ownKeys(session), []);
    assert.deepEqual({ ...session }, {});
    assert.deepEqual(Object.getOwnPropertySymbols(session), []);
  });
});
