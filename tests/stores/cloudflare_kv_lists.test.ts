import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CloudflareKvStore } from "../../stores/cloudflare-kv.ts";
import type { SimulatedKv } from "../../testing/simulated_kv.ts";
import {
  DAY,
  END,
  HOUR,
  keyOf,
  keysOf,
  namesOf,
  open,
  OTHER,
  recordAt,
  START,
  USER,
} from "./_cloudflare_kv.ts";

const END_OF = START + 30 * DAY;

describe("CloudflareKvStore: lists", () => {
  it("count() of all is not to be had", async () => {
    await assert.rejects(() => open().store.count(), { code: "unsupported" });
  });

  it("have the sessions of a user that live", async () => {
    const { store, clock } = open();
    for (let number = 0; number < 12; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    await store.create(keyOf(20), recordAt({ user: OTHER }));
    await store.create(keyOf(21), recordAt());
    assert.equal(await store.count(USER), 12);
    assert.equal(await store.count(OTHER), 1);
    await store.delete(keyOf(0));
    // What is left of a session that has ended.
    await store.update(keyOf(1), recordAt({ revision: 2, id: "" }));
    const expiresAt = START + 20 * DAY;
    await store.update(keyOf(2), recordAt({ user: USER, expiresAt }));
    assert.equal(await store.count(USER), 10);
    clock.advance(HOUR);
    assert.deepEqual(await keysOf(store), [keyOf(2)]);
    clock.advance(20 * DAY - HOUR - 1);
    assert.deepEqual(await keysOf(store), [keyOf(2)]);
    clock.advance(1);
    assert.deepEqual(await keysOf(store), []);
  });

  it("say what the record says, however long its label is", async () => {
    const { store } = open();
    const label = "\0\ud83d label".repeat(500);
    const { user: _, revision: _r, value: _v, ...rest } = recordAt({ label });
    await store.create(keyOf(1), recordAt({ user: USER }));
    await store.update(keyOf(1), recordAt({ user: USER, label }));
    const listed = await Array.fromAsync(store.listByUser(USER));
    assert.deepEqual(listed, [{ key: keyOf(1), ...rest }]);
  });

  it("go on where one page ends", async () => {
    const { store, take } = open();
    for (let number = 0; number < 201; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    take();
    assert.equal(await store.count(USER), 201);
    const ops = take().map((call) => call.split(" ")[0]);
    assert.deepEqual(ops, ["list", "get", "list", "get", "list", "get"]);
  });

  it("read one by one where many cannot be read at once", async () => {
    const { store, namespace, take } = open();
    const value = "x".repeat(9 * 1024 * 1024);
    for (const number of [1, 2, 3]) {
      await store.create(keyOf(number), recordAt({ user: USER, value }));
    }
    take();
    const expected = [1, 2, 3].map(keyOf);
    assert.deepEqual(await keysOf(store), expected);
    const [, all, ...singles] = take();
    assert.equal(all?.split(" ").length, 4);
    assert.deepEqual(singles, expected.map((key) => `get session:${key}`));
    // As a namespace has it that knows one name at a time.
    const { get } = namespace;
    Object.assign(namespace, {
      get: (name: string | string[]) =>
        Array.isArray(name) ? Promise.resolve(null) : get(name),
    });
    assert.deepEqual(await keysOf(store), expected);
    namespace.get = () => Promise.reject(new Error("KV GET failed: 500"));
    await assert.rejects(() => keysOf(store), /500/);
  });

  it("do not grow with the history of a session", async () => {
    const { store, clock, take, namespace } = open();
    const expiresAt = START + 60 * DAY;
    const owned = (revision: number, user: string) =>
      recordAt({ revision, user, expiresAt });
    await store.create(keyOf(0), owned(1, USER));
    for (let revision = 2; revision < 500; revision++) {
      const user = [USER, OTHER, ""][revision % 3] ?? "";
      await store.update(keyOf(0), owned(revision, user));
      // Another one that begins and ends.
      await store.create(keyOf(revision), owned(1, USER));
      if (revision % 2) await store.delete(keyOf(revision));
      else await store.update(keyOf(revision), END);
      clock.advance(HOUR);
    }
    await store.update(keyOf(0), owned(500, USER));
    take();
    assert.deepEqual(await keysOf(store), [keyOf(0)]);
    assert.deepEqual(await namesOf(namespace, "session:u:"), [
      `session:u:${USER}:${keyOf(0)}`,
      `session:u:${OTHER}:${keyOf(0)}`,
    ]);
    clock.advance(2 * HOUR);
    take();
    assert.equal(await store.count(OTHER), 0);
    assert.equal(take().length, 3);
    assert.equal(await store.count(OTHER), 0);
    assert.deepEqual(take(), [`list session:u:${OTHER}:`]);
  });

  it("remove entries without a record, ten at a time", async () => {
    const { store, clock, take, namespace } = open();
    for (let number = 0; number < 25; number++) {
      // A Worker that died before it wrote the record.
      const name = `session:u:${USER}:${keyOf(number)}`;
      await namespace.put(name, "1", { metadata: clock.now() });
    }
    await store.create(keyOf(50), recordAt({ user: USER, expiresAt: END_OF }));
    const present = async () =>
      (await namesOf(namespace, `session:u:${USER}:`)).length;
    const most = HOUR + 90_000;
    clock.advance(most);
    assert.deepEqual(await keysOf(store), [keyOf(50)]);
    assert.equal(await present(), 16);
    take();
    assert.deepEqual(await keysOf(store), [keyOf(50)]);
    assert.equal(take().filter((call) => call.startsWith("delete")).length, 10);
    assert.deepEqual(await keysOf(store), [keyOf(50)]);
    assert.equal(await present(), 1);
  });

  it("remove no entry whose record may be on its way", async () => {
    const { store, clock, namespace } = open();
    const put = namespace.put;
    namespace.put = (name, ...rest) =>
      name.includes("u:") ? put(name, ...rest) : Promise.reject(new Error());
    await assert.rejects(() =>
      store.create(keyOf(1), recordAt({ user: USER, expiresAt: END_OF }))
    );
    namespace.put = put;
    clock.advance(HOUR + 89_999);
    assert.deepEqual(await keysOf(store), []);
    assert.equal((await namesOf(namespace)).length, 1);
    clock.advance(1);
    assert.deepEqual(await keysOf(store), []);
    assert.deepEqual(await namesOf(namespace), []);
  });

  it("have a session again that another isolate has made a user's", async () => {
    const { store, another, clock, namespace } = open();
    const owned = recordAt({ user: USER, expiresAt: END_OF });
    await store.create(keyOf(1), owned);
    const second = another();
    await second.update(keyOf(1), { ...owned, user: OTHER });
    clock.advance(2 * HOUR);
    assert.deepEqual(await keysOf(second), []);
    assert.deepEqual(await namesOf(namespace, `session:u:${USER}:`), []);
    await second.update(keyOf(1), owned);
    assert.deepEqual(await keysOf(store), [keyOf(1)]);
  });

  it("have what is written again after its entry was removed", async () => {
    const { store, another, clock, namespace } = open();
    const owned = recordAt({ user: USER, expiresAt: END_OF });
    await store.create(keyOf(1), owned);
    await another().delete(keyOf(1));
    await store.create(keyOf(1), owned);
    assert.deepEqual(await keysOf(store), [keyOf(1)]);
    await namespace.delete(`session:${keyOf(1)}`);
    clock.advance(2 * HOUR);
    assert.deepEqual(await keysOf(store), []);
    assert.deepEqual(await namesOf(namespace), []);
    await store.update(keyOf(1), owned);
    assert.deepEqual(await keysOf(store), [keyOf(1)]);
  });

  it("are as good as 50 operations, again and again", async () => {
    const { store, namespace } = open();
    for (let number = 0; number < 60; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    const left: number[] = [];
    for (let calls = 0; calls < 3; calls++) {
      const admin = new CloudflareKvStore(limit(namespace, 50), {
        now: () => START,
      });
      await (async () => {
        for (const key of await keysOf(admin)) await admin.update(key, END);
      })().catch((error: Error) => assert.match(error.message, /Too many/));
      left.push(await store.count(USER));
    }
    assert.deepEqual(left, [36, 12, 0]);
  });
});

/** A namespace of a Worker that has so many operations left. */
function limit(inner: SimulatedKv, operations: number): SimulatedKv {
  let left = operations;
  const spend = () => {
    if (left-- <= 0) throw new Error("Too many API requests");
  };
  return {
    get: (...args) => (spend(), inner.get(...args)),
    put: (...args) => (spend(), inner.put(...args)),
    delete: (...args) => (spend(), inner.delete(...args)),
    list: (...args) => (spend(), inner.list(...args)),
  };
}
