import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { createSessions } from "../../mod.ts";
import { markedSecret } from "../shared/support.ts";

describe("Values of another realm", () => {
  const { create } = createSessions({ secret: markedSecret() });

  it("are kept if they are plain, and become ours", () => {
    const session = create();
    session.set(
      "form",
      runInNewContext('({ name: "Ada", list: [1, { a: null }], none: {} })'),
    );
    const form = session.get("form");
    assert.deepEqual(form, { name: "Ada", list: [1, { a: null }], none: {} });
    assert.equal(Object.getPrototypeOf(form.list), Array.prototype);
  });

  it("are refused if JSON would change them, by their path", () => {
    const refused = {
      "new Date(0)": "form.a (Date)",
      "new Map()": "form.a (Map)",
      "new (class Point { x = 1 })": "form.a (Point)",
      "new (class List extends Array {})": "form.a (List)",
      '"ab".match(/b/)': "form.a.index",
      "[1, , 3]": "form.a[1]",
    };
    for (const [code, path] of Object.entries(refused)) {
      const value = runInNewContext(`({ a: ${code} })`);
      assert.throws(
        () => create().set("form", value),
        ({ code, message }) =>
          code === "invalid-data" && message.includes(path),
        code,
      );
    }
  });
});
