import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import { withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore, type TieredStoreOptions } from "../../stores/tiered.ts";
import { cookieOf } from "../shared/store_bench.ts";
import { markedSecret, requestWith } from "../shared/support.ts";
import {
  assertRevision,
  callsOf,
  createGate,
  holdNext,
  Hooked,
  KEY,
  MAX_AGE,
  openTiers,
  OTHER_KEY,
  recordOf,
} from "./_tiers.ts";

const MS = MAX_AGE * 1000;
const DOWN = new Error("The fast tier is down");

interface Fault {
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "fails before it is carried out": { before: () => Promise.reject(DOWN) },
  "is carried out and fails": { after: () => Promise.reject(DOWN) },
  "throws at once": {
    before: () => {
      throw DOWN;
    },
  },
  "never answers": { before: () => new Promise(() => {}) },
  "is carried out and never answers": { after: () => new Promise(() => {}) },
};

/** What a visit does; `look` is called after each write. */
async function visit(
  store: SessionStore,
  look: (write: string) => Promise<void> = () => Promise.resolve(),
): Promise<unknown[]> {
  const seen: unknown[] = [];
  const get = async () => seen.push(await store.get(KEY));
  const did = async (write: string, result: unknown) => {
    seen.push(result);
    await look(write);
  };
  await get();
  await did("create", await store.create(KEY, recordOf(1)));
  await get();
  await get();
  await did("update", await store.update(KEY, recordOf(2), 1));
  await get();
  await did("late update", await store.update(KEY, recordOf(2), 1));
  await get();
  await did("touch", await store.touch?.(KEY, 1_000_001, 8_000_000_000_000));
  await get();
  await did("update", await store.update(KEY, recordOf(3), 2));
  await get();
  await did("delete", await store.delete(KEY));
  await get();
  await did("late update", await store.update(KEY, recordOf(4), 3));
  await get();
  return seen;
}

/** Lets the call of this number fail, and all others work. */
function failAt(fast: Hooked, number: number, fault: Fault): void {
  const at = (fail?: () => Promise<void>) => () =>
    fast.calls.length === number ? fail?.() : undefined;
  fast.before = at(fault.before);
  fast.after = at(fault.after);
}

describe("TieredStore: a fast tier that fails", () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`behaves as the durable tier alone when each call ${what}`, async () => {
      const { store, fast, durable } = openTiers({ timeout: 0.001 });
      Object.assign(fast, fault);
      const expected = await visit(new MemoryStore());
      assert.deepEqual(await visit(store), expected);
      assert.ok(durable.calls.length >= expected.length);
    });

    it(`behaves as the durable tier alone when one call ${what}`, async () => {
      const expected = await visit(new MemoryStore());
      const whole = openTiers();
      assert.deepEqual(await visit(whole.store), expected);
      const calls = whole.fast.calls.length;
      assert.ok(calls > 20, "The visit uses the fast tier");
      for (let number = 1; number <= calls; number++) {
        for (const pause of [0, MS]) {
          const { store, fast, clock } = openTiers({ timeout: 0.002 });
          failAt(fast, number, fault);
          const seen = await visit(store, () => {
            clock.advance(pause);
            return Promise.resolve();
          });
          assert.deepEqual(seen, expected, `call ${number}`);
        }
      }
    });

    it(`shows others each acknowledged write when one call ${what}`, async () => {
      const { calls } = (await visited()).fast;
      for (let number = 1; number <= calls.length; number++) {
        await visited((fast) => failAt(fast, number, fault));
      }
    });
  }

  it("shows others each write of a process that is cut off from it", async () => {
    const writes = [
      (store: SessionStore) => store.update(KEY, recordOf(2), 1),
      (store: SessionStore) => store.touch?.(KEY, 1_000_001, 8_000_000_000_000),
      (store: SessionStore) => store.delete(KEY),
    ];
    for (const write of writes) {
      // The real clock: such a write waits until others' copies are old.
      const options = { shared: true, maxAge: 0.06, now: Date.now };
      const { store, fast, durable } = openTiers(options);
      const cutOff = new Hooked(fast.inner);
      cutOff.before = () => Promise.reject(DOWN);
      await store.create(KEY, recordOf(1));
      await assertRevision(store, 1);
      await write(new TieredStore(cutOff, durable, options));
      const truth = await durable.inner.get(KEY);
      assert.deepEqual(await store.get(KEY), truth && { ...truth });
    }
  });

  it("is not waited for twice", async () => {
    const { store, fast, clock } = openTiers({ timeout: 0.001 });
    await store.create(KEY, recordOf(1));
    Object.assign(fast, FAULTS["never answers"]);
    assert.deepEqual(await callsOf(fast, () => store.get(KEY)), ["get"]);
    clock.advance(MS / 2);
    assert.deepEqual(await callsOf(fast, () => store.get(KEY)), []);
    assert.deepEqual(await callsOf(fast, () => store.get(OTHER_KEY)), []);
    clock.advance(MS / 2);
    assert.deepEqual(await callsOf(fast, () => store.get(KEY)), ["get"]);
  });

  it("serves again when it works again", async () => {
    const { store, fast, durable, clock } = openTiers();
    await store.create(KEY, recordOf(1));
    fast.before = () => Promise.reject(DOWN);
    await store.get(KEY);
    fast.before = () => {};
    clock.advance(MS);
    await store.get(KEY);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), []);
  });

  it("gets no copy by a mark that comes too late", async () => {
    const { store, fast, durable } = openTiers({ timeout: 0.001 });
    await store.create(KEY, recordOf(1));
    const mark = holdNext(fast, "before", "create");
    const read = holdNext(durable, "after", "get");
    const reading = store.get(KEY);
    await read.reached;
    assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
    mark.open();
    await Promise.resolve();
    assert.equal(await fast.inner.count(), 1);
    read.open();
    await reading;
    await assertRevision(store, 2);
    await assertRevision(store, 2);
  });

  it("is overtaken by writes that do not wait for it", async () => {
    // A process whose commands are held up on the way, and another.
    for (const op of ["create", "update", "delete"] as const) {
      const { store, another, fast, clock } = openTiers({
        shared: true,
        timeout: 0.001,
        maxAge: 0.001,
      });
      const second = another({ timeout: 5 });
      await second.create(KEY, recordOf(1));
      if (op !== "create") await second.get(KEY);
      const gate = createGate();
      fast.before = (found) => found === op ? gate.wait() : undefined;
      if (op === "create") await store.get(KEY);
      if (op === "update") await store.update(KEY, recordOf(2), 1);
      if (op === "delete") await store.delete(KEY);
      fast.before = () => {};
      if (op === "delete") await second.create(KEY, recordOf(2));
      if (op === "create") await second.update(KEY, recordOf(2), 1);
      await second.get(KEY);
      assert.equal(await second.update(KEY, recordOf(3), 2), "ok");
      gate.open();
      await assertRevision(second, 3);
      clock.advance(1);
      await assertRevision(second, 3);
    }
  });
});

describe("TieredStore: a fast tier that is left alone", () => {
  /** Two tiers of which the fast one has failed just now. */
  async function fail(options: TieredStoreOptions = {}) {
    const tiers = openTiers(options);
    const { store, fast } = tiers;
    await store.create(KEY, recordOf(1));
    await store.create(OTHER_KEY, recordOf(1));
    fast.before = () => Promise.reject(DOWN);
    await store.get(KEY);
    fast.before = () => {};
    return tiers;
  }

  it("is asked for nothing by a store of its own", async () => {
    const { store, fast } = await fail();
    const calls = await callsOf(fast, async () => {
      await store.get(OTHER_KEY);
      await store.create("n".repeat(43), recordOf(1));
      assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
      await store.touch?.(KEY, 1_000_001, 9_000_000_000_001);
      await store.delete(KEY);
      await store.get(KEY);
    });
    assert.deepEqual(calls, []);
  });

  it("loses what a write has outgrown, if it is shared", async () => {
    // It would take an hour to wait until the copies are too old.
    const { store, another, fast } = await fail({ shared: true, maxAge: 3600 });
    const second = another();
    await assertRevision(second, 1);
    const calls = await callsOf(fast, async () => {
      assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
    });
    assert.deepEqual(calls, ["delete"]);
    await assertRevision(second, 2);
    await store.touch?.(KEY, 1_000_001, 9_000_000_000_001);
    assert.equal((await second.get(KEY))?.lastSeenAt, 1_000_001);
    await store.delete(KEY);
    await assertRevision(second, null);
    assert.deepEqual(await callsOf(fast, () => store.get(OTHER_KEY)), []);
  });

  it("loses it also if nobody knows what became of the write", async () => {
    const { store, another, durable } = await fail({ shared: true });
    const second = another();
    await assertRevision(second, 1);
    durable.after = () => Promise.reject(DOWN);
    await assert.rejects(() => store.update(KEY, recordOf(2), 1), DOWN);
    durable.after = () => {};
    await assertRevision(second, 2);
  });

  it("has a rest of a second at least", async () => {
    const { store, fast, clock } = await fail({ maxAge: 0.001 });
    clock.advance(999);
    assert.deepEqual(await callsOf(fast, () => store.get(KEY)), []);
    clock.advance(1);
    assert.deepEqual(
      await callsOf(fast, () => store.get(KEY)),
      ["get", "create", "update"],
    );
  });

  it("is tried by one call, and no other waits for that one", async () => {
    const { store, fast, durable, clock } = await fail();
    clock.advance(MS);
    const gate = holdNext(fast, "before", "get");
    const trying = store.get(KEY);
    await gate.reached;
    const others = await callsOf(fast, async () => {
      await Promise.all([store.get(KEY), store.get(OTHER_KEY)]);
      await store.update(OTHER_KEY, recordOf(2), 1);
    });
    assert.deepEqual(others, []);
    gate.open();
    await trying;
    await assertRevision(store, 1);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), []);
    assert.equal((await store.get(OTHER_KEY))?.revision, 2);
  });

  it("is left alone again if that one fails", async () => {
    const { store, fast, clock } = await fail({ timeout: 0.001 });
    for (const fault of Object.values(FAULTS)) {
      clock.advance(MS);
      Object.assign(fast, { before() {}, after() {} }, fault);
      assert.deepEqual(await callsOf(fast, () => store.get(KEY)), ["get"]);
      Object.assign(fast, { before() {}, after() {} });
      clock.advance(MS - 1);
      assert.deepEqual(await callsOf(fast, () => store.get(KEY)), []);
      clock.advance(1 - MS);
    }
  });

  it("is left alone if another call fails while one tries it", async () => {
    const { store, fast, clock } = openTiers();
    await store.create(KEY, recordOf(1));
    const slow = holdNext(fast, "before", "get");
    const reading = store.get(KEY);
    await slow.reached;
    fast.before = () => Promise.reject(DOWN);
    await store.get(OTHER_KEY);
    clock.advance(MS);
    const trial = createGate();
    fast.before = () => trial.wait();
    const trying = store.get(OTHER_KEY);
    await trial.reached;
    // The first one comes back with an error after all.
    fast.after = () => Promise.reject(DOWN);
    slow.open();
    await reading;
    fast.after = () => {};
    fast.before = () => {};
    trial.open();
    await trying;
    assert.deepEqual(await callsOf(fast, () => store.get(KEY)), []);
    clock.advance(MS);
    assert.ok((await callsOf(fast, () => store.get(KEY))).length > 0);
  });

  for (const shared of [true, false]) {
    const whose = shared ? "shared" : "own";
    it(`costs each of many writes one wait at most: ${whose}`, async () => {
      // The real clock: what cannot be removed is waited for.
      const options = { shared, maxAge: 0.05, timeout: 0.02, now: Date.now };
      const { store, another, fast, durable } = openTiers(options);
      const keys = Array.from(
        { length: 20 },
        (_, number) => `${number}`.padStart(43, "k"),
      );
      for (const key of keys) await store.create(key, recordOf(1));
      fast.before = () => new Promise(() => {});
      const write = async (revision: number, key: string) =>
        assert.equal(
          await store.update(key, recordOf(revision + 1), revision),
          "ok",
        );
      const first = await callsOf(fast, async () => {
        await Promise.all(keys.map((key) => write(1, key)));
      });
      // They all find out at the same time.
      assert.equal(first.filter((op) => op === "get").length, 20);
      assert.equal(first.length, shared ? 40 : 20);
      const later = await callsOf(fast, async () => {
        for (const revision of [2, 3, 4]) {
          await Promise.all(keys.map((key) => write(revision, key)));
        }
      });
      assert.deepEqual(later.filter((op) => op !== "delete"), []);
      assert.equal(later.length, shared ? 60 : 0);
      for (const key of keys) {
        assert.equal((await store.get(key))?.revision, 5);
        assert.equal((await durable.inner.get(key))?.revision, 5);
      }
      if (shared) {
        fast.before = () => {};
        assert.equal((await another().get(keys[0] ?? ""))?.revision, 5);
      }
    });
  }

  it("has forgotten what a store of its own wrote meanwhile", async () => {
    for (const write of ["update", "delete"] as const) {
      const { store, fast, clock } = openTiers();
      await store.create(KEY, recordOf(1));
      await store.get(KEY);
      clock.advance(1);
      fast.before = () => Promise.reject(DOWN);
      await store.get(OTHER_KEY);
      fast.before = () => {};
      for (const ms of [0, MS - 1, 1, 1, MS]) {
        clock.advance(ms);
        const revision = (await store.get(KEY))?.revision ?? 0;
        if (write === "update" && revision) {
          await store.update(KEY, recordOf(revision + 1), revision);
          await assertRevision(store, revision + 1);
        } else {
          await store.delete(KEY);
          await assertRevision(store, null);
          await store.create(KEY, recordOf(1));
        }
      }
    }
  });
});

describe("TieredStore: a fast tier that comes back with old content", () => {
  it("shows it to no process that saw it fail", async () => {
    for (const write of ["update", "delete"] as const) {
      const { store, fast, clock } = openTiers();
      await store.create(KEY, recordOf(1));
      await store.get(KEY);
      const restore = await snapshot(fast, clock.now);
      fast.before = () => Promise.reject(DOWN);
      if (write === "update") await store.update(KEY, recordOf(2), 1);
      else await store.delete(KEY);
      const expected = write === "update" ? 2 : null;
      await assertRevision(store, expected);
      await restore();
      fast.before = () => {};
      for (const ms of [0, MS - 1, 1, MS]) {
        clock.advance(ms);
        await assertRevision(store, expected);
      }
    }
  });

  it("shows it to the others no longer than maxAge", async () => {
    const { store, another, fast, clock } = openTiers({ shared: true });
    const second = another();
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    const restore = await snapshot(fast, clock.now);
    await store.delete(KEY);
    await assertRevision(second, null);
    clock.advance(MS);
    await restore();
    await assertRevision(second, null);
    await assertRevision(store, null);
  });

  it("comes back empty without harm", async () => {
    const { store, fast, durable, clock } = openTiers({ shared: true });
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    fast.inner = new MemoryStore({ now: clock.now });
    await assertRevision(store, 1);
    assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), []);
    await assertRevision(store, 2);
  });
});

describe("TieredStore: a durable tier that fails", () => {
  const failed = new Error("The durable tier failed");

  for (const when of ["before", "after"] as const) {
    it(`rejects as it does, ${when} a write, and then shows the truth`, async () => {
      const writes = [
        (store: SessionStore) => store.create(OTHER_KEY, recordOf(1)),
        (store: SessionStore) => store.update(KEY, recordOf(2), 1),
        (store: SessionStore) => store.delete(KEY),
        (store: SessionStore) => store.touch?.(KEY, 1_000_001, 2_000_000),
      ];
      for (const write of writes) {
        const { store, durable } = openTiers({ shared: true });
        await store.create(KEY, recordOf(1));
        await store.get(KEY);
        durable[when] = () => Promise.reject(failed);
        await assert.rejects(async () => await write(store), failed);
        durable[when] = () => {};
        for (const key of [KEY, OTHER_KEY]) {
          const truth = await durable.inner.get(key);
          assert.deepEqual(await store.get(key), truth && { ...truth });
        }
      }
    });
  }

  it("rejects a read that finds no copy", async () => {
    const { store, durable } = openTiers();
    await store.create(KEY, recordOf(1));
    durable.before = () => Promise.reject(failed);
    await assert.rejects(() => store.get(KEY), failed);
    durable.before = () => {};
    await assertRevision(store, 1);
  });
});

/** A visit that another process, with no trouble of its own, looks at. */
async function visited(prepare: (fast: Hooked) => void = () => {}) {
  // The real clock: writes wait until copies that they cannot remove are old.
  const tiers = openTiers({
    shared: true,
    maxAge: 0.004,
    timeout: 0.002,
    now: Date.now,
  });
  const own = tiers.fast;
  const second = tiers.another({ timeout: 5 });
  const calls = own.calls;
  prepare(own);
  await visit(tiers.store, async (write) => {
    const { before, after } = own;
    own.before = own.after = () => {};
    const count = calls.length;
    const truth = await tiers.durable.inner.get(KEY);
    // Twice, so that it has a copy when the next write comes.
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(await second.get(KEY), truth && { ...truth }, write);
    }
    calls.length = count;
    Object.assign(own, { before, after });
  });
  return { fast: { calls: [...calls] } };
}

/** Notes what a fast tier holds, to be put there again. */
async function snapshot(
  fast: Hooked,
  now: () => number,
): Promise<() => Promise<void>> {
  const held: SessionRecord | null = await fast.inner.get(KEY);
  assert.ok(held);
  return async () => {
    fast.inner = new MemoryStore({ now });
    await fast.inner.create(KEY, held);
  };
}

describe("TieredStore: requests beside a shared fast tier that hangs", () => {
  it("are all served, those that wait for each other too", async () => {
    const hanging = () => new Promise<never>(() => {});
    const fast = {
      consistency: "strong" as const,
      create: hanging,
      get: hanging,
      update: hanging,
      delete: hanging,
    };
    const handle = withSession<{ n: number }>((_request, session) => {
      session.update("n", (n = 0) => n + 1);
      return new Response();
    }, {
      secret: markedSecret(),
      store: new TieredStore(fast, new MemoryStore(), { shared: true }),
    });
    const cookie = cookieOf(await handle(requestWith("")));
    const requests = Array.from(
      { length: 5 },
      () => handle(requestWith(cookie)),
    );
    await Promise.all(requests);
  });
});
