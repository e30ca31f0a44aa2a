import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createKvSimulator,
  type KvSimulator,
  type KvSimulatorOptions,
} from "../../testing/kv_simulator.ts";
import type { SimulatedKvPutOptions } from "../../testing/simulated_kv.ts";

const MINUTE = 60_000;
const LOCATIONS = 4;

describe("createKvSimulator", () => {
  const slow = (seed = 1, own: Partial<KvSimulatorOptions> = {}) =>
    createKvSimulator({ seed, writesPerSecond: 0, ...own });
  const read = (kv: KvSimulator, cacheTtl?: number) =>
    Promise.all(
      Array.from({ length: LOCATIONS }, (_, location) =>
        kv.at(location).get("name", { cacheTtl })),
    );

  it("shows a write to its location at once, to others when it arrives", async () => {
    const kv = slow(1, { propagation: [10_000, 10_000] });
    assert.equal(await kv.at(1).get("name"), null);
    await kv.at(1).put("name", "a");
    assert.equal(await kv.at(1).get("name"), "a");
    kv.advance(9_999);
    // The answer is remembered, so it must not be asked for too soon.
    assert.equal(await kv.at(0).get("name", { cacheTtl: 30 }), null);
    kv.advance(1);
    assert.deepEqual(await read(kv), [null, "a", "a", "a"]);
  });

  it("asks a function for the range of each write", async () => {
    let delay = 10_000;
    const kv = slow(1, { propagation: () => [delay, delay] });
    await kv.at(0).put("name", "a");
    delay = 0;
    await kv.at(0).put("other", "b");
    assert.equal(await kv.at(1).get("name"), null);
    assert.equal(await kv.at(1).get("other"), "b");
    delay = -1;
    await assert.rejects(kv.at(0).put("name", "c"), RangeError);
  });

  it("has delays of its own for each location, in the range", async () => {
    const arrivals: number[] = [];
    for (let seed = 0; seed < 300; seed++) {
      const kv = slow(seed);
      await kv.at(0).put("name", "a");
      for (let ms = 0; ms <= MINUTE; ms += 6_000) {
        const probe = slow(seed);
        await probe.at(0).put("name", "a");
        probe.advance(ms);
        const found = await read(probe);
        arrivals.push(found.filter((value) => value).length);
        if (ms === 0) assert.ok(found[0]);
      }
      kv.advance(MINUTE);
      assert.deepEqual(await read(kv), Array(LOCATIONS).fill("a"));
    }
    const mean = arrivals.reduce((a, b) => a + b, 0) / arrivals.length;
    // One at once, and of the others half on average.
    assert.ok(mean > 2.4 && mean < 2.6, `${mean}`);
  });

  it("remembers what was read, also nothing, for cacheTtl", async () => {
    for (const [cacheTtl, ms] of [[undefined, 60_000], [30, 30_000]] as const) {
      const kv = slow(1, { propagation: [0, 0] });
      assert.equal(await kv.at(1).get("name", { cacheTtl }), null);
      await kv.at(0).put("name", "a");
      kv.advance(ms - 1);
      assert.equal(await kv.at(1).get("name", { cacheTtl }), null);
      kv.advance(1);
      assert.equal(await kv.at(1).get("name", { cacheTtl }), "a");
      await kv.at(0).delete("name");
      kv.advance(ms - 1);
      assert.equal(await kv.at(1).get("name", { cacheTtl }), "a");
      assert.equal(await kv.at(0).get("name", { cacheTtl }), null);
      kv.advance(1);
      assert.equal(await kv.at(1).get("name", { cacheTtl }), null);
    }
  });

  it("reads up to 100 values at once, each as it would alone", async () => {
    const kv = slow(1, { propagation: [10_000, 10_000] });
    await kv.at(0).put("a", "1");
    await kv.at(0).put("b", "2");
    const names = ["a", "b", "c"];
    assert.deepEqual(
      await kv.at(0).get(names),
      new Map([["a", "1"], ["b", "2"], ["c", null]]),
    );
    assert.equal(await kv.at(1).get("a", { cacheTtl: 30 }), null);
    kv.advance(10_000);
    assert.deepEqual(
      [...(await kv.at(1).get(names)).values()],
      [null, "2", null],
    );
    kv.advance(20_000);
    assert.deepEqual(
      [...(await kv.at(1).get(names)).values()],
      ["1", "2", null],
    );
  });

  it("lets the later of two writes win, whichever arrives first", async () => {
    let turned = 0;
    for (let seed = 0; seed < 100; seed++) {
      const kv = slow(seed);
      await kv.at(0).put("name", "first");
      kv.advance(1);
      await kv.at(1).put("name", "second");
      kv.advance(30_000);
      const [, , third] = await read(kv, 30);
      if (third === "second") turned++;
      kv.advance(MINUTE);
      assert.deepEqual(await read(kv), Array(LOCATIONS).fill("second"));
    }
    assert.ok(turned > 20 && turned < 80);
  });

  it("lists what the central store has, page by page", async () => {
    const kv = slow(1, { propagation: [5_000, 5_000] });
    const metadata = { a: [1] };
    await kv.at(0).put("b2", "x");
    await kv.at(0).put("b1", "x", { metadata, expirationTtl: 60 });
    await kv.at(0).put("a", "x");
    assert.deepEqual(await kv.at(0).list(), { keys: [], list_complete: true });
    kv.advance(5_000);
    const first = await kv.at(2).list({ prefix: "b", limit: 1 });
    const expiration = Math.floor((kv.now() + 55_000) / 1000);
    assert.deepEqual(first, {
      keys: [{ name: "b1", expiration, metadata }],
      list_complete: false,
      cursor: "b1",
    });
    const { cursor } = first;
    assert.deepEqual(await kv.at(2).list({ prefix: "b", limit: 1, cursor }), {
      keys: [{ name: "b2" }],
      list_complete: true,
    });
    await kv.at(0).delete("b2");
    kv.advance(55_000);
    const { keys } = await kv.at(1).list();
    assert.deepEqual(keys, [{ name: "a" }]);
  });

  it("ends a value, also one that a location remembers", async () => {
    const kv = slow(1, { propagation: [0, 0] });
    const expiration = kv.now() / 1000 + 60;
    await kv.at(0).put("name", "a", { expiration });
    kv.advance(59_999);
    assert.deepEqual(await read(kv), Array(LOCATIONS).fill("a"));
    kv.advance(1);
    assert.deepEqual(await read(kv), Array(LOCATIONS).fill(null));
  });

  it("takes one write per key in a second, wherever it is made", async () => {
    const kv = createKvSimulator({ seed: 1 });
    await kv.at(0).put("name", "a");
    await kv.at(0).put("another", "a");
    kv.advance(999);
    await assert.rejects(() => kv.at(1).put("name", "b"), {
      message: "KV PUT failed: 429 Too Many Requests",
    });
    await assert.rejects(() => kv.at(0).delete("name"), {
      message: "KV DELETE failed: 429 Too Many Requests",
    });
    kv.advance(1);
    await kv.at(0).delete("name");
    assert.equal(await kv.at(0).get("name"), null);
  });

  it("refuses what KV refuses", async () => {
    const kv = slow().at(0);
    const put = (options: SimulatedKvPutOptions) => kv.put("a", "a", options);
    const expiration = Date.now() / 1000 + 50;
    const wrong: [() => Promise<unknown>, RegExp][] = [
      [() => kv.get("a", { cacheTtl: 29 }), /KV GET failed: 400 /],
      [() => put({ expirationTtl: 59 }), /KV PUT failed: 400 /],
      [() => put({ expiration }), /KV PUT failed: 400 /],
      [() => put({ metadata: "x".repeat(1023) }), /KV PUT failed: 413 /],
      [() => kv.put("a", "x".repeat(26_214_401)), /KV PUT failed: 413 /],
      [() => kv.put("\u00e4".repeat(257), ""), /KV PUT failed: 414 /],
      [() => kv.get(""), /^TypeError/],
      [() => kv.delete(".."), /^TypeError/],
      [() => kv.list({ limit: 1001 }), /KV GET failed: 400 /],
      [() => kv.get([]), /KV GET_BULK failed: 400 /],
      [() => kv.get(Array(101).fill("a")), /KV GET_BULK failed: 400 /],
      [() => kv.get(["a"], { cacheTtl: 29 }), /KV GET_BULK failed: 400 /],
      [() => kv.get(["a", ""]), /^TypeError/],
      [() => kv.get(["large", "more"]), /KV GET_BULK failed: 413 /],
    ];
    await kv.put("large", "x".repeat(26_214_400));
    await kv.put("more", "x");
    for (const [call, expected] of wrong) await assert.rejects(call, expected);
    await kv.delete("large");
    await kv.delete("more");
    await put({ metadata: "x".repeat(1022), expirationTtl: 60 });
    await kv.put("\u00e4".repeat(256), "");
    assert.equal((await kv.list()).keys.length, 0);
  });

  it("refuses options that are out of range", () => {
    const wrong: Partial<KvSimulatorOptions>[] = [
      { seed: 0.5 },
      { locations: 0 },
      { propagation: [2, 1] },
      { propagation: [-1, 1] },
      { writesPerSecond: -1 },
    ];
    for (const own of wrong) assert.throws(() => slow(1, own), RangeError);
    for (const place of [-1, 4, 0.5]) {
      assert.throws(() => slow().at(place), RangeError);
    }
  });
});
