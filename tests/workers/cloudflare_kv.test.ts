// CloudflareKvStore on the KV of workerd: miniflare passes on each call.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Miniflare } from "miniflare";
import { withSession } from "../../mod.ts";
import type { SessionRecord } from "../../src/store/contract.ts";
import {
  CloudflareKvStore,
  type KvNamespaceLike,
} from "../../stores/cloudflare-kv.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import { casesOfBlindStore, withoutCount } from "../stores/_blind_cases.ts";
import { markedSecret, requestWith, tokenOf } from "../shared/support.ts";

const HOUR = 3_600_000;
const MOST_BYTES = 25 * 1024 * 1024;
const KEY = "k".repeat(43);
const USER = "u".repeat(43);

const miniflare = new Miniflare({
  cf: false,
  modules: true,
  script: "export default {}",
  kvNamespaces: ["SESSIONS"],
});
after(() => miniflare.dispose());
const namespace: KvNamespaceLike = await miniflare.getKVNamespace("SESSIONS");

/** A prefix that no other test has. */
function newPrefix(): string {
  return `${crypto.randomUUID()}:`;
}

describe("CloudflareKvStore", () => {
  for (const storeCase of casesOfBlindStore()) {
    it(storeCase.name, () =>
      runStoreCase(storeCase, () => {
        const clock = createClock();
        const options = { prefix: newPrefix(), now: clock.now };
        const open = () => new CloudflareKvStore(namespace, options);
        const store = withoutCount(open());
        return { ...clock, store, reopen: () => Promise.resolve(open()) };
      }));
  }

  it("count() gives the sessions of a user that live", async () => {
    const store = new CloudflareKvStore(namespace, { prefix: newPrefix() });
    for (let number = 0; number < 5; number++) {
      const key = `${number}`.padStart(43, "0");
      await store.create(key, recordAt({ user: USER }));
    }
    await store.create(KEY, recordAt());
    assert.equal(await store.count(USER), 5);
    await store.delete("0".repeat(43));
    await store.update("1".padStart(43, "0"), recordAt({ id: "" }));
    assert.equal(await store.count(USER), 3);
    assert.equal(await store.count("v".repeat(43)), 0);
  });

  it("listByUser() of 250 sessions is six operations", async () => {
    const options = { prefix: newPrefix() };
    const store = new CloudflareKvStore(namespace, options);
    const keys = Array.from(
      { length: 250 },
      (_, number) => `${number}`.padStart(43, "0"),
    );
    await Promise.all(
      keys.map((key) => store.create(key, recordAt({ user: USER }))),
    );
    let operations = 0;
    const counted = new Proxy(namespace, {
      get(target, name: "get" | "list") {
        const method = target[name] as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          operations++;
          return Reflect.apply(method, target, args);
        };
      },
    });
    const listed = await Array.fromAsync(
      new CloudflareKvStore(counted, options).listByUser(USER),
    );
    assert.deepEqual(listed.map(({ key }) => key), keys);
    assert.equal(operations, 6);
  });

  it("listByUser() has sessions that are too large for one answer", async () => {
    const store = new CloudflareKvStore(namespace, { prefix: newPrefix() });
    const value = "x".repeat(9 * 1024 * 1024);
    for (const place of [1, 2, 3]) {
      const key = `${place}`.padStart(43, "0");
      await store.create(key, recordAt({ user: USER, value }));
    }
    assert.equal(await store.count(USER), 3);
  });

  it("an end leaves nothing in the list, nor does a list what is dead", async () => {
    const clock = createClock();
    const prefix = newPrefix();
    const options = { prefix, now: clock.now };
    const store = new CloudflareKvStore(namespace, options);
    const names = async () =>
      (await namespace.list({ prefix: `${prefix}u:` })).keys.length;
    for (const place of [1, 2, 3]) {
      const key = `${place}`.padStart(43, "0");
      await store.create(key, recordAt({ user: USER }));
    }
    const end = recordAt({ id: "", value: "" });
    await store.update("1".padStart(43, "0"), end);
    assert.equal(await names(), 2);
    // In another isolate, which has not seen the record.
    const second = new CloudflareKvStore(namespace, options);
    await second.delete("2".padStart(43, "0"));
    assert.equal(await names(), 1);
    await second.update("3".padStart(43, "0"), recordAt());
    assert.equal(await store.count(USER), 0);
    assert.equal(await names(), 1);
    clock.advance(2 * HOUR);
    assert.equal(await store.count(USER), 0);
    assert.equal(await names(), 0);
  });

  it("takes a record of 25 MiB, and KV no more", async () => {
    const prefix = newPrefix();
    const store = new CloudflareKvStore(namespace, { prefix });
    await store.create(KEY, recordAt({ value: "" }));
    const text = await namespace.get(prefix + KEY, { type: "text" });
    assert.ok(text);
    const value = "x".repeat(MOST_BYTES - text.length);
    await store.update(KEY, recordAt({ value }));
    const found = await store.get(KEY);
    assert.ok(found?.value === value);
    const over = recordAt({ value: `${value}x` });
    await assert.rejects(() => store.update(KEY, over), { code: "oversize" });
    const options = { expirationTtl: 60 };
    await assert.rejects(
      () => namespace.put(prefix + KEY, "x".repeat(MOST_BYTES + 1), options),
      /KV PUT failed: 413 /,
    );
  });

  it("asks for no life and no cache that KV refuses", async () => {
    const prefix = newPrefix();
    const store = new CloudflareKvStore(namespace, { prefix });
    const now = Date.now();
    for (const end of [0, now - 1, now + 1, now + HOUR, 8.64e15]) {
      const record = recordAt({ user: USER, expiresAt: end });
      assert.equal(await store.create(KEY, record), true);
      assert.deepEqual(await store.get(KEY), end > now + 1 ? record : null);
    }
    await assert.rejects(
      () => namespace.put(prefix, "", { expirationTtl: 59 }),
      /^Error: KV PUT failed: 400 /,
    );
    await assert.rejects(
      () => namespace.get(prefix, { type: "text", cacheTtl: 29 }),
      /^Error: KV GET failed: 400 /,
    );
  });

  it("takes the longest prefix", async () => {
    const prefix = newPrefix().padEnd(200, "~");
    const store = new CloudflareKvStore(namespace, { prefix });
    await store.create(KEY, recordAt({ user: USER }));
    assert.equal(await store.count(USER), 1);
    await store.delete(KEY);
    assert.equal(await store.count(USER), 0);
  });

  it("keeps sessions over HTTP", async () => {
    const clock = createClock();
    const store = new CloudflareKvStore(namespace, {
      prefix: newPrefix(),
      now: clock.now,
    });
    const handle = withSession((request, session) => {
      const path = new URL(request.url).pathname;
      if (path === "/in") session.login("Ada");
      if (path === "/out") session.destroy();
      return Response.json(session.userId ?? null);
    }, { secret: markedSecret(), store, now: clock.now });
    const visit = (cookie: string, path: string) =>
      handle(requestWith(cookie, `https://example.com/${path}`));
    const cookie = `__Host-sid=${tokenOf(await visit("", "in"))}`;
    assert.equal(await (await visit(cookie, "")).json(), "Ada");
    clock.advance(100_000);
    assert.equal(await (await visit(cookie, "")).json(), "Ada");
    await visit(cookie, "out");
    assert.equal(await (await visit(cookie, "")).json(), null);
  });
});

function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    revision: 1,
    value: "value",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    ...own,
  };
}
