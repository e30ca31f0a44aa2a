import type { SessionRecord } from "../../src/store/contract.ts";
import type { MemoryStore } from "../../stores/memory.ts";
import { type Fault, fault, others } from "./_faulty.ts";

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
    "touch() moves each time forward, whatever becomes of the other",
    "touch() shows in the list of the user's sessions",
    "deleteExpired() goes by the last touch",
  ], ({ good }) => ({
    async touch(key, lastSeenAt) {
      const record = await good.get(key);
      return await good.touch(key, lastSeenAt, record?.expiresAt ?? 0);
    },
  })),
  fault("takes the times of a touch as they are", [
    "touch() moves each time forward, whatever becomes of the other",
    "touch() that comes late cuts no life short",
  ], ({ good }) => ({
    touch: (key, lastSeenAt, expiresAt) =>
      setTimes(good, key, () => ({ lastSeenAt, expiresAt })),
  })),
  fault("takes an earlier end of a touch", [
    "touch() moves each time forward, whatever becomes of the other",
    "touch() that comes late cuts no life short",
  ], ({ good }) => ({
    touch: (key, lastSeenAt, expiresAt) =>
      setTimes(good, key, (record) => ({
        lastSeenAt: Math.max(lastSeenAt, record.lastSeenAt),
        expiresAt,
      })),
  })),
  fault("takes an earlier last use of a touch", [
    "touch() moves each time forward, whatever becomes of the other",
  ], ({ good }) => ({
    touch: (key, lastSeenAt, expiresAt) =>
      setTimes(good, key, (record) => ({
        lastSeenAt,
        expiresAt: Math.max(expiresAt, record.expiresAt),
      })),
  })),
  fault("moves both times in a touch or none", [
    "touch() moves each time forward, whatever becomes of the other",
  ], ({ good }) => ({
    touch: (key, lastSeenAt, expiresAt) =>
      setTimes(
        good,
        key,
        (record) =>
          lastSeenAt > record.lastSeenAt && expiresAt > record.expiresAt
            ? { lastSeenAt, expiresAt }
            : {},
      ),
  })),
  fault("goes by the last use alone in a touch", [
    "touch() moves each time forward, whatever becomes of the other",
  ], ({ good }) => ({
    touch: (key, lastSeenAt, expiresAt) =>
      setTimes(
        good,
        key,
        (record) =>
          lastSeenAt > record.lastSeenAt ? { lastSeenAt, expiresAt } : {},
      ),
  })),
  fault("says that there is no record if a touch changes nothing", [
    "touch() moves each time forward, whatever becomes of the other",
    "touch() that comes late cuts no life short",
  ], ({ good }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      const before = await good.get(key);
      const isThere = await good.touch(key, lastSeenAt, expiresAt);
      const after = await good.get(key);
      return isThere && (before?.lastSeenAt !== after?.lastSeenAt ||
        before?.expiresAt !== after?.expiresAt);
    },
  })),
  fault("ends what is touched with an end that is over", [
    "touch() that comes late cuts no life short",
  ], ({ good, now }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      const isThere = await good.touch(key, lastSeenAt, expiresAt);
      if (expiresAt <= now()) await good.delete(key);
      return isThere;
    },
  })),
  fault("has the latest times for ever", [
    "touch() does not keep update() from bringing the times back",
    "update() can bring the end forward",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const found = await good.get(key);
      const expiresAt = Math.max(record.expiresAt, found?.expiresAt ?? 0);
      return await good.update(key, { ...record, expiresAt }, revision);
    },
  })),
  fault("looks for the later times before it touches", [
    "touch() of many at the same time leaves the latest times",
  ], ({ good }) => ({
    async touch(key, lastSeenAt, expiresAt) {
      const record = await good.get(key);
      if (!record) return false;
      await others();
      return await setTimes(good, key, () => ({
        lastSeenAt: Math.max(lastSeenAt, record.lastSeenAt),
        expiresAt: Math.max(expiresAt, record.expiresAt),
      }));
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

/** A touch that takes whatever times it is told, in one step. */
async function setTimes(
  good: MemoryStore,
  key: string,
  change: (record: SessionRecord) => Partial<SessionRecord>,
): Promise<boolean> {
  const record = await good.get(key);
  if (!record) return false;
  const next = { ...record, ...change(record) };
  return await good.update(key, next, record.revision) === "ok";
}
