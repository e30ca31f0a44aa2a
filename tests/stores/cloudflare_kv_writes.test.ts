import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CloudflareKvStore } from "../../stores/cloudflare-kv.ts";
import { keyOf, open, recordAt, USER } from "./_cloudflare_kv.ts";

const TOO_MANY = "KV PUT failed: 429 Too Many Requests";

describe("CloudflareKvStore: one write in a second", () => {
  it("waits for half a second to a whole one, and writes again", async () => {
    const waits: number[] = [];
    const { store, clock, take } = open({
      writesPerSecond: 1,
      wait: (ms) => {
        waits.push(ms);
        clock.advance(ms);
        return Promise.resolve();
      },
    });
    const name = `session:${keyOf(1)}`;
    await store.create(keyOf(1), recordAt());
    const next = recordAt({ revision: 2 });
    assert.equal(await store.update(keyOf(1), next), "ok");
    assert.deepEqual(await store.get(keyOf(1)), next);
    await store.delete(keyOf(1));
    assert.equal(await store.get(keyOf(1)), null);
    assert.ok(waits.length >= 2 && waits.length <= 4, `${waits}`);
    assert.ok(waits.every((ms) => ms >= 500 && ms < 1000), `${waits}`);
    assert.equal(new Set(waits).size, waits.length);
    const writes = take().filter((call) => call !== `get ${name}`);
    assert.equal(writes.length, waits.length + 3);
  });

  it("gives up before a request does", async () => {
    for (let times = 0; times < 50; times++) {
      const waits: number[] = [];
      const { store, take } = open({
        writesPerSecond: 1,
        wait: (ms) => Promise.resolve(void waits.push(ms)),
      });
      await store.create(keyOf(1), recordAt());
      take();
      await assert.rejects(() => store.update(keyOf(1), recordAt()), {
        message: TOO_MANY,
      });
      const waited = waits.reduce((sum, ms) => sum + ms, 0);
      assert.ok(waited > 3_000 && waited <= 4_000, `${waited}`);
      assert.equal(take().length, waits.length + 1);
    }
  });

  it("is enough for three isolates at once, and not for five", async () => {
    for (let times = 0; times < 50; times++) {
      for (const isolates of [3, 5]) {
        const sleepers: { until: number; wake: () => void }[] = [];
        const { another, clock } = open({ writesPerSecond: 1 });
        const wait = (ms: number) =>
          new Promise<void>((wake) =>
            void sleepers.push({ until: clock.now() + ms, wake })
          );
        const results = Promise.allSettled(
          Array.from(
            { length: isolates },
            () =>
              another({ now: clock.now, wait }).update(keyOf(1), recordAt()),
          ),
        );
        // Until nobody waits any more: the first one to wake up is the next.
        for (let idle = 0; idle < 2;) {
          await new Promise((resolve) => setTimeout(resolve));
          sleepers.sort((one, other) => one.until - other.until);
          const next = sleepers.shift();
          idle = next ? 0 : idle + 1;
          if (!next) continue;
          clock.advance(Math.max(0, Math.ceil(next.until - clock.now())));
          next.wake();
        }
        const kept = (await results).filter(({ status }) =>
          status === "fulfilled"
        );
        if (isolates === 3) assert.equal(kept.length, 3);
        else assert.ok(kept.length >= 3 && kept.length < 5, `${kept.length}`);
      }
    }
  });

  it("is what all writes of one call wait for, together", async () => {
    let waited = 0;
    const { store } = open({
      writesPerSecond: 1,
      wait: (ms) => Promise.resolve(void (waited += ms)),
    });
    await store.create(keyOf(1), recordAt({ user: USER }));
    await assert.rejects(() =>
      store.create(keyOf(1), recordAt({ user: USER }))
    );
    assert.ok(waited <= 4_000, `${waited}`);
  });

  it("lets three isolates write at the same time", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { clock, another } = open({ writesPerSecond: 1 });
      // Time goes on when all of them wait.
      const waiting: { at: number; wake: () => void }[] = [];
      const wait = (ms: number) =>
        new Promise<void>((wake) =>
          waiting.push({ at: clock.now() + ms, wake })
        );
      const writes = [1, 2, 3].map((revision) =>
        another({ wait }).update(keyOf(1), recordAt({ revision }))
      );
      let left = writes.length;
      for (const write of writes) write.finally(() => left--).catch(() => {});
      while (left > 0) {
        await new Promise((resolve) => setTimeout(resolve));
        waiting.sort((a, b) => a.at - b.at);
        const next = waiting.shift();
        if (!next) continue;
        clock.advance(Math.max(0, next.at - clock.now()));
        next.wake();
      }
      assert.deepEqual(await Promise.all(writes), ["ok", "ok", "ok"]);
    }
  });

  it("rejects at once with any other failure, as it comes", async () => {
    let waits = 0;
    const { store, namespace } = open({
      wait: () => Promise.resolve(void waits++),
    });
    const failures: unknown[] = [
      new Error("KV PUT failed: 500 Internal Server Error"),
      new Error("KV PUT failed: 413 Value length of 26214429 is too large"),
      undefined,
      "broken",
    ];
    for (const failure of failures) {
      let calls = 0;
      namespace.put = () => {
        calls++;
        return Promise.reject(failure);
      };
      await assert.rejects(
        () => store.update(keyOf(1), recordAt()),
        (error) => error === failure,
      );
      assert.equal(calls, 1);
    }
    assert.equal(waits, 0);
  });

  it("waits by a timer if it is told no other", async () => {
    const { namespace } = open();
    const store = new CloudflareKvStore(namespace);
    const put = namespace.put;
    namespace.put = () => {
      namespace.put = put;
      return Promise.reject(new Error(TOO_MANY));
    };
    await store.update(keyOf(1), recordAt());
    assert.deepEqual(await store.get(keyOf(1)), recordAt());
  });
});
