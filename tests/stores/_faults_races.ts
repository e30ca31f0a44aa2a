import { checkKey } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock, type StoreHarness } from "../../testing.ts";
import { changed, type Fault, fault, others, type Whole } from "./_faulty.ts";

/** Calls at the same time. */
export const raceFaults: readonly Fault[] = [
  fault("looks before it creates", [
    "create() lets one of many through",
    "create() lets one of many through to an expired record's place",
    "two stores on one back end let one of many through",
  ], ({ good }) => ({
    async create(key, record) {
      if (await good.get(key)) return false;
      await others();
      await good.delete(key);
      return await good.create(key, record);
    },
  })),
  fault("looks before it updates", [
    "update() lets one of many through",
    "update() loses no change of many writers",
    "delete() stays done when an update is under way",
    "delete() in one store stays done when another updates",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const found = await good.get(key);
      if (!found) return "gone";
      if (found.revision !== revision) return "conflict";
      await others();
      await good.delete(key);
      await good.create(key, record);
      return "ok";
    },
  })),
  fault("replaces a value before the rest", [
    "get() sees whole records while they are replaced",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const found = await good.get(key);
      if (found?.revision !== revision) {
        return await good.update(key, record, revision);
      }
      const { value } = record;
      const half = await good.update(key, { ...found, value }, revision);
      if (half !== "ok") return half;
      await others();
      return await good.update(key, record, revision);
    },
  })),
  fault("rewrites the whole record in touch()", [
    "update() stays done when a touch is under way",
    "delete() stays done when a touch is under way",
  ], ({ good }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      const record = await good.get(key);
      if (!record) return false;
      await others();
      await good.delete(key);
      return await good.create(key, { ...record, lastSeenAt, expiresAt });
    },
  })),
  fault("removes what it found expired, whatever is there by now", [
    "create() in an expired record's place outlives calls for that one",
  ], ({ good, now }) => {
    const ends = new Map<string, number>();
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) ends.set(key, record.expiresAt);
        return isDone;
      },
      async get(key) {
        const isExpired = (ends.get(key) ?? Infinity) <= now();
        const record = await good.get(key);
        if (!isExpired) return record;
        await others();
        await good.delete(key);
        return record;
      },
    };
  }),
  fault("removes by their keys what had expired when it began", [
    "create() in an expired record's place outlives deleteExpired()",
  ], ({ good, now }) => {
    const ends = new Map<string, number>();
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) ends.set(key, record.expiresAt);
        return isDone;
      },
      async deleteExpired() {
        const keys = [...ends.keys()].filter((key) =>
          (ends.get(key) ?? 0) <= now()
        );
        await others();
        for (const key of keys) await good.delete(key);
        return keys.length;
      },
    };
  }),
  fault("mixes up the answers of calls at the same time", [
    "calls for many records at the same time do not mix them",
  ], ({ good }) => {
    let current = "";
    return {
      async get(key) {
        checkKey(key);
        current = key;
        await others();
        return await good.get(current);
      },
    };
  }),
];

/** Two stores on one back end. */
export const reopenFaults: readonly Fault[] = [
  {
    name: "shares nothing with another store on the same back end",
    noticed: [
      "a reopened store has the same records",
      "two stores on one back end see each other's writes",
      "two stores on one back end let one of many through",
      "two stores on one back end lose no change of many writers",
      "listByUser() shows the same in a reopened store",
    ],
    open() {
      const { now, advance } = createClock();
      const open = () => new MemoryStore({ now });
      const reopen = () => Promise.resolve(open());
      return { store: open(), now, advance, reopen };
    },
  },
  {
    name: "has another store read from a replica that is late",
    noticed: ["two stores on one back end read each other's writes at once"],
    open: openReplicated,
  },
  {
    name: "has a lock for itself alone",
    noticed: [
      "two stores on one back end let one of many through",
      "two stores on one back end lose no change of many writers",
      "delete() in one store stays done when another updates",
    ],
    open() {
      const { now, advance } = createClock();
      const good = new MemoryStore({ now });
      const reopen = () => Promise.resolve(lockedAlone(good));
      return { store: lockedAlone(good), now, advance, reopen };
    },
  },
];

/** Two stores, the second of which reads what was there a moment ago. */
function openReplicated(): StoreHarness {
  const { now, advance } = createClock();
  const good = new MemoryStore({ now });
  const replica = new MemoryStore({ now });
  const follow = async (key: string) => {
    const record = await good.get(key);
    setTimeout(async () => {
      await replica.delete(key);
      if (record) await replica.create(key, record);
    }, 2);
  };
  const open = () =>
    changed(good, {
      async create(key, record) {
        const isDone = await good.create(key, record);
        await follow(key);
        return isDone;
      },
      async update(key, record, revision) {
        const result = await good.update(key, record, revision);
        await follow(key);
        return result;
      },
      async delete(key) {
        await good.delete(key);
        await follow(key);
      },
    });
  const reopen = () =>
    Promise.resolve({ ...open(), get: (key: string) => replica.get(key) });
  return { store: open(), now, advance, reopen };
}

/** A store that looks before it writes, one call at a time. */
function lockedAlone(good: MemoryStore): Whole {
  let last: Promise<unknown> = Promise.resolve();
  const alone = <Result>(call: () => Promise<Result>): Promise<Result> => {
    const next = last.then(call, call);
    last = next.catch(() => {});
    return next;
  };
  return changed(good, {
    create: (key, record) =>
      alone(async () => {
        if (await good.get(key)) return false;
        await others();
        await good.delete(key);
        return await good.create(key, record);
      }),
    update: (key, record, revision) =>
      alone(async () => {
        const found = await good.get(key);
        if (!found) return "gone";
        if (found.revision !== revision) return "conflict";
        await others();
        await good.delete(key);
        await good.create(key, record);
        return "ok";
      }),
    delete: (key) => alone(() => good.delete(key)),
  });
}
