import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionListing } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

// What becomes of a user's list that its store reads page by page.

type Steps = (list: AsyncIterable<SessionListing>) => AsyncIterable<
  SessionListing
>;

/** Three sessions of a user, in a store whose list goes as it is told. */
async function begin(steps: Steps) {
  const { options, clock, events } = setUp();
  const store = new MemoryStore({ now: () => clock.now });
  const sessions = createSessions({ ...options, store });
  for (let i = 0; i < 3; i++) {
    const session = sessions.create();
    session.login("ada");
    await session.save();
  }
  const whole = store.listByUser.bind(store);
  Object.assign(store, { listByUser: (user: string) => steps(whole(user)) });
  return { options, store, sessions, events };
}

describe("a user's list", () => {
  it("shows once what a store has twice", async () => {
    const { sessions } = await begin(async function* (list) {
      for await (const entry of list) yield* [entry, entry];
    });
    const found = await sessions.list("ada");
    assert.equal(new Set(found.map(({ id }) => id)).size, 3);
    assert.equal(found.length, 3);
    assert.equal(await sessions.revokeAll("ada"), 3);
  });

  it("fails with the error of its store, and the events say by what", async () => {
    const { sessions, events } = await begin(async function* (list) {
      yield* list;
      throw new Error("No such page");
    });
    events.splice(0);
    await assert.rejects(sessions.list("ada"), {
      code: "store-failed",
      message: "Store failed: listByUser" + readOn("store-failed"),
    });
    const [event] = events;
    assert.ok(event?.type === "store-error" && event.op === "listByUser");
  });

  it("is left with its return(), whatever becomes of that", async () => {
    let left = 0;
    const { sessions, store, events } = await begin((list) => ({
      [Symbol.asyncIterator]() {
        const steps = list[Symbol.asyncIterator]();
        return {
          next: () => steps.next(),
          return() {
            left++;
            return Promise.reject(new Error("It cannot be left"));
          },
        };
      },
    }));
    events.splice(0);
    assert.equal((await sessions.list("ada")).length, 3);
    assert.equal(left, 1);
    const told = events.map((event) => "op" in event && event.op);
    assert.deepEqual(told, ["listByUser"]);
    store.delete = () => Promise.reject(new Error("Down"));
    await assert.rejects(sessions.revokeAll("ada"), { code: "store-failed" });
    assert.equal(left, 2);
  });

  it("may have no return()", async () => {
    const { sessions, events } = await begin((list) => ({
      [Symbol.asyncIterator]() {
        const steps = list[Symbol.asyncIterator]();
        return { next: () => steps.next() };
      },
    }));
    events.splice(0);
    assert.equal((await sessions.list("ada")).length, 3);
    assert.deepEqual(events, []);
  });

  it("is read by one store, if the options make one for each use", async () => {
    const { options, store } = await begin((list) => list);
    let made = 0;
    const sessions = createSessions({
      ...options,
      store: () => {
        made++;
        return store;
      },
    });
    assert.equal((await sessions.list("ada")).length, 3);
    assert.equal(made, 1);
    assert.equal(await sessions.revokeAll("ada"), 3);
    assert.equal(made, 2);
  });
});

describe("revokeAll()", () => {
  it("says how far it has come if the store fails then", async () => {
    const { sessions, store } = await begin((list) => list);
    const remove = store.delete.bind(store);
    let left = 2;
    store.delete = (key) =>
      left-- > 0 ? remove(key) : Promise.reject(new Error("Down"));
    await assert.rejects(sessions.revokeAll("ada"), (error: Error) => {
      const { code } = error as Error & { code: string };
      assert.equal(code, "store-failed");
      assert.equal(error.message, "Ended 2 sessions: call it again to go on");
      assert.equal(
        (error.cause as Error).message,
        "Store failed: delete" + readOn("store-failed"),
      );
      return true;
    });
    left = 1;
    assert.equal(await sessions.revokeAll("ada"), 1);
  });

  it("has the store's own error if it has ended none", async () => {
    const { sessions, store } = await begin((list) => list);
    store.delete = () => Promise.reject(new Error("Down"));
    await assert.rejects(sessions.revokeAll("ada"), {
      message: "Store failed: delete" + readOn("store-failed"),
    });
  });
});
