import { type Fault, fault } from "./_faulty.ts";

const isWrongKey = (error: unknown) => error instanceof TypeError;

/** Resolves with something else if it fails, unless that is the caller's. */
async function hide<Result>(
  call: Promise<Result>,
  instead: Result,
): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (isWrongKey(error)) throw error;
    return instead;
  }
}

/** A back end's failures that are hidden, or are made worse. */
export const failureFaults: readonly Fault[] = [
  fault("takes a failure for no record", [
    "get() rejects when the back end fails",
  ], ({ good }) => ({ get: (key) => hide(good.get(key), null) })),
  fault("takes a failure to create for a key that is taken", [
    "create() rejects when the back end fails",
  ], ({ good }) => ({
    create: (key, record) => hide(good.create(key, record), false),
  })),
  fault("does not wait for what it creates", [
    "create() rejects when the back end fails",
  ], ({ good }) => ({
    async create(key, record) {
      const isDone = await hide(good.create(key, record), true);
      return isDone;
    },
  })),
  fault("takes a failure to update for a session that is gone", [
    "update() rejects when the back end fails",
  ], ({ good }) => ({
    update: (key, record, revision) =>
      hide(good.update(key, record, revision), "gone"),
  })),
  fault("takes a failure to update for a conflict", [
    "update() rejects when the back end fails",
    "what a full back end does not take is rejected, and nothing is lost",
  ], ({ good }) => ({
    update: (key, record, revision) =>
      hide(good.update(key, record, revision), "conflict"),
  })),
  fault("says that it deleted what it did not", [
    "delete() rejects when the back end fails",
  ], ({ good }) => ({ delete: (key) => hide(good.delete(key), undefined) })),
  fault("takes a failure to touch for no record", [
    "touch() rejects when the back end fails",
  ], ({ good }) => ({
    touch: (key, seen, end) => hide(good.touch(key, seen, end), false),
  })),
  fault("lists nobody's sessions when it fails", [
    "listByUser() rejects when the back end fails",
    "listByUser() that goes on when the back end fails has all or rejects",
  ], ({ good }) => ({
    async *listByUser(user) {
      try {
        yield* good.listByUser(user);
      } catch {
        return;
      }
    },
  })),
  fault("ends a list where it fails", [
    "listByUser() that goes on when the back end fails has all or rejects",
  ], ({ good }) => ({
    async *listByUser(user) {
      let seen = 0;
      try {
        for await (const session of good.listByUser(user)) {
          seen++;
          yield session;
        }
      } catch (error) {
        if (seen === 0) throw error;
      }
    },
  })),
  fault("counts 0 when it fails", [
    "count() rejects when the back end fails",
    "count() of a user rejects when the back end fails",
  ], ({ good }) => ({ count: (user) => hide(good.count(user), 0) })),
  fault("removes nothing when it fails, and says so", [
    "deleteExpired() rejects when the back end fails",
  ], ({ good }) => ({
    deleteExpired: (now) => hide(good.deleteExpired(now), 0),
  })),
  fault("writes a mark to end a session", [
    "delete() ends a session when the back end is full",
  ], ({ good, now }) => ({
    async delete(key) {
      const record = await good.get(key);
      if (!record) return;
      const revision = record.revision + 1;
      const mark = { ...record, revision, value: "", expiresAt: now() - 1 };
      await good.update(key, mark, record.revision);
    },
  })),
  fault("deletes a record before it writes a new one in its place", [
    "what a full back end does not take is rejected, and nothing is lost",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const found = await good.get(key);
      if (!found) return "gone";
      if (found.revision !== revision) return "conflict";
      await good.delete(key);
      await good.create(key, record);
      return "ok";
    },
  })),
];
