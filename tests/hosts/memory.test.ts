// What takes more memory and time than a Worker has.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock } from "../../testing.ts";
import { keyOf, MINUTE, recordUntil, START } from "../stores/_memory_model.ts";

describe("MemoryStore: what it may not drop", () => {
  it("is a million records at most, until some have expired", async () => {
    const { now, advance } = createClock(START);
    const store = new MemoryStore({ now });
    const mark = { ...recordUntil(START + 1_000 * MINUTE), id: "" };
    const soon = { ...mark, expiresAt: START + MINUTE };
    let last: Promise<boolean> | undefined;
    // Nothing is waited for in between: a million times, that takes long.
    for (let number = 0; number < 1_000_000; number++) {
      last = store.create(keyOf(number), number < 5 ? soon : mark);
    }
    await last;
    const one = keyOf(1_000_000);
    await assert.rejects(() => store.create(one, mark), {
      name: "SessionError",
      code: "store-failed",
      message: "Store is full: it keeps 1000000 revocations",
    });
    assert.equal(await store.get(one), null);
    assert.equal(await store.count(), 1_000_000);
    // Neither sessions nor what is there already are affected.
    assert.equal(await store.create(keyOf(9_999_999), recordUntil(9e15)), true);
    const next = { ...mark, revision: 2 };
    assert.equal(await store.update(keyOf(7), next, 1), "ok");
    await store.delete(keyOf(8));
    assert.equal(await store.create(keyOf(8), mark), true);
    await assert.rejects(() => store.create(one, mark));
    advance(MINUTE);
    assert.equal(await store.create(one, mark), true);
  });
});
