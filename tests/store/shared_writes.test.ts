import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  SessionError,
  type SessionOptions,
  type SessionStore,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

// Requests of one session whose writes meet in a process: who waits for whom, and
// what each of them is answered.

/** As much as the record of a small session takes. */
const ROOM = 400;
const add: (key: string) => Act = (key) => (session) =>
  session.update(key, (n: number = 0) => n + 1);
const PATIENT = { storeTimeout: 60 };

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** What becomes of a request. */
function fate(response: Promise<Response>): Promise<string> {
  return response.then(() => "kept", ({ code }: SessionError) => code);
}

/**
 * These requests wait for their turn while the first one's write is under way,
 * in this order.
 *
 * @param end What becomes of the first one.
 */
async function queueUp(
  bench: StoreBench,
  cookie: string,
  acts: readonly Act[],
  more?: Partial<SessionOptions>,
  end = "kept",
): Promise<{ fates: string[]; cookies: string[] }> {
  const isUnderWay = Promise.withResolvers<void>();
  const isReleased = Promise.withResolvers<void>();
  const { watched } = bench;
  const { before } = watched;
  const hold = once("update", async () => {
    isUnderWay.resolve();
    await isReleased.promise;
  });
  watched.before = async (call) => {
    await hold(call);
    await before?.(call);
  };
  const first = fate(bench.act(cookie, add("first"), more));
  await isUnderWay.promise;
  const answers: Promise<Response>[] = [];
  for (const act of acts) {
    const hasRun = Promise.withResolvers<void>();
    const noted: Act = (session) => {
      hasRun.resolve();
      return act(session);
    };
    answers.push(bench.act(cookie, noted, more));
    await hasRun.promise;
    await pause(10);
  }
  const fates = Promise.all(answers.map(fate));
  isReleased.resolve();
  assert.equal(await first, end);
  const all = await Promise.allSettled(answers);
  const cookies = all.flatMap((each) =>
    each.status === "fulfilled" && each.value.headers.getSetCookie().length
      ? cookieOf(each.value)
      : []
  );
  return { fates: await fates, cookies };
}

const isNumber = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => {
      const { n = 0 } = value as { n?: unknown };
      return typeof n === "number"
        ? { value }
        : { issues: [{ message: "no number", path: ["n"] }] };
    },
  },
} as const;

function updatesOf(bench: StoreBench): number {
  return bench.takeCalls().filter((op) => op === "update").length;
}

describe("requests that write a session at the same time", () => {
  it("share one write, and each counts", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const acts = [add("n"), add("n"), add("n"), add("m")];
    const { fates } = await queueUp(bench, cookie, acts);
    assert.deepEqual(fates, acts.map(() => "kept"));
    assert.equal(updatesOf(bench), 2);
    const data = { name: "Ada", first: 1, n: 3, m: 1 };
    assert.deepEqual(await bench.read(cookie), data);
  });

  it("count each where the write before theirs has failed", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = once("update", () => {
      throw new SessionError("oversize", "Too large");
    });
    const acts = [add("n"), add("n")];
    const { fates } = await queueUp(bench, cookie, acts, {}, "oversize");
    assert.deepEqual(fates, ["kept", "kept"]);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 2 });
  });

  it("are written after one another where one needs a cookie", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const regenerate: Act = (session) => {
      add("n")(session);
      session.regenerate();
    };
    const acts = [add("n"), regenerate, add("n"), add("n")];
    const { fates, cookies } = await queueUp(bench, cookie, acts);
    assert.deepEqual(fates, acts.map(() => "kept"));
    assert.equal(updatesOf(bench), 4);
    const [newest = ""] = cookies;
    assert.equal(cookies.length, 1);
    const data = { name: "Ada", first: 1, n: 4 };
    assert.deepEqual(await bench.read(newest), data);
  });

  it("leave a login its times, though its first save has failed", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = once("update", () => {
      throw new SessionError("oversize", "Too large");
    });
    const slow = slowly(bench, cookie, async (session, wait) => {
      add("m")(session);
      await assert.rejects(session.save(), { code: "oversize" });
      await wait();
      session.login("ada");
    });
    await slow.arrived;
    bench.clock.advance(100);
    let login: Promise<Response> | undefined;
    await queueUp(bench, cookie, [add("n"), () => {
      login = slow.end();
    }]);
    const made = cookieOf(await login as Response);
    const answer = await bench.act(made, (session) => session.createdAt);
    assert.equal(await answer.json(), bench.clock.now);
  });

  it("go by the newest record that one of them has read", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const isUnderWay = Promise.withResolvers<void>();
    const isReleased = Promise.withResolvers<void>();
    bench.watched.after = once("update", async () => {
      isUnderWay.resolve();
      await isReleased.promise;
    });
    const first = fate(bench.act(cookie, add("first")));
    await isUnderWay.promise;
    // Another process writes meanwhile, and the next one reads that.
    const elsewhere = { store: new Proxy(bench.watched.store, {}) };
    await bench.act(cookie, add("elsewhere"), elsewhere);
    bench.takeCalls();
    const next = fate(bench.act(cookie, add("next")));
    while (!bench.takeCalls().includes("get")) await pause(1);
    await pause(10);
    isReleased.resolve();
    assert.deepEqual([await first, await next], ["kept", "kept"]);
    assert.deepEqual(bench.takeCalls(), ["update"]);
    const data = { name: "Ada", first: 1, elsewhere: 1, next: 1 };
    assert.deepEqual(await bench.read(cookie), data);
  });

  it("are told of what they were merged with, and a reader is not", async () => {
    const bench = begin({ renewAfter: 600 });
    const first = await bench.begin();
    bench.clock.advance(600);
    const cookie = cookieOf(await bench.act(first, (session) => session.id));
    bench.takeEvents();
    // Each is the first use of the cookie, which is noted once.
    const look: Act = (session) => session.get("name");
    const { fates } = await queueUp(bench, cookie, [look, add("n"), look]);
    assert.deepEqual(fates, ["kept", "kept", "kept"]);
    const merged = bench.takeEvents().filter((type) => type === "merged");
    assert.equal(merged.length, 1);
    const data = { name: "Ada", first: 1, n: 1 };
    assert.deepEqual(await bench.read(cookie), data);
    bench.takeEvents();
    await bench.act(cookie, add("n"));
    assert.deepEqual(bench.takeEvents(), ["opened"]);
  });

  it("are refused one by one where they are too large together", async () => {
    for (const text of ["x".repeat(ROOM), "x".repeat(ROOM / 2)]) {
      const bench = begin();
      const { store } = bench.watched;
      const limited = Object.create(store) as SessionStore;
      limited.update = (key, record, revision) => {
        if (record.value.length < ROOM) {
          return store.update(key, record, revision);
        }
        bench.watched.calls.push({ op: "refused", key });
        return Promise.reject(new SessionError("oversize", "Too large"));
      };
      const cookie = await bench.begin();
      const large: (key: string) => Act = (key) => (session) =>
        session.set(key, text);
      const acts = [add("n"), large("a"), add("n"), large("b")];
      const { fates } = await queueUp(bench, cookie, acts, { store: limited });
      const fits = text.length < ROOM;
      const expected = ["kept", fits ? "kept" : "oversize", "kept", "oversize"];
      assert.deepEqual(fates, expected);
      const { n, a, b } = await bench.read(cookie) ?? {};
      assert.deepEqual([n, a, b], [2, fits ? text : undefined, undefined]);
      // Alone, one is refused at once.
      bench.takeCalls();
      const alone = bench.act(cookie, large("c"), { store: limited });
      assert.equal(await fate(alone), "oversize");
      const refused = bench.takeCalls().filter((op) => op === "refused");
      assert.equal(refused.length, 1);
    }
  });

  for (const code of ["store-failed", "conflict"]) {
    it(`fail together where the store does: ${code}`, async () => {
      const bench = begin();
      const cookie = await bench.begin();
      const { store } = bench.watched;
      let updates = 0;
      const broken = Object.create(store) as SessionStore;
      broken.update = async (...call) => {
        if (++updates === 1) return await store.update(...call);
        if (code === "conflict") return "conflict";
        throw new Error("Connection refused");
      };
      const acts = [add("n"), add("n"), add("n")];
      const { fates } = await queueUp(bench, cookie, acts, { store: broken });
      assert.deepEqual(fates, acts.map(() => code));
      assert.equal(updates, code === "conflict" ? 6 : 3);
      assert.deepEqual(await bench.read(cookie), { name: "Ada", first: 1 });
    });
  }

  it("are answered apart where the change of one cannot be made", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const limit: Act = (session) =>
      session.update("first", (n: number = 0) => {
        if (n > 0) throw new RangeError("Sold out");
        return n + 1;
      });
    const { fates } = await queueUp(bench, cookie, [add("n"), limit, add("n")]);
    assert.deepEqual(fates, ["kept", undefined, "kept"]);
    const data = { name: "Ada", first: 1, n: 2 };
    assert.deepEqual(await bench.read(cookie), data);
  });

  it("have their time for what they do after that", async () => {
    const bench = begin({ storeTimeout: 1 });
    const cookie = await bench.begin();
    bench.watched.before = () => pause(1);
    const twice: Act = async (session) => {
      add("n")(session);
      await session.save();
      add("n")(session);
    };
    const { fates } = await queueUp(bench, cookie, [twice, twice]);
    assert.deepEqual(fates, ["kept", "kept"]);
    assert.equal((await bench.read(cookie))?.["n"], 4);
  });

  it("do not wait for one whose write hangs", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const hung = Promise.withResolvers<void>();
    bench.watched.before = once("update", () => hung.promise);
    const patient = fate(bench.act(cookie, add("n"), PATIENT));
    await pause(20);
    const hurried = bench.act(cookie, add("n"), { storeTimeout: 4 });
    assert.equal(await fate(hurried), "kept");
    hung.resolve();
    assert.equal(await patient, "kept");
    assert.equal((await bench.read(cookie))?.["n"], 2);
  });

  it("leave no timer behind, so that a process may end", async () => {
    const bench = begin(PATIENT);
    const cookie = await bench.begin();
    const { setTimeout, clearTimeout } = globalThis;
    const pending = new Set<unknown>();
    globalThis.setTimeout = ((task: () => void, ms?: number) => {
      const timer = setTimeout(() => {
        pending.delete(timer);
        task();
      }, ms);
      pending.add(timer);
      return timer;
    }) as typeof globalThis.setTimeout;
    globalThis.clearTimeout = (timer) => {
      pending.delete(timer);
      clearTimeout(timer as number);
    };
    try {
      await queueUp(bench, cookie, [add("n"), add("n")]);
      bench.watched.before = () => {
        throw new Error("Down");
      };
      const failed = bench.act(cookie, add("n"));
      assert.equal(await fate(failed), "store-failed");
      assert.equal(pending.size, 0);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    }
  });

  it("are refused alone where one does not fit the schema", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const write: Act = (session) => session.set("n", "two");
    const more = { schema: isNumber } as object;
    assert.equal(await fate(bench.act(cookie, write, more)), "invalid-data");
    const { fates } = await queueUp(
      bench,
      cookie,
      [add("n"), write, add("n")],
      more,
    );
    assert.deepEqual(fates, ["kept", "invalid-data", "kept"]);
    assert.equal((await bench.read(cookie))?.["n"], 2);
  });
});
