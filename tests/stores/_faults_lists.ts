import { type Fault, fault, lists, others } from "./_faulty.ts";
import { type IndexOptions, openIndexed } from "./_indexed_store.ts";

/** Lists that do not go along when a record changes hands. */
export const ownerFaults: readonly Fault[] = [
  indexes("lists nobody whom an update names", [
    "listByUser() follows a record to another user",
    "update() moves a record from list to list, with all its members",
    "a store opened later finds a record in its last user's list",
    "two stores on one back end see a record change hands",
    "listByUser() stands it when records change hands meanwhile",
  ], { moves: "neither" }),
  indexes("leaves a record in the list of its old user as well", [
    "listByUser() follows a record to another user",
    "update() moves a record from list to list, with all its members",
    "a store opened later finds a record in its last user's list",
    "a record that many move at the same time is in one list",
  ], { looks: false, moves: "adds" }),
  indexes("takes a record that changes hands off all lists", [
    "update() moves a record from list to list, with all its members",
    "a record that many move at the same time is in one list",
    "lists agree with the records after many calls at the same time",
  ], { moves: "removes" }),
  indexes("counts what was a user's before", [
    "count() follows a record to another user",
    "update() moves a record from list to list, with all its members",
  ], { moves: "adds", countsEntries: true }),
  indexes("moves a record before it looks at the revision", [
    "an update that is refused moves a record to nobody's list",
    "listByUser() is not changed by an update that fails",
    "count() is not changed by what changes nothing",
    "a record that many move at the same time is in one list",
  ], { looks: false, movesFirst: true }),
  indexes("leaves what is deleted in the list, where a new one finds it", [
    "create() after delete() is in its own user's list alone",
    "listByUser() leaves out a deleted record",
  ], { looks: false, unlinks: "none" }),
  indexes("counts what was deleted", [
    "create() after delete() is in its own user's list alone",
    "delete() takes a record off the list of its last user",
  ], { unlinks: "none", countsEntries: true }),
  indexes("takes what is deleted off the list of its first user", [
    "delete() takes a record off the list of its last user",
  ], { looks: false, unlinks: "first", countsEntries: true }),
  indexes("has a new entry for each update", [
    "a record that is updated again and again is in its list once",
  ], { repeats: true }),
  indexes("takes what is deleted off the list where it was seen", [
    "a record that is deleted while it changes hands is in no list",
  ], { looks: false, unlinks: "what it saw", countsEntries: true }),
  indexes("puts what it touches back into the list where it was seen", [
    "a record that is touched while it changes hands is in one list",
    "lists agree with the records after many calls at the same time",
  ], { looks: false, relinks: true }),
  indexes("keeps its lists to itself", [
    "a store opened later finds a record in its last user's list",
    "two stores on one back end see a record change hands",
    "listByUser() shows the same in a reopened store",
  ], { isAlone: true }),
];

/** Lists of what changes meanwhile, and long ones. */
export const listFaults: readonly Fault[] = [
  lists("lists 1000 sessions at most", [
    "listByUser() has all of 1100 records",
  ], (sessions) => sessions.slice(0, 1_000)),
  lists("loses a session between two pages", [
    "listByUser() has all of 1100 records",
  ], (sessions) => sessions.filter((_, place) => place !== 1_000)),
  lists(
    "lists the last session of a page again on the next",
    [
      "listByUser() has all of 1100 records",
    ],
    (sessions) =>
      sessions.flatMap((session, place) =>
        place === 500 ? [session, session] : [session]
      ),
  ),
  fault("counts 1000 sessions of a user at most", [
    "listByUser() has all of 1100 records",
  ], ({ good }) => ({
    count: async (user) => Math.min(await good.count(user), 1_000),
  })),
  fault("counts 1000 records at most", [
    "listByUser() has all of 1100 records",
  ], ({ good }) => ({
    count: async (user) =>
      user === undefined
        ? Math.min(await good.count(), 1_000)
        : await good.count(user),
  })),
  fault("ends a list at a page of which nothing is left", [
    "listByUser() has all of 1100 records",
  ], ({ good }) => {
    const keys = new Set<string>();
    return {
      create(key, record) {
        keys.add(key);
        return good.create(key, record);
      },
      async *listByUser(user) {
        const sessions = await Array.fromAsync(good.listByUser(user));
        const all = [...keys];
        // A page is smaller than what lies between two that live.
        for (let place = 0; place < all.length; place += 5) {
          const page = all.slice(place, place + 5);
          const live = sessions.filter(({ key }) => page.includes(key));
          if (live.length === 0) return;
          yield* live;
        }
      },
    };
  }),
  indexes("clears an entry up whose record comes a moment later", [
    "listByUser() is no obstacle to what comes to the user meanwhile",
  ], { clears: true }),
  fault("lists by pages in the order of the last use", [
    "listByUser() has a record once that is rewritten at each step",
  ], ({ good }) => ({
    async *listByUser(user) {
      for (let place = 0;; place += 5) {
        const sessions = await Array.fromAsync(good.listByUser(user));
        sessions.sort((a, b) => b.lastSeenAt - a.lastSeenAt);
        const page = sessions.slice(place, place + 5);
        if (page.length === 0) return;
        yield* page;
      }
    },
  })),
  fault("lists by pages of 250 in the order of the last use", [
    "listByUser() has all of 1100 records",
  ], ({ good }) => ({
    async *listByUser(user) {
      for (let place = 0;; place += 250) {
        const sessions = await Array.fromAsync(good.listByUser(user));
        sessions.sort((a, b) => b.lastSeenAt - a.lastSeenAt);
        const page = sessions.slice(place, place + 250);
        if (page.length === 0) return;
        yield* page;
      }
    },
  })),
  fault("lists what was written last again, at the end", [
    "listByUser() has a record once that is rewritten at each step",
    "listByUser() has a record once that is rewritten all the time",
  ], ({ good }) => {
    // A Map has what is set anew at its end, and a loop goes on to there.
    const keys = new Map<string, string>();
    return {
      async create(key, record) {
        const isDone = await good.create(key, record);
        if (isDone) keys.set(key, record.user);
        return isDone;
      },
      async update(key, record, revision) {
        const result = await good.update(key, record, revision);
        if (result !== "ok") return result;
        keys.delete(key);
        keys.set(key, record.user);
        return result;
      },
      async *listByUser(user) {
        for (const [key, owner] of keys) {
          await others();
          const record = owner === user ? await good.get(key) : null;
          if (!record) continue;
          const { revision: _, value: __, user: ___, ...session } = record;
          yield { key, ...session };
        }
      },
    };
  }),
  indexes("takes a record off the list while it is rewritten", [
    "listByUser() has a record once that is rewritten all the time",
  ], { rewrites: true }),
  fault("fails at a session that has ended meanwhile", [
    "listByUser() stands it when records end meanwhile",
    "listByUser() has those that stay, once, while others come and go",
  ], ({ good }) => ({
    async *listByUser(user) {
      const sessions = await Array.fromAsync(good.listByUser(user));
      for (const { key } of sessions) {
        const { label } = await good.get(key) ?? unreadable();
        yield* sessions
          .filter((session) => session.key === key)
          .map((session) => ({ ...session, label }));
      }
    },
  })),
  fault("shows in a list what had expired before", [
    "listByUser() stands it when records end meanwhile",
    "listByUser() leaves out an expired record",
  ], ({ good }) => {
    const seen = new Map<string, object>();
    return {
      async *listByUser(user) {
        for await (const session of good.listByUser(user)) {
          seen.set(session.key, session);
        }
        yield* [...seen.values()] as never[];
      },
    };
  }),
  fault("fails at a session that is somebody else's by now", [
    "listByUser() stands it when records change hands meanwhile",
  ], ({ good }) => ({
    async *listByUser(user) {
      for (const session of await Array.fromAsync(good.listByUser(user))) {
        const record = await good.get(session.key);
        if (record?.user !== user) unreadable();
        yield session;
      }
    },
  })),
  lists("cuts the labels in a list", [
    "listByUser() has a label of 1500 characters whole",
  ], (sessions) =>
    sessions.map((session) => ({
      ...session,
      label: session.label.slice(0, 1_024),
    }))),
];

function unreadable(): never {
  throw new Error("Cannot read it");
}

function indexes(
  name: string,
  noticed: readonly string[],
  options: IndexOptions,
): Fault {
  return { name, noticed, open: () => openIndexed(options) };
}
