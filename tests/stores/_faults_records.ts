import type { SessionRecord } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock } from "../../testing.ts";
import { changed, type Fault, fault, ticks } from "./_faulty.ts";

/** One record at a time. */
export const basicFaults: readonly Fault[] = [
  fault("says nothing of its consistency", [
    "consistency is one of two words",
  ], () => ({ consistency: "" as "strong" })),
  fault("does not know whether it drops records", [
    "carry and evicts are a number and a boolean, if they are there",
  ], () => ({ evicts: "now and then" as never })),
  fault("carries a text", [
    "carry and evicts are a number and a boolean, if they are there",
  ], () => ({ carry: "90" as never })),
  fault("resolves undefined for an unknown key", [
    "get() resolves null for an unknown key",
  ], ({ good }) => ({
    get: async (key) => await good.get(key) ?? undefined as never,
  })),
  fault("inserts on update", [
    "update() of an unknown key finds it gone and inserts nothing",
    "update() after delete() finds it gone and inserts nothing",
    "update() finds an expired record gone and does not revive it",
    "update() with an end in the past ends a record",
    "delete() stays done when an update is under way",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const result = await good.update(key, record, revision);
      if (result === "gone") await good.create(key, record);
      return result === "gone" ? "ok" : result;
    },
  })),
  fault("inserts on create over what is there", [
    "create() refuses a key that is taken and leaves its record",
    "create() lets one of many through",
    "listByUser() is not changed by a create that fails",
  ], ({ good }) => ({
    async create(key, record) {
      while (!await good.create(key, record)) await good.delete(key);
      return true;
    },
  })),
  fault("does not look at the revision", [
    "update() from another revision is a conflict and changes nothing",
    "update() lets one of many through",
    "update() loses no change of many writers",
    "listByUser() is not changed by an update that fails",
  ], ({ good }) => ({
    async update(key, record) {
      for (;;) {
        const { revision = 0 } = await good.get(key) ?? {};
        const result = await good.update(key, record, revision);
        if (result !== "conflict") return result;
      }
    },
  })),
  fault("lets a later revision replace what is there", [
    "update() from another revision is a conflict and changes nothing",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const found = await good.get(key);
      return await good.update(
        key,
        record,
        found && found.revision < revision ? found.revision : revision,
      );
    },
  })),
  fault("counts revisions itself", [
    "revision may be as large as 2^40",
  ], ({ good }) => ({
    update: (key, record, revision) =>
      good.update(key, { ...record, revision: revision + 1 }, revision),
  })),
  fault("throws if a key is taken", [
    "create() refuses a key that is taken and leaves its record",
    "create() lets one of many through",
  ], ({ good }) => ({
    async create(key, record) {
      if (await good.create(key, record)) return true;
      throw new Error("Duplicate key");
    },
  })),
  fault("does not wait for a record to be deleted", [
    "delete() removes that record alone, and may come twice",
    "create() may take a key that was deleted",
  ], ({ good }) => ({
    async delete(key) {
      await good.get(key);
      setTimeout(() => good.delete(key), 0);
    },
  })),
  fault("gives what it read a moment ago", [
    "get() does not lengthen a record's life",
    "update() can bring the end forward",
    "touch() can put the end off",
    "two stores on one back end read each other's writes at once",
  ], ({ good }) => {
    const read = new Map<string, SessionRecord | null>();
    return {
      async get(key) {
        const record = read.get(key) ?? await good.get(key);
        read.set(key, record);
        setTimeout(() => read.delete(key), 5);
        return record;
      },
    };
  }),
  fault("keeps the object that it was given", [
    "create() keeps a copy of the record",
    "update() keeps a copy of the record",
    "get() gives a copy of the record",
  ], ({ good }) => {
    const kept = new Map<string, SessionRecord>();
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) kept.set(key, record);
        return isDone;
      },
      async update(key, record, revision) {
        const result = await good.update(key, record, revision);
        if (result === "ok") kept.set(key, record);
        return result;
      },
      async get(key) {
        return await good.get(key) && (kept.get(key) ?? null);
      },
    };
  }),
  fault("keeps the label of the first record", [
    "update() replaces every member of a record",
    "label comes back character by character",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const { label = "" } = await good.get(key) ?? {};
      return await good.update(key, { ...record, label }, revision);
    },
  })),
  fault("fails to delete what is not there", [
    "delete() removes that record alone, and may come twice",
    "delete() of an unknown key is no error",
    "delete() of an expired record is no error",
  ], ({ good }) => ({
    async delete(key) {
      if (!await good.get(key)) throw new Error("No such record");
      await good.delete(key);
    },
  })),
  fault("remembers what was deleted", [
    "create() may take a key that was deleted",
  ], ({ good }) => {
    const deleted = new Set<string>();
    return {
      async create(key, record) {
        return !deleted.has(key) && await good.create(key, record);
      },
      async delete(key) {
        deleted.add(key);
        await good.delete(key);
      },
    };
  }),
];

/** Records that end too late, too early or not at all. */
export const expiryFaults: readonly Fault[] = [
  ticks("never lets a record expire", [
    "a record is gone at expiresAt",
    "update() can put the end off",
    "update() can bring the end forward",
    "a record that is created in the past is never there",
    "listByUser() leaves out an expired record",
  ], () => 0),
  ticks("lets a record expire one ms late", [
    "a record is gone at expiresAt",
    "a record that is created in the past is never there",
  ], (now) => now - 1),
  ticks("lets a record expire one ms early", [
    "a record is there until one ms before expiresAt",
    "listByUser() leaves out an expired record",
    "count() leaves out nothing that lives, and counts nothing twice",
  ], (now) => now + 1),
  fault("puts the end off when it is read", [
    "get() does not lengthen a record's life",
  ], ({ good, now }) => ({
    async get(key) {
      const record = await good.get(key);
      if (record) await good.touch(key, record.lastSeenAt, now() + 3_600_000);
      return record;
    },
  })),
  {
    name: "hides expired records from get() alone",
    noticed: [
      "update() finds an expired record gone and does not revive it",
      "create() puts a new record in the place of an expired one",
      "create() lets one of many through to an expired record's place",
      "update() with an end in the past ends a record",
      "touch() of an expired record is false and does not revive it",
      "touch() shows in the list of the user's sessions",
      "listByUser() leaves out a key that has passed to another user",
    ],
    open() {
      const clock = createClock();
      const good = new MemoryStore({ now: () => 0 });
      const store = changed(good, {
        async get(key) {
          const record = await good.get(key);
          return record && record.expiresAt > clock.now() ? record : null;
        },
      });
      return { store, ...clock, reopen: () => Promise.resolve(store) };
    },
  },
  fault("keeps the end that a record was created with", [
    "update() can put the end off",
    "update() can bring the end forward",
    "deleteExpired() goes by the last update",
    "listByUser() shows what update() wrote",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const { expiresAt = 0 } = await good.get(key) ?? {};
      return await good.update(key, { ...record, expiresAt }, revision);
    },
  })),
];
