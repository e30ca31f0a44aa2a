import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { begin } from "../shared/session.ts";
import { readOn } from "../../src/options/check.ts";

describe("Session values", () => {
  it("get(), has() and keys() of a new session show nothing", () => {
    const { session } = begin();
    assert.equal(session.get("a"), undefined);
    assert.equal(session.has("a"), false);
    assert.deepEqual(session.keys(), []);
    assert.deepEqual(session.toJSON(), {});
  });

  it("set() keeps every kind of JSON value, null and empty ones too", async () => {
    const { session, again } = begin();
    const values = {
      text: "",
      zero: 0,
      no: false,
      nothing: null,
      list: [],
      object: {},
      deep: { a: [{ b: [1.5, "č", true, null] }] },
    };
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    for (const each of [session, await again()]) {
      assert.deepEqual(each.toJSON(), values);
      assert.deepEqual(each.keys(), Object.keys(values));
      for (const [key, value] of Object.entries(values)) {
        assert.equal(each.has(key), true, key);
        assert.deepEqual(each.get(key), value);
      }
    }
  });

  it("set() of undefined removes the value, as delete() does", async () => {
    const { session, again } = begin();
    session.set("a", 1);
    session.set("b", 2);
    session.set("c", 3);
    session.set("a", undefined);
    session.delete("b");
    session.delete("never");
    for (const each of [session, await again()]) {
      assert.deepEqual(each.toJSON(), { c: 3 });
      assert.equal(each.has("a"), false);
    }
  });

  it("set() keeps a copy: what the caller does later changes nothing", async () => {
    const { session, again } = begin();
    const cart = { items: ["apple"] };
    session.set("cart", cart);
    cart.items.push("pear");
    assert.deepEqual(session.get("cart"), { items: ["apple"] });
    assert.deepEqual((await again()).get("cart"), { items: ["apple"] });
  });

  it("set() does not freeze the caller's object", () => {
    const { session } = begin();
    const cart = { items: ["apple"] };
    session.set("cart", cart);
    assert.equal(Object.isFrozen(cart), false);
    assert.equal(Object.isFrozen(cart.items), false);
  });

  it("get() gives values that cannot be changed in place", async () => {
    const { session, again } = begin();
    session.set("cart", { items: [{ name: "apple" }] });
    for (const each of [session, await again()]) {
      const cart = each.get("cart");
      const changes = [
        () => cart.items.push("pear"),
        () => cart.items[0].name = "pear",
        () => cart.more = true,
        () => delete cart.items,
      ];
      for (const change of changes) assert.throws(change, TypeError);
      assert.deepEqual(each.get("cart"), { items: [{ name: "apple" }] });
    }
  });

  it("toJSON() shows the data alone, and cannot change the session", () => {
    const { session } = begin();
    session.set("cart", { items: ["apple"] });
    session.login("ada");
    session.flash("note", "hello");
    session.persist(false);
    const data = session.toJSON();
    assert.deepEqual(data, { cart: { items: ["apple"] } });
    assert.throws(() => data["cart"].items.push("pear"), TypeError);
    // Whether or not the object itself is frozen.
    Reflect.set(data, "more", true);
    Reflect.deleteProperty(data, "cart");
    assert.deepEqual(session.keys(), ["cart"]);
  });

  it("clear() removes values and notices, not the owner and the id", async () => {
    const { session, again } = begin();
    session.login("ada");
    session.set("a", 1);
    session.flash("b", 2);
    const { id } = session;
    session.clear();
    for (const each of [session, await again()]) {
      assert.deepEqual(each.keys(), []);
      assert.deepEqual(each.flashes("b"), []);
      assert.equal(each.userId, "ada");
      assert.equal(each.id, id);
    }
  });

  it("update() sets and returns what the function makes of the value", async () => {
    const { session, again } = begin();
    assert.equal(session.update("n", (n = 40) => n + 1), 41);
    assert.equal(session.update("n", (n = 40) => n + 1), 42);
    assert.equal((await again()).get("n"), 42);
  });

  it("update() hands out a copy, and returns what is read-only", () => {
    const { session } = begin();
    session.set("list", [1]);
    const before = session.get("list");
    let copy: number[] = [];
    const list = session.update("list", (list) => {
      copy = list;
      list.push(2);
      return list;
    });
    assert.deepEqual(list, [1, 2]);
    assert.deepEqual(before, [1]);
    assert.throws(() => list.push(3), TypeError);
    copy.push(3);
    assert.deepEqual(session.get("list"), [1, 2]);
    // Without a change that is returned there is none.
    session.update("list", (list) => (list.pop(), before));
    assert.deepEqual(session.get("list"), [1]);
  });

  it("update() refuses a function that returns nothing, and keeps the value", () => {
    const { session } = begin();
    const forgetful = (list: unknown[] = []) => void list.push(1);
    const refused = {
      code: "invalid-data",
      message: "Cannot keep list: update() has to return it" +
        readOn("invalid-data"),
    };
    assert.throws(() => session.update("list", forgetful), refused);
    assert.equal(session.has("list"), false);
    session.set("list", [0]);
    assert.throws(() => session.update("list", forgetful), refused);
    assert.deepEqual(session.get("list"), [0]);
    assert.equal(session.update("list", () => null), null);
  });

  it("update() refuses an async function and keeps the old value", () => {
    const { session } = begin();
    session.set("n", 1);
    assert.throws(
      // deno-lint-ignore require-await
      () => session.update("n", async (n) => n + 1),
      { code: "invalid-data" },
    );
    assert.equal(session.get("n"), 1);
  });

  it("update() leaves the value alone if the function throws", () => {
    const { session } = begin();
    session.set("n", 1);
    const failure = new Error("of the function");
    assert.throws(
      () =>
        session.update("n", () => {
          throw failure;
        }),
      (error) => error === failure,
    );
    assert.equal(session.get("n"), 1);
  });

  it("reload() in a cookie changes nothing, as there is nothing newer", async () => {
    const { session, again } = begin();
    session.set("a", 1);
    for (const each of [session, await again()]) {
      await each.reload();
      assert.deepEqual(each.toJSON(), { a: 1 });
    }
  });

  it("take() gives the value once", async () => {
    const { session, again } = begin();
    session.set("a", { n: 1 });
    assert.deepEqual(session.take("a"), { n: 1 });
    assert.equal(session.take("a"), undefined);
    assert.equal((await again()).has("a"), false);
  });

  it("flash() and flashes() keep notices in order, by key", async () => {
    const { session, again } = begin();
    session.flash("info", "one");
    session.flash("error", "bad");
    session.flash("info", { two: 2 });
    for (const each of [await again(), session]) {
      assert.deepEqual([...each.flashes("info")], ["one", { two: 2 }]);
      assert.deepEqual([...each.flashes("info")], []);
      assert.deepEqual([...each.flashes("error")], ["bad"]);
      assert.deepEqual([...each.flashes("other")], []);
    }
  });

  it("flash() keeps a copy of its value and refuses what set() refuses", () => {
    const { session } = begin();
    const note = { text: "hello" };
    session.flash("note", note);
    note.text = "changed";
    assert.throws(() => session.flash("note", new Date()), {
      code: "invalid-data",
    });
    assert.deepEqual([...session.flashes("note")], [{ text: "hello" }]);
  });
});
