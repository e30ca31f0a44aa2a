import type { SessionListing } from "../../src/store/contract.ts";
import { type Fault, fault, lists, others, spoils } from "./_faulty.ts";

/** Lists of the wrong sessions. */
export const userFaults: readonly Fault[] = [
  fault("lists everybody's sessions", [
    "listByUser() is empty for a user without sessions",
    "listByUser() has each of a user's records, with its members",
  ], ({ good }) => {
    const users = new Set<string>();
    return {
      create: (key, record) => good.create(key, { ...record, user: "a" }),
      listByUser: () => good.listByUser("a"),
      count: () => Promise.resolve(users.size),
    };
  }),
  spoils("takes two users for one whose names begin alike", [
    "listByUser() tells users apart that differ in one character",
  ], (record) => ({
    ...record,
    user: record.user && record.user.slice(0, 42).padEnd(43, "-"),
  })),
  lists("lists a session twice", [
    "listByUser() shows what update() wrote",
    "listByUser() has all of 1100 records",
  ], (sessions) => [...sessions, ...sessions]),
  lists("lists 100 sessions at most", [
    "listByUser() has all of 1100 records",
  ], (sessions) => sessions.slice(0, 100)),
  lists("lists the data of sessions", [
    "listByUser() has each of a user's records, with its members",
  ], async function* (sessions, { good }) {
    for (const session of sessions) {
      yield { ...await good.get(session.key), ...session };
    }
  }),
  fault("goes by the first end of a record in a list", [
    "touch() shows in the list of the user's sessions",
    "listByUser() shows what update() wrote",
  ], ({ good, now }) => {
    const ends = new Map<string, number>();
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) ends.set(key, record.expiresAt);
        return isDone;
      },
      async *listByUser(user) {
        for await (const session of good.listByUser(user)) {
          if ((ends.get(session.key) ?? 0) > now()) yield session;
        }
      },
    };
  }),
  lists("lists no labels", [
    "listByUser() has each of a user's records, with its members",
  ], (sessions) => sessions.map((session) => ({ ...session, label: "" }))),
  fault("lists for the user of the first record", [
    "listByUser() follows a record to another user",
    "count() follows a record to another user",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const { user = "" } = await good.get(key) ?? {};
      return await good.update(key, { ...record, user }, revision);
    },
  })),
  fault("forgets to take what is deleted off the list", [
    "listByUser() leaves out a deleted record",
    "listByUser() leaves out a key that has passed to another user",
    "listByUser() stands it when its records are deleted meanwhile",
    "deleteExpired() leaves the lists of users in order",
  ], ({ good }) => {
    const listed: [user: string, session: SessionListing][] = [];
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) {
          const { revision: _, value: __, user, ...times } = record;
          listed.push([user, { key, ...times }]);
        }
        return isDone;
      },
      async *listByUser(user) {
        await others();
        for (const [owner, session] of listed) {
          if (owner === user) yield session;
        }
      },
    };
  }),
  fault("stays locked when a list is left half way", [
    "listByUser() may be left half way, and be begun again",
  ], ({ good }) => {
    let isLocked = false;
    return {
      async *listByUser(user) {
        if (isLocked) throw new Error("Locked");
        isLocked = true;
        yield* good.listByUser(user);
        isLocked = false;
      },
    };
  }),
  fault("lists from a place that deletions move", [
    "listByUser() stands it when its records are deleted meanwhile",
    "listByUser() has those that stay, once, while others come and go",
  ], ({ good }) => ({
    async *listByUser(user) {
      for (let place = 0;; place++) {
        const session = (await Array.fromAsync(good.listByUser(user)))[place];
        if (!session) return;
        yield session;
      }
    },
  })),
];

/** Wrong numbers. */
export const countFaults: readonly Fault[] = [
  fault("counts by the calls of create() and delete()", [
    "count() follows what is created and deleted",
    "count() leaves out nothing that lives, and counts nothing twice",
  ], ({ good }) => {
    let records = 0;
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) records++;
        return isDone;
      },
      async delete(key) {
        await good.delete(key);
        records--;
      },
      count: (user) =>
        user === undefined ? Promise.resolve(records) : good.count(user),
    };
  }),
  fault("counts all for each user", [
    "count() follows what is created and deleted",
    "count() follows a record to another user",
  ], ({ good }) => ({ count: () => good.count() })),
  fault("counts each update", [
    "count() is not changed by what changes nothing",
  ], ({ good }) => {
    let extra = 0;
    return {
      update(key, record, revision) {
        extra++;
        return good.update(key, record, revision);
      },
      count: async (user) => await good.count(user) + extra,
    };
  }),
  fault("counts what takes an expired one's place as another", [
    "count() counts a record once that takes an expired one's place",
  ], ({ good }) => {
    const made: string[] = [];
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) made.push(key);
        return isDone;
      },
      async delete(key) {
        await good.delete(key);
        while (made.includes(key)) made.splice(made.indexOf(key), 1);
      },
      count: (user) =>
        user === undefined ? Promise.resolve(made.length) : good.count(user),
    };
  }),
  fault("removes 1000 at most", [
    "deleteExpired() removes all of 1100 records, and no other",
  ], ({ good, now }) => {
    const keys = new Set<string>();
    return {
      async create(key, record) {
        keys.add(key);
        return await good.create(key, record);
      },
      async deleteExpired() {
        const removed = [...keys].slice(0, 1_000);
        let count = 0;
        for (const key of removed) {
          if (await good.get(key)) continue;
          keys.delete(key);
          count++;
        }
        await good.deleteExpired(now());
        return count;
      },
    };
  }),
  fault("says how many its last batch has removed", [
    "deleteExpired() removes all of 1100 records, and no other",
  ], ({ good }) => ({
    deleteExpired: async (now) => await good.deleteExpired(now) % 500,
  })),
  fault("does not say how many it removes", [
    "deleteExpired() removes expired records and says how many",
    "deleteExpired() goes by the last update",
    "deleteExpired() goes by the last touch",
  ], ({ good }) => ({
    async deleteExpired(now) {
      await good.deleteExpired(now);
      return 0;
    },
  })),
  fault("counts what it removed before", [
    "deleteExpired() removes expired records and says how many",
  ], ({ good }) => {
    let removed = 0;
    return {
      async deleteExpired(now) {
        return removed += await good.deleteExpired(now);
      },
    };
  }),
  fault("removes live records as well", [
    "deleteExpired() removes expired records and says how many",
    "deleteExpired() leaves the lists of users in order",
  ], ({ good }) => ({
    deleteExpired: (now) => good.deleteExpired(now + 10 * 3_600_000),
  })),
];
