import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionStore } from "../../mod.ts";
import { CloudflareKvStore } from "../../stores/cloudflare-kv.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import type { SimulatedKv } from "../../testing/simulated_kv.ts";
import type { TestClock } from "../../testing.ts";
import {
  add,
  cookieOf,
  emptyTally,
  forEach,
  LOCATIONS,
  MINUTE,
  openWorld,
  openWorlds,
  outlive,
  run,
  see,
  type Tally,
} from "../stores/_kv_world.ts";

const RUNS = 10_000;
const BATCH = 1_000;
const COPIES = 150;
/** For how many ms a write, and then a read of what it replaced, may matter. */
const CARRY = 90_000;

describe("sessions in a simulated KV", () => {
  const worlds = openWorlds((namespace, clock) =>
    new CloudflareKvStore(namespace, {
      now: clock.now,
      wait: (ms) => Promise.resolve(clock.advance(ms)),
    })
  );
  const total = emptyTally();
  for (let first = 0; first < RUNS; first += BATCH) {
    it(`are never behind their visitor: seeds from ${first}`, async () => {
      const tally = emptyTally();
      const gets = await forEach(worlds, first, BATCH, async (world, seed) => {
        await run(world, seed, tally);
        return world.take()["get"] ?? 0;
      });
      const { stale, loggedOut, ghosts, failed } = tally;
      assert.deepEqual(
        { stale, loggedOut, ghosts, failed },
        { stale: 0, loggedOut: 0, ghosts: 0, failed: 0 },
      );
      // Else nothing was shown.
      assert.ok(tally.writes > BATCH && tally.logouts > BATCH / 5);
      assert.ok(tally.known > BATCH && sum(gets) > BATCH / 5);
      add(total, tally);
      if (first + BATCH < RUNS) return;
      console.log(`figure: CloudflareKvStore, ${RUNS} runs: ${show(total)}`);
    });
  }

  it("wait for a write that was missed just before it arrived", async () => {
    const [world] = worlds;
    assert.ok(world);
    const { clock, visit } = world.begin(1, [MINUTE, MINUTE]);
    const first = cookieOf(await visit("", "write?n=1"));
    clock.advance(CARRY + 10_000);
    const second = cookieOf(await visit(first, "write?n=2"));
    clock.advance(MINUTE - 1);
    // Somebody with the old cookie: what he reads is remembered.
    assert.equal((await see(await visit(first, "read", 1)))?.n, 1);
    clock.advance(CARRY - MINUTE + 1001);
    world.take();
    assert.equal((await see(await visit(second, "read", 1)))?.n, 2);
    assert.deepEqual(world.take(), { get: 1 });
  });

  it("that do not fit in a cookie are late, but neither old nor lost", async () => {
    const tally = emptyTally();
    await forEach(
      worlds,
      0,
      BATCH,
      (world, seed) => run(world, seed, tally, "&size=4000"),
    );
    console.log(`figure: large sessions, ${BATCH} runs: ${show(tally)}`);
    const { stale, loggedOut, ghosts } = tally;
    assert.deepEqual({ stale, loggedOut, ghosts }, {
      stale: 0,
      loggedOut: 0,
      ghosts: 0,
    });
    assert.ok(tally.failed > 0 && tally.known > 0);
  });

  it("serve a copy of a cookie for 90 s after its logout", async () => {
    const times = await forEach(worlds, 0, COPIES, outlive);
    console.log(`figure: copy after logout, s: ${summary(times)}`);
    assert.ok(Math.max(...times) > 30_000);
    assert.ok(Math.max(...times) <= CARRY);
  });
});

describe("sessions in a simulated KV, with revocations in a strong store", () => {
  const worlds = openWorlds(
    (namespace, clock) => new CloudflareKvStore(namespace, { now: clock.now }),
    (clock) => new MemoryStore({ now: clock.now }),
  );

  it("serve no copy of a cookie after its logout", async () => {
    const times = await forEach(worlds, 0, COPIES, outlive);
    assert.equal(Math.max(...times), 0);
  });

  it("are not brought back by a copy that writes", async () => {
    const [world] = worlds;
    assert.ok(world);
    const { clock, visit } = world.begin(1);
    const cookie = cookieOf(await visit("", "login?n=1"));
    clock.advance(2_000);
    await visit(cookie, "logout");
    clock.advance(2_000);
    world.take();
    const response = await visit(cookie, "write?n=2", 1);
    assert.equal((await see(response))?.userId, undefined);
    clock.advance(10 * MINUTE);
    assert.equal(await see(await visit(cookie, "read", 1)), null);
  });
});

describe("sessions in a simulated KV behind copies of 20 s", () => {
  const worlds = openWorlds((namespace, clock) => {
    const { now } = clock;
    const wait = (ms: number) => Promise.resolve(clock.advance(ms));
    const durable = new CloudflareKvStore(namespace, { now, wait });
    return new TieredStore(new MemoryStore({ now }), durable, {
      now,
      maxAge: 20,
    });
  });

  it("are never behind their visitor", async () => {
    const tally = emptyTally();
    await forEach(worlds, 0, BATCH, (world, seed) => run(world, seed, tally));
    const { stale, loggedOut, ghosts, failed } = tally;
    assert.deepEqual(
      { stale, loggedOut, ghosts, failed },
      { stale: 0, loggedOut: 0, ghosts: 0, failed: 0 },
    );
    assert.ok(tally.known > BATCH);
  });
});

describe("a store that believes KV, in the same simulation", () => {
  const worlds = openWorlds(naive);

  it("reads what is old, and loses sessions", async () => {
    const tally = emptyTally();
    await forEach(worlds, 0, BATCH, (world, seed) => run(world, seed, tally));
    console.log(`figure: naive store, ${BATCH} runs: ${show(tally)}`);
    assert.ok(tally.stale > 0);
    assert.ok(tally.loggedOut > 0);
  });

  it("serves a copy of a cookie for more than 90 s", async () => {
    const times = await forEach(worlds, 0, COPIES, outlive);
    console.log(`figure: naive copy after logout, s: ${summary(times)}`);
    assert.ok(Math.max(...times) > CARRY);
  });
});

describe("operations of a request to a simulated KV", () => {
  const world = openWorld((namespace, clock) =>
    new CloudflareKvStore(namespace, { now: clock.now })
  );

  it("are none without a session, with a forged one, or with its data", async () => {
    const { clock, visit } = world.begin(1);
    await visit("", "read");
    assert.deepEqual(world.take(), {});
    const cookie = cookieOf(await visit("", "write?n=1"));
    assert.deepEqual(world.take(), { put: 1 });
    await visit(`${cookie.slice(0, -9)}AAAAAAAAA`, "read");
    assert.deepEqual(world.take(), {});
    clock.advance(CARRY - 1000);
    for (let location = 0; location < LOCATIONS; location++) {
      assert.equal((await see(await visit(cookie, "read", location)))?.n, 1);
    }
    assert.deepEqual(world.take(), {});
  });

  it("are one to read later on, and one to write", async () => {
    const { clock, visit } = world.begin(2);
    let cookie = cookieOf(await visit("", "write?n=1"));
    world.take();
    clock.advance(CARRY + 1000);
    for (let location = 0; location < LOCATIONS; location++) {
      assert.equal((await see(await visit(cookie, "read", location)))?.n, 1);
      assert.deepEqual(world.take(), { get: 1 });
    }
    cookie = cookieOf(await visit(cookie, "write?n=2"));
    assert.deepEqual(world.take(), { get: 1, put: 1 });
    clock.advance(2_000);
    cookie = cookieOf(await visit(cookie, "write?n=3", 1));
    assert.deepEqual(world.take(), { put: 1 });
    clock.advance(2_000);
    await visit(cookie, "logout", 2);
    assert.deepEqual(world.take(), { put: 1 });
  });
});

/** What most stores do, with KV's methods in the place of theirs. */
function naive(namespace: SimulatedKv, { now }: TestClock): SessionStore {
  const put = (key: string, record: object) =>
    namespace.put(key, JSON.stringify(record), { expirationTtl: 86_400 });
  return {
    consistency: "strong",
    async create(key, record) {
      await put(key, record);
      return true;
    },
    async get(key) {
      const record = JSON.parse(await namespace.get(key) ?? "null");
      return record?.expiresAt > now() ? record : null;
    },
    async update(key, record) {
      await put(key, record);
      return "ok";
    },
    delete: (key) => namespace.delete(key),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function show(tally: Tally): string {
  return JSON.stringify(tally).replace(/[{}"]/g, "").replaceAll(",", ", ");
}

function summary(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b).map((ms) => ms / 1000);
  const median = sorted[Math.floor(sorted.length / 2)];
  const long = times.filter((ms) => ms > CARRY).length;
  return `max ${sorted.at(-1)}, median ${median}, ` +
    `over ${CARRY / 1000}: ${long} of ${sorted.length} runs`;
}
