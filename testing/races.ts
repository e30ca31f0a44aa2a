import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../src/store/contract.ts";
import type { StoreHarness } from "./harness.ts";
import { all, assertRecord, create, keyOf, recordAt } from "./records.ts";

/** How many calls there are at the same time. */
export const RIVALS = 20;

const WRITERS = 8;
const STEPS = 25;
/** More than a writer needs where each time one of them gets through. */
const TRIES = 10 * WRITERS * STEPS;

/** Records that differ in every text. */
function rivals(harness: StoreHarness, revision: number): SessionRecord[] {
  return Array.from({ length: RIVALS }, (_, number) =>
    recordAt(harness, {
      revision,
      value: `value ${number} `.repeat(50),
      id: `rival_${number + 10}`,
      label: `label ${number}`,
      lastSeenAt: harness.now() + number,
    }));
}

/** The store at a place in a round. */
function at(stores: readonly SessionStore[], number: number): SessionStore {
  const store = stores[number % stores.length];
  assert.ok(store);
  return store;
}

/** That one of many calls creates a record, whole. */
export async function raceToCreate(
  harness: StoreHarness,
  stores: readonly SessionStore[],
): Promise<void> {
  const records = rivals(harness, 1);
  const created = await all(
    records.map((record, number) =>
      at(stores, number).create(keyOf(1), record)
    ),
  );
  assert.equal(created.filter((done) => done === true).length, 1);
  assert.equal(created.filter((done) => done === false).length, RIVALS - 1);
  const winner = records[created.indexOf(true)];
  assert.ok(winner);
  for (const store of stores) await assertRecord(store, keyOf(1), winner);
}

/** That one of many updates from one revision is done, whole. */
export async function raceToUpdate(
  harness: StoreHarness,
  stores: readonly SessionStore[],
): Promise<void> {
  await create(at(stores, 0), keyOf(1), recordAt(harness));
  const records = rivals(harness, 2);
  const results = await all(
    records.map((record, number) =>
      at(stores, number).update(keyOf(1), record, 1)
    ),
  );
  assert.deepEqual(
    results.toSorted(),
    [...Array<string>(RIVALS - 1).fill("conflict"), "ok"],
  );
  const winner = records[results.indexOf("ok")];
  assert.ok(winner);
  for (const store of stores) await assertRecord(store, keyOf(1), winner);
}

/** That no step of many writers is lost, who try again after a conflict. */
export async function countTogether(
  harness: StoreHarness,
  stores: readonly SessionStore[],
): Promise<void> {
  const first = recordAt(harness, { value: "0" });
  await create(at(stores, 0), keyOf(1), first);
  await all(Array.from({ length: WRITERS }, async (_, writer) => {
    const store = at(stores, writer);
    for (let step = 0; step < STEPS; step++) await addOne(store);
  }));
  const total = WRITERS * STEPS;
  const expected = { ...first, revision: 1 + total, value: `${total}` };
  for (const store of stores) await assertRecord(store, keyOf(1), expected);
}

async function addOne(store: SessionStore): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const record = await store.get(keyOf(1));
    assert.ok(record, "The record was lost on the way");
    const revision = record.revision + 1;
    const value = `${Number(record.value) + 1}`;
    const next = { ...record, revision, value };
    const result = await store.update(keyOf(1), next, record.revision);
    if (result === "ok") return;
    assert.equal(result, "conflict");
    // A store may find a conflict without asking its back end: let it write.
    if (tries % 10 === 9) await new Promise((done) => setTimeout(done, 0));
  }
  assert.fail("A writer never got through");
}

/** That a record is gone after a delete and an update at the same time. */
export async function raceToDelete(
  harness: StoreHarness,
  deleter: SessionStore,
  updater: SessionStore,
): Promise<void> {
  for (let number = 0; number < RIVALS; number++) {
    const key = keyOf(number);
    await create(deleter, key, recordAt(harness));
    const update = () =>
      updater.update(key, recordAt(harness, { revision: 2 }), 1);
    const remove = () => deleter.delete(key);
    // By turns, so that each of them is often the first to leave.
    const results = await all(
      number % 2 === 0 ? [update(), remove()] : [remove(), update()],
    );
    const result = results.find((found) => found !== undefined);
    assert.ok(result === "ok" || result === "gone", `update(): ${result}`);
    await assertRecord(deleter, key, null);
    await assertRecord(updater, key, null);
  }
}
