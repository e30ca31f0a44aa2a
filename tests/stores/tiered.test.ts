import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionError } from "../../src/errors.ts";
import type { SessionStore } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore, type TieredStoreOptions } from "../../stores/tiered.ts";
import { createClock, describeStore } from "../../testing.ts";
import {
  assertRevision,
  callsOf,
  HOUR,
  KEY,
  MAX_AGE,
  openTiers,
  OTHER_KEY,
  recordOf,
  USER,
} from "./_tiers.ts";

const MS = MAX_AGE * 1000;

/** Reads twice: the answer is that of the copy, if there is one. */
class Twice extends TieredStore {
  override async get(key: string): ReturnType<SessionStore["get"]> {
    await super.get(key);
    return await super.get(key);
  }
}

for (const shared of [true, false]) {
  for (const Store of [TieredStore, Twice]) {
    const what = shared ? "a shared fast tier" : "a fast tier of its own";
    const how = Store === Twice ? ", each read twice" : "";
    describeStore(`TieredStore with ${what}${how}`, () => {
      const clock = createClock();
      const { now } = clock;
      const fast = new MemoryStore({ now });
      const durable = new MemoryStore({ now });
      const open = () =>
        new Store(shared ? fast : new MemoryStore({ now }), durable, {
          shared,
          now,
        });
      const reopen = () => Promise.resolve(open());
      return { store: open(), reopen, ...clock };
    }, {
      without: [...(shared ? [] : ["strong" as const]), "failure", "full"],
    });
  }
}

describe("TieredStore: copies", () => {
  it("serves the second read from the fast tier alone", async () => {
    const { store, durable } = openTiers();
    const record = recordOf(1, { value: " a  b\nc ", user: "" });
    await store.create(KEY, record);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), ["get"]);
    const calls = await callsOf(durable, async () => {
      assert.deepEqual(await store.get(KEY), record);
    });
    assert.deepEqual(calls, []);
  });

  it("serves what an update wrote from the fast tier alone", async () => {
    const { store, fast, durable } = openTiers();
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    for (const revision of [2, 3, 4]) {
      const record = recordOf(revision);
      const calls = await callsOf(fast, async () => {
        assert.equal(await store.update(KEY, record, revision - 1), "ok");
      });
      assert.deepEqual(calls, ["get", "update"]);
      const reads = await callsOf(durable, async () => {
        assert.deepEqual(await store.get(KEY), record);
      });
      assert.deepEqual(reads, []);
    }
  });

  it("serves a copy for maxAge after the durable tier was read", async () => {
    const { store, durable, clock } = openTiers();
    await store.create(KEY, recordOf(1));
    // The read itself takes a while: that is part of the copy's age.
    durable.after = () => clock.advance(MS / 2);
    await store.get(KEY);
    clock.advance(MS / 2 - 1);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), []);
    clock.advance(1);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), ["get"]);
  });

  it("serves a copy of an update for maxAge after its begin", async () => {
    const { store, durable, clock } = openTiers();
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    durable.after = () => clock.advance(MS / 2);
    await store.update(KEY, recordOf(2), 1);
    clock.advance(MS / 2 - 1);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), []);
    clock.advance(1);
    assert.deepEqual(await callsOf(durable, () => store.get(KEY)), ["get"]);
  });

  it("serves no copy past the record's own end", async () => {
    const { store, clock } = openTiers();
    const expiresAt = clock.now() + MS / 2;
    await store.create(KEY, recordOf(1, { expiresAt }));
    await store.get(KEY);
    clock.advance(MS / 2 - 1);
    await assertRevision(store, 1);
    clock.advance(1);
    await assertRevision(store, null);
  });

  it("goes by its own clock if that of the fast tier is slow", async () => {
    const { store, fast, durable, clock } = openTiers();
    const start = clock.now();
    fast.inner = new MemoryStore({ now: () => start });
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    clock.advance(MS);
    await durable.update(KEY, recordOf(2), 1);
    await assertRevision(store, 2);
  });

  it("keeps users and true ends out of the fast tier's sight", async () => {
    const { store, fast } = openTiers();
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    assert.equal(await fast.inner.count(USER), 0);
    assert.equal(await fast.inner.count(), 1);
  });

  it("leaves alone what the fast tier has of somebody else", async () => {
    const { store, fast } = openTiers();
    await store.create(KEY, recordOf(1));
    await fast.inner.create(KEY, recordOf(7));
    await assertRevision(store, 1);
    assert.equal((await fast.inner.get(KEY))?.revision, 7);
  });

  it("does without copies of records too large for the fast tier", async () => {
    const { store, fast, durable } = openTiers();
    fast.before = (op) => {
      if (op === "update") throw new SessionError("oversize", "Too large");
    };
    await store.create(KEY, recordOf(1));
    await assertRevision(store, 1);
    await assertRevision(store, 1);
    assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
    await assertRevision(store, 2);
    // That is no reason to give up on the others.
    fast.before = () => {};
    await store.create(OTHER_KEY, recordOf(1));
    await store.get(OTHER_KEY);
    assert.deepEqual(await callsOf(durable, () => store.get(OTHER_KEY)), []);
  });

  it("removes a copy that an update has outgrown", async () => {
    const { store, fast } = openTiers({ shared: true });
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    fast.before = (op) => {
      if (op === "update") throw new SessionError("oversize", "Too large");
    };
    assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
    assert.equal(await fast.inner.get(KEY), null);
  });

  it("writes a record as it was when it was passed", async () => {
    const { store, durable } = openTiers();
    const record = { ...recordOf(1) };
    const creating = store.create(KEY, record);
    record.value = "changed";
    await creating;
    assert.deepEqual(await store.get(KEY), recordOf(1));
    const next = { ...recordOf(2) };
    const updating = store.update(KEY, next, 1);
    next.value = "changed";
    await updating;
    assert.deepEqual(await store.get(KEY), recordOf(2));
    assert.deepEqual({ ...await durable.inner.get(KEY) }, recordOf(2));
  });

  it("serves new times after a touch", async () => {
    const { store } = openTiers();
    await store.create(KEY, recordOf(1));
    await store.get(KEY);
    const expiresAt = recordOf(1).expiresAt + 1;
    assert.equal(await store.touch?.(KEY, 1_000_001, expiresAt), true);
    assert.deepEqual(
      await store.get(KEY),
      recordOf(1, { lastSeenAt: 1_000_001, expiresAt }),
    );
  });
});

describe("TieredStore: a fast tier in each process", () => {
  it("ends a session elsewhere within maxAge, and for good", async () => {
    const { store, another, clock } = openTiers();
    const second = another();
    await store.create(KEY, recordOf(1));
    await assertRevision(second, 1);
    await store.delete(KEY);
    await assertRevision(store, null);
    clock.advance(MS);
    await assertRevision(second, null);
    clock.advance(HOUR);
    await assertRevision(second, null);
  });

  it("shows a write elsewhere within maxAge", async () => {
    const { store, another, clock } = openTiers();
    const second = another();
    await store.create(KEY, recordOf(1));
    await assertRevision(second, 1);
    await store.update(KEY, recordOf(2), 1);
    await assertRevision(store, 2);
    clock.advance(MS);
    await assertRevision(second, 2);
  });

  it("shows a mark in the place of what ended, in its own process at once", async () => {
    const { store, another, clock } = openTiers();
    const second = another();
    await store.create(KEY, recordOf(1));
    await assertRevision(store, 1);
    await assertRevision(second, 1);
    const end = clock.now() + 90_000;
    const mark = { value: "", id: "", user: "", label: "", expiresAt: end };
    assert.equal(await store.update(KEY, recordOf(2, mark), 1), "ok");
    assert.deepEqual(await store.get(KEY), recordOf(2, mark));
    assert.deepEqual(await Array.fromAsync(store.listByUser?.(USER) ?? []), []);
    clock.advance(MS);
    assert.deepEqual(await second.get(KEY), recordOf(2, mark));
    clock.advance(90_000);
    await assertRevision(store, null);
    await assertRevision(second, null);
  });

  it("is fresh after an update that found the session gone", async () => {
    const { store, another } = openTiers();
    const second = another();
    await store.create(KEY, recordOf(1));
    await assertRevision(second, 1);
    await store.delete(KEY);
    assert.equal(await second.update(KEY, recordOf(2), 1), "gone");
    await assertRevision(second, null);
    await assertRevision(store, null);
  });

  it("is fresh after an update that was a conflict", async () => {
    const { store, another } = openTiers();
    const second = another();
    await store.create(KEY, recordOf(1));
    await assertRevision(second, 1);
    await store.update(KEY, recordOf(2), 1);
    assert.equal(await second.update(KEY, recordOf(2), 1), "conflict");
    await assertRevision(second, 2);
    assert.equal(await second.update(KEY, recordOf(3), 2), "ok");
  });

  it("is fresh after a touch that found nothing, and a create", async () => {
    const { store, another, clock } = openTiers();
    const second = another();
    await store.create(KEY, recordOf(1));
    await assertRevision(second, 1);
    await store.delete(KEY);
    assert.equal(await second.touch?.(KEY, 1, 2_000_000), false);
    await assertRevision(second, null);
    await store.create(KEY, recordOf(5));
    clock.advance(MS);
    await assertRevision(second, 5);
    await store.delete(KEY);
    assert.equal(await second.create(KEY, recordOf(1)), true);
    await assertRevision(second, 1);
  });
});

describe("TieredStore: abilities and options", () => {
  const clock = createClock();
  const memory = () => new MemoryStore({ now: clock.now });

  it("is strong only if both tiers are, and the fast one is shared", () => {
    const eventual: SessionStore = bare("eventual");
    const consistency = (durable: SessionStore, shared?: boolean) =>
      new TieredStore(memory(), durable, { shared }).consistency;
    assert.equal(consistency(memory()), "eventual");
    assert.equal(consistency(memory(), false), "eventual");
    assert.equal(consistency(memory(), true), "strong");
    assert.equal(consistency(eventual, true), "eventual");
  });

  it("carries for maxAge, rounded up, and as long as its durable tier", () => {
    const late = (carry?: number): SessionStore => ({
      ...bare("eventual"),
      carry,
    });
    const carry = (durable: SessionStore, options?: TieredStoreOptions) =>
      new TieredStore(memory(), durable, options).carry;
    assert.equal(carry(memory()), 2);
    assert.equal(carry(memory(), { maxAge: 0.001 }), 1);
    assert.equal(carry(memory(), { maxAge: 300 }), 300);
    assert.equal(carry(memory(), { maxAge: 2.5, shared: false }), 3);
    assert.equal(carry(memory(), { shared: true }), undefined);
    for (const shared of [true, false]) {
      const own = shared ? 1 : 2;
      assert.equal(carry(late(), { shared }), 90 + own);
      assert.equal(carry(late(600), { shared }), 600 + own);
      assert.equal(carry(late(0), { shared, maxAge: 7 }), 7);
    }
    // What a strong store says of it means nothing.
    const strong = { ...bare("strong"), carry: 600 };
    assert.equal(carry(strong), 2);
    assert.equal(carry(strong, { shared: true }), undefined);
  });

  it("evicts if its durable tier does", () => {
    const evicts = (fast: SessionStore, durable: SessionStore) =>
      new TieredStore(fast, durable, { shared: true }).evicts;
    const small = () => new MemoryStore({ maxRecords: 5 });
    assert.equal(evicts(small(), memory()), false);
    assert.equal(evicts(small(), bare("strong")), false);
    assert.equal(evicts(memory(), small()), true);
  });

  it("has the abilities of the durable tier, and no others", () => {
    const abilities = ["touch", "listByUser", "count", "deleteExpired"];
    const able = new TieredStore(memory(), memory());
    const unable = new TieredStore(memory(), bare("strong"));
    for (const ability of abilities) {
      assert.equal(ability in able, true, ability);
      assert.equal(ability in unable, false, ability);
    }
  });

  it("refuses wrong options with the option's name", () => {
    const make = (options: object) => () =>
      new TieredStore(memory(), memory(), options as TieredStoreOptions);
    const wrong: [object, typeof TypeError | typeof RangeError, RegExp][] = [
      [{ maxAge: "2" }, TypeError, /maxAge/],
      [{ maxAge: NaN }, RangeError, /maxAge/],
      [{ maxAge: 0 }, RangeError, /maxAge/],
      [{ maxAge: 3601 }, RangeError, /maxAge/],
      [{ timeout: null }, TypeError, /timeout/],
      [{ timeout: -1 }, RangeError, /timeout/],
      [{ timeout: Infinity }, RangeError, /timeout/],
      [{ shared: 1 }, TypeError, /shared/],
      [{ now: 1 }, TypeError, /now/],
    ];
    for (const [options, name, message] of wrong) {
      assert.throws(make(options), { name: name.name, message });
    }
    make({ maxAge: 0.001, timeout: 3600 })();
  });

  it("refuses tiers that cannot be tiers", () => {
    const store = memory();
    const make = (fast: unknown, durable: unknown) => () =>
      new TieredStore(fast as SessionStore, durable as SessionStore);
    assert.throws(make(store, store), TypeError);
    assert.throws(make(undefined, store), TypeError);
    assert.throws(make(store, undefined), TypeError);
    assert.throws(make(store, {}), TypeError);
    assert.throws(make(bare("eventual"), store), TypeError);
    for (const consistency of [undefined, "weak"]) {
      const vague = { ...bare("strong"), consistency };
      assert.throws(make(store, vague), /durable must have a consistency/);
    }
  });
});

/** A store with five members. */
function bare(consistency: "strong" | "eventual"): SessionStore {
  const inner = new MemoryStore();
  return {
    consistency,
    create: (key, record) => inner.create(key, record),
    get: (key) => inner.get(key),
    update: (key, record, revision) => inner.update(key, record, revision),
    delete: (key) => inner.delete(key),
  };
}
