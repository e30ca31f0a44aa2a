// That the programs of bench:http, bench:scale and bench:profile work; nothing is
// timed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { begin, prove } from "../../bench/http/proof.ts";
import { places, startApp } from "../../bench/http/servers.ts";
import { sharesOf } from "../../bench/profile/run.ts";
import { memory } from "../../bench/scale/memory.ts";
import { rotation } from "../../bench/scale/rotation.ts";
import { populate } from "../../bench/scale/populate.ts";
import type { Effort } from "../../bench/scale/rows.ts";

const effort: Effort = {
  quick: true,
  rounds: 2,
  batch: 50,
  budget: 10,
  notes: [],
};

describe("bench:http", () => {
  for (const [runtime, stores] of places) {
    for (const store of stores.filter((name) => name !== "redis")) {
      it(`${runtime} serves sessions, ${store}`, async () => {
        const { origin, server } = await startApp(runtime, store, "");
        try {
          await prove(origin);
          const cookies = await begin(origin, 3);
          assert.equal(new Set(cookies).size, 3);
        } finally {
          await server.stop();
        }
      });
    }
  }
});

describe("bench:scale", () => {
  it("the memory store is filled, used and emptied", async () => {
    const rows = await memory([100], effort);
    assert.deepEqual(rows.map(({ operation }) => operation), [
      "fill",
      "get",
      "update",
      "delete",
      "create",
      "create in a full store",
      "create as others expire",
      "create after all have expired",
    ]);
    for (const { time } of rows) {
      assert.ok(0 < time.low && time.low <= time.median);
      assert.ok(time.median <= time.high);
    }
  });

  it("tokens of an old secret are read", async () => {
    const rows = await rotation([2], effort);
    assert.deepEqual(rows.map(({ size }) => size), [2]);
  });

  it("a size that would take too long is left out, and that is told", async () => {
    const notes: string[] = [];
    const tight = { ...effort, budget: 1e-9, notes };
    const row = { operation: "get", time: { median: 1, low: 1, high: 1 } };
    const measure = () => Promise.resolve([row]);
    const rows = await populate("sqlite", [10, 100], tight, measure);
    assert.deepEqual(rows, [{ subject: "sqlite", size: 10, ...row }]);
    assert.match(notes.join(), /^sqlite stops at 10 records: 100 would take/);
  });
});

describe("bench:profile", () => {
  it("the time of requests that write is shared out", async () => {
    const rows = await sharesOf("node", "write-seen", 0.3);
    const total = rows.reduce((sum, { share }) => sum + share, 0);
    assert.ok(Math.abs(total - 1) < 0.01, `${total}`);
    assert.ok(rows.find(({ part }) => part === "WebCrypto")?.share);
  });
});
