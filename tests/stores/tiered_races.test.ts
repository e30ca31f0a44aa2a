import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { createClock } from "../../testing.ts";
import {
  assertRevision,
  holdNext,
  KEY,
  MAX_AGE,
  openTiers,
  recordOf,
} from "./_tiers.ts";

for (const shared of [true, false]) {
  describe(`TieredStore: races, ${shared ? "shared" : "own"} fast tier`, () => {
    it("fills no copy of a session that ended meanwhile", async () => {
      const { store, durable, fast } = openTiers({ shared });
      await store.create(KEY, recordOf(1));
      const gate = holdNext(durable, "after", "get");
      const reading = store.get(KEY);
      await gate.reached;
      await store.delete(KEY);
      gate.open();
      assert.equal((await reading)?.revision, 1);
      await assertRevision(store, null);
      assert.notEqual((await fast.inner.get(KEY))?.id, recordOf(1).id);
    });

    it("fills no copy of a revision that was outgrown meanwhile", async () => {
      const { store, durable } = openTiers({ shared });
      await store.create(KEY, recordOf(1));
      const gate = holdNext(durable, "after", "get");
      const reading = store.get(KEY);
      await gate.reached;
      assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
      gate.open();
      await reading;
      await assertRevision(store, 2);
      await assertRevision(store, 2);
    });

    it("fills no copy of times that were moved meanwhile", async () => {
      const { store, durable } = openTiers({ shared });
      await store.create(KEY, recordOf(1));
      const gate = holdNext(durable, "after", "get");
      const reading = store.get(KEY);
      await gate.reached;
      await store.touch?.(KEY, 1_000_009, 2_000_000);
      gate.open();
      await reading;
      assert.equal((await store.get(KEY))?.lastSeenAt, 1_000_009);
    });

    it("fills nothing into a fast tier that forgets all", async () => {
      for (const write of ["update", "delete"] as const) {
        const { store, durable, fast } = openTiers({ shared });
        await store.create(KEY, recordOf(1));
        const gate = holdNext(durable, "after", "get");
        const reading = store.get(KEY);
        await gate.reached;
        if (write === "update") await store.update(KEY, recordOf(2), 1);
        else await store.delete(KEY);
        await fast.inner.delete(KEY);
        gate.open();
        await reading;
        await assertRevision(store, write === "update" ? 2 : null);
      }
    });

    it("fills no copy where another reader has left its mark", async () => {
      const { store, durable, fast } = openTiers({ shared });
      await store.create(KEY, recordOf(1));
      const first = holdNext(durable, "after", "get");
      const slow = store.get(KEY);
      await first.reached;
      await store.update(KEY, recordOf(2), 1);
      await fast.inner.delete(KEY);
      const second = holdNext(durable, "before", "get");
      const next = store.get(KEY);
      await second.reached;
      first.open();
      await slow;
      assert.notEqual((await fast.inner.get(KEY))?.id, recordOf(1).id);
      second.open();
      assert.equal((await next)?.revision, 2);
      await assertRevision(store, 2);
    });

    it("keeps the next life of a key free from the last", async () => {
      const { store, durable } = openTiers({ shared });
      await store.create(KEY, recordOf(1));
      await store.get(KEY);
      const gate = holdNext(durable, "after", "update");
      const updating = store.update(KEY, recordOf(2), 1);
      await gate.reached;
      await store.delete(KEY);
      await store.create(KEY, recordOf(1, { value: "new" }));
      await store.get(KEY);
      gate.open();
      assert.equal(await updating, "ok");
      assert.equal((await store.get(KEY))?.value, "new");
    });

    it("keeps an ended session ended when an update was on its way", async () => {
      for (const step of ["get", "update"] as const) {
        const { store, fast } = openTiers({ shared });
        await store.create(KEY, recordOf(1));
        await store.get(KEY);
        const gate = holdNext(fast, "before", step);
        const updating = store.update(KEY, recordOf(2), 1);
        await gate.reached;
        await store.delete(KEY);
        gate.open();
        assert.equal(await updating, step === "get" ? "gone" : "ok");
        await assertRevision(store, null);
      }
    });

    it("keeps the last of two updates whose copies cross", async () => {
      const { store, fast } = openTiers({ shared });
      await store.create(KEY, recordOf(1));
      await store.get(KEY);
      const gate = holdNext(fast, "before", "update");
      const updating = store.update(KEY, recordOf(2), 1);
      await gate.reached;
      assert.equal(await store.update(KEY, recordOf(3), 2), "ok");
      await store.get(KEY);
      gate.open();
      assert.equal(await updating, "ok");
      await assertRevision(store, 3);
    });
  });
}

describe("TieredStore: any order of steps", () => {
  it("shows every acknowledged write to all who share a fast tier", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      await play(seed, { shared: true, fails: false });
    }
  });

  it("shows every acknowledged write to its own process", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      await play(seed, { shared: false, fails: false });
    }
  });

  it("does so also when the fast tier fails at any step", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      await play(seed, { shared: false, fails: true });
    }
  });
});

interface Entry {
  readonly next: SessionRecord | null;
  /** Whether it changed anything; known when all is done. */
  isDone: boolean;
}

/**
 * Lets processes work on one session, one step of theirs at a time, in an
 * order that the seed decides, and then looks at what each of them was shown.
 */
async function play(
  seed: number,
  { shared, fails }: { shared: boolean; fails: boolean },
): Promise<void> {
  const random = createRandom(seed);
  const clock = createClock(1_000_000);
  const { now } = clock;
  const fast = new MemoryStore({ now });
  const durable = new MemoryStore({ now });
  const waiting: (() => void)[] = [];
  const step = () => new Promise<void>((resolve) => waiting.push(resolve));
  const ledger: Entry[] = [];
  const reads: { record: string; from: number; to: number }[] = [];
  let value = 0;
  let acknowledged = -1;
  let working = 0;

  const held = async <Result>(work: () => Promise<Result>) => {
    await step();
    const result = await work();
    await step();
    return result;
  };
  const risky = async <Result>(work: () => Promise<Result>) => {
    await step();
    if (fails && random() < 0.15) throw new Error("Not carried out");
    const result = await work();
    await step();
    if (fails && random() < 0.15) throw new Error("No answer");
    return result;
  };

  async function act(ownFast: MemoryStore): Promise<void> {
    let own = -1;
    let written = -1;
    const log = async <Result>(
      next: SessionRecord | null,
      write: () => Promise<Result>,
    ) => {
      const entry = { next, isDone: false };
      written = ledger.push(entry) - 1;
      const result = await write();
      entry.isDone = result === undefined || result === true || result === "ok";
      return result;
    };
    const store: SessionStore = new TieredStore({
      consistency: "strong",
      create: (...args) => risky(() => ownFast.create(...args)),
      get: (...args) => risky(() => ownFast.get(...args)),
      update: (...args) => risky(() => ownFast.update(...args)),
      delete: (...args) => risky(() => ownFast.delete(...args)),
    }, {
      consistency: "strong",
      get: (...args) => held(() => durable.get(...args)),
      create: (key, record) =>
        held(() => log(record, () => durable.create(key, record))),
      update: (key, record, revision) =>
        held(() => log(record, () => durable.update(key, record, revision))),
      delete: (key) => held(() => log(null, () => durable.delete(key))),
    }, { shared, now, maxAge: MAX_AGE, timeout: 3600 });

    for (let number = 0; number < 5; number++) {
      const from = shared ? acknowledged : own;
      const record = await store.get(KEY);
      reads.push({ record: text(record), from, to: ledger.length });
      const next = recordOf((record?.revision ?? 0) + 1, {
        value: `${++value}`,
      });
      const choice = random();
      if (choice < 0.4) {
        if (record) await store.update(KEY, next, record.revision);
        else await store.create(KEY, next);
      } else if (choice < 0.55) {
        await store.delete(KEY);
      } else continue;
      own = Math.max(own, written);
      acknowledged = Math.max(acknowledged, own);
    }
  }

  for (let number = 0; number < 3; number++) {
    working++;
    act(shared ? fast : new MemoryStore({ now })).finally(() => working--);
  }
  while (working > 0) {
    for (let ticks = 0; ticks < 20; ticks++) await Promise.resolve();
    const place = Math.floor(random() * waiting.length);
    waiting.splice(place, 1)[0]?.();
    if (random() < 0.03) await fast.delete(KEY);
    if (random() < 0.1) clock.advance(Math.floor(random() * MAX_AGE * 1500));
  }

  const states = [text(null)];
  for (const { next, isDone } of ledger) {
    states.push(isDone ? text(next) : states.at(-1) ?? "");
  }
  for (const { record, from, to } of reads) {
    const seen = states.slice(from + 1, to + 1);
    assert.ok(seen.includes(record), `Seed ${seed}: ${record} of ${seen}`);
  }
}

function text(record: SessionRecord | null): string {
  return record ? `${record.revision}: ${record.value}` : "none";
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
