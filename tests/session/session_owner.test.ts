import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { begin } from "../shared/session.ts";
import { START } from "../shared/support.ts";

const DESTROYED = { name: "SessionError", code: "destroyed" };

describe("Session end and owner", () => {
  it("id is 8 characters, made at random and stable", async () => {
    const { session, again } = begin();
    assert.match(session.id, /^[\w-]{8}$/);
    assert.equal(session.id, session.id);
    assert.equal((await again()).id, session.id);
    assert.notEqual(begin().session.id, session.id);
  });

  it("createdAt and expiresAt are in ms, by the clock", async () => {
    const { session, again, clock } = begin({ idleTimeout: 60 });
    assert.equal(session.createdAt, START);
    assert.equal(session.expiresAt, START + 60_000);
    assert.equal(session.isNew, true);
    clock.advance(10);
    const opened = await again();
    assert.equal(opened.createdAt, START);
    assert.equal(opened.expiresAt, START + 70_000);
    assert.equal(opened.isNew, false);
  });

  it("login() refuses what is not a text with something in it", () => {
    const { session } = begin();
    for (const userId of ["", undefined, null, 7, {}, ["ada"]]) {
      assert.throws(() => session.login(userId as string), TypeError);
    }
    assert.equal(session.userId, undefined);
  });

  it("login() takes any text as a user's name", async () => {
    for (const userId of ["__proto__", "a;b=c", "žluť\u0000", "~"]) {
      const { session, again } = begin();
      session.login(userId, { label: "phone" });
      assert.equal(session.userId, userId);
      assert.equal((await again()).userId, userId);
    }
  });

  it("persist() refuses seconds that are none", () => {
    const { session } = begin({ absoluteTimeout: 1_000 });
    for (const seconds of [0, -1, 1.5, NaN, Infinity, 1_001]) {
      assert.throws(
        () => session.persist(seconds),
        { name: "RangeError", message: /^persist\(\) must be seconds/ },
      );
    }
    for (const choice of ["60", null, undefined, new Date()]) {
      assert.throws(
        () => session.persist(choice as unknown as number),
        {
          name: "TypeError",
          message: /^Argument choice must be true, false or a number/,
        },
      );
    }
    session.persist(1_000);
    assert.equal(session.expiresAt, START + 1_000_000);
  });

  it("destroy() leaves a session that reads as empty", () => {
    const { session } = begin();
    session.login("ada");
    session.set("a", 1);
    session.flash("b", 2);
    session.destroy();
    assert.equal(session.get("a"), undefined);
    assert.equal(session.has("a"), false);
    assert.equal(session.userId, undefined);
    assert.deepEqual(session.keys(), []);
    assert.deepEqual(session.toJSON(), {});
    assert.deepEqual([...session.flashes("b")], []);
  });

  it("destroy() makes every write throw, login() too", async () => {
    const { session } = begin();
    session.set("a", 1);
    session.destroy();
    const writes: (() => unknown)[] = [
      () => session.set("a", 1),
      () => session.set("a", undefined),
      () => session.delete("a"),
      () => session.clear(),
      () => session.update("a", () => 1),
      () => session.take("a"),
      () => session.flash("a", 1),
      () => session.regenerate(),
      () => session.login("ada"),
      () => session.persist(true),
    ];
    for (const write of writes) assert.throws(write, DESTROYED, `${write}`);
    session.destroy();
    await session.save();
    assert.deepEqual(session.toJSON(), {});
  });
});
