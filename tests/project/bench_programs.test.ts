// That the programs of bench:http, bench:scale and bench:profile work; nothing is
// timed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { begin, prove, proveQuiet } from "../../bench/http/proof.ts";
import { judge } from "../../bench/http/peers/judge.ts";
import { pairs, sidesOf } from "../../bench/http/peers/pairs.ts";
import { type Round, slotsOf } from "../../bench/http/peers/rounds.ts";
import { rowsOf } from "../../bench/http/peers/rows.ts";
import { startSide } from "../../bench/http/peers/start.ts";
import { places, startApp } from "../../bench/http/servers.ts";
import { sharesOf } from "../../bench/profile/run.ts";
import { memory } from "../../bench/scale/memory.ts";
import { rotation } from "../../bench/scale/rotation.ts";
import { populate } from "../../bench/scale/populate.ts";
import type { Effort } from "../../bench/scale/rows.ts";

/** Requests per second in the first round. */
const SPEEDS = { bare: 1000, lazy: 980, ours: 600, peer: 400, "by-hand": 640 };

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

describe("bench:http beside peers", () => {
  // The peers are installed by the benchmark, which has them prove the same.
  for (const pair of pairs.filter(({ store }) => store !== "redis")) {
    for (const side of sidesOf(pair).filter((side) => side !== "peer")) {
      it(`${pair.name}: the side ${side} does its work`, async () => {
        const { origin, server } = await startSide(pair, side, "");
        try {
          const quiet = ["/untouched"];
          if (side !== "bare") return await prove(origin, { quiet });
          await proveQuiet(origin, "/untouched", "sid=1");
        } finally {
          await server.stop();
        }
      });
    }
  }

  it("compares within a round, and judges by the goals", () => {
    const [pair] = pairs;
    assert.ok(pair);
    const slots = slotsOf(pair);
    /** A machine that is twice as slow in the second round. */
    const round = (slowness: number): Round => ({
      others: 0,
      batches: slots.map(({ side, case: name }) => {
        const of = SPEEDS[side];
        const requests = name === "write" && side === "ours" ? 460 : of;
        return {
          ...{ requests, seconds: slowness, serverSeconds: slowness },
          ...{ p50: 1, p99: 1, cpuSeconds: slowness / 2 },
        };
      }),
    });
    const rows = rowsOf(pair, [round(1), round(2)]);
    const read = rows.find((row) => row.side === "ours" && row.case === "read");
    const same = (median: number) => ({ median, low: median, high: median });
    assert.deepEqual(read?.overPeer, same(1.5));
    assert.deepEqual(read?.overBare, same(0.6));
    assert.deepEqual(read?.peerCpuOver, same(1.5));
    assert.equal(read?.requestsPerSecond.median, 450);
    assert.equal(read?.generatorBusy, 0.5);
    assert.deepEqual(
      judge(rows).map(({ goal, found, isReached }) => [goal, found, isReached]),
      [
        ["≥ 0.97×", "0.980×", true],
        ["≥ 1.5×", "1.5× (by hand: 1.6×)", true],
        ["≥ 1.2×", "1.15× (by hand: 1.6×)", false],
      ],
    );
  });
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
