import type { SessionListing } from "../../src/store.ts";
import { type Fault, fault, lists, others, spoils } from "./_faulty.ts";

/** Times that move wrongly. */
export const touchFaults: readonly Fault[] = [
  fault("makes a new revision in touch()", [
    "touch() moves the times and nothing else",
    "touch() makes no update fail",
  ], ({ good }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      const record = await good.get(key);
      if (!record) return false;
      const revision = record.revision + 1;
      const next = { ...record, revision, lastSeenAt, expiresAt };
      return await good.update(key, next, record.revision) === "ok";
    },
  })),
  fault("does not move the end in touch()", [
    "touch() moves the times and nothing else",
    "touch() can put the end off",
    "touch() can bring the end forward",
    "touch() shows in the list of the user's sessions",
    "deleteExpired() goes by the last touch",
  ], ({ good }) => ({
    async touch(key, lastSeenAt) {
      const record = await good.get(key);
      return await good.touch(key, lastSeenAt, record?.expiresAt ?? 0);
    },
  })),
  fault("inserts in touch()", [
    "touch() of an unknown key is false and inserts nothing",
    "touch() of an expired record is false and does not revive it",
  ], ({ good }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      const times = { createdAt: lastSeenAt, lastSeenAt, expiresAt };
      const texts = { value: "", id: "", user: "", label: "" };
      await good.create(key, { revision: 1, ...texts, ...times });
      return await good.touch(key, lastSeenAt, expiresAt);
    },
  })),
  fault("says that it touched what is not there", [
    "touch() of an unknown key is false and inserts nothing",
  ], ({ good }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      await good.touch(key, lastSeenAt, expiresAt);
      return true;
    },
  })),
];

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
    "listByUser() has all of 300 records",
  ], (sessions) => [...sessions, ...sessions]),
  lists("lists 100 sessions at most", [
    "listByUser() has all of 300 records",
  ], (sessions) => sessions.slice(0, 100)),
  lists("lists the data of sessions", [
    "listByUser() has each of a user's records, with its members",
  ], async function* (sessions, { good }) {
    for (const session of sessions) {
      yield { ...await good.get(session.key), ...session };
    }
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
    "count() leaves out expired records",
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
