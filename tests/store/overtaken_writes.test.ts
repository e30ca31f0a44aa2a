import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionError, SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { slowReader } from "../shared/slow_requests.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";

// Requests that wait for others, or find that these were faster, where they share
// nothing but the store.

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

function updatesOf(bench: StoreBench): number {
  return bench.takeCalls().filter((op) => op === "update").length;
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

describe("a write that another process has overtaken", () => {
  it("is gone where the schema refuses what is there by now", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const slow = bench.act(cookie, async (session) => {
      session.keys();
      const elsewhere = { store: Object.create(bench.watched.store) };
      await bench.act(cookie, (other) => other.set("n", "two"), elsewhere);
      session.set("m", 1);
    }, { schema: isNumber } as object);
    assert.equal(await fate(slow), "gone");
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: "two" });
  });

  it("is gone where that cannot be read", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { store, calls } = bench.watched;
    const slow = bench.act(cookie, async (session) => {
      session.keys();
      const { key = "" } = calls.at(-1) ?? {};
      const record = await store.get(key);
      assert.ok(record);
      const { revision } = record;
      const broken = { ...record, value: "{", revision: revision + 1 };
      assert.equal(await store.update(key, broken, revision), "ok");
      session.set("m", 1);
    });
    assert.equal(await fate(slow), "gone");
  });

  it("is kept where the last try has arrived, and only its answer is lost", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const elsewhere = { store: Object.create(bench.watched.store) };
    let tries = 0;
    const slow = bench.act(cookie, (session) => {
      session.keys();
      const { watched } = bench;
      let isElsewhere = false;
      watched.before = async ({ op }) => {
        if (op !== "update" || isElsewhere || ++tries === 5) return;
        isElsewhere = true;
        await bench.act(cookie, add("others"), elsewhere);
        isElsewhere = false;
      };
      watched.after = ({ op }) => {
        if (op !== "update" || tries !== 5) return;
        watched.after = undefined;
        throw new Error("Connection lost");
      };
      add("n")(session);
    });
    assert.equal(await fate(slow), "kept");
    bench.watched.before = undefined;
    const data = { name: "Ada", others: 4, n: 1 };
    assert.deepEqual(await bench.read(cookie), data);
  });

  it("is given up where it arrives ten times, and never stays", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { watched } = bench;
    const { get, update } = watched.store;
    let tries = 0;
    watched.after = async ({ op, key }) => {
      if (op !== "update" || tries === 20) return;
      tries++;
      watched.after = undefined;
      // Another user is logged in by another process, each time.
      const record = await get(key);
      assert.ok(record);
      const { revision } = record;
      const value = record.value.replace(/"~u":"ada"/, '"~u":"bob"');
      const next = { ...record, value, revision: revision + 1 };
      assert.notEqual(value, record.value);
      assert.equal(await update(key, next, revision), "ok");
      watched.after = again;
      throw new Error("Connection lost");
    };
    const again = watched.after;
    const login = bench.act(cookie, (session) => session.login("ada"));
    assert.equal(await fate(login), "conflict");
    assert.equal(tries, 10);
  });

  it("leaves the times of a login that came between", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const slow = bench.act(cookie, async (session) => {
      session.keys();
      bench.clock.advance(1000);
      await bench.act(cookie, (other) => other.login("ada"));
      session.set("n", 1);
    });
    assert.equal(await fate(slow), "kept");
    const [info] = await bench.sessions.list("ada");
    assert.equal(info?.createdAt, bench.clock.now);
  });

  for (const isFollowed of [false, true]) {
    it(`shows the time of that login, another change waits: ${isFollowed}`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const slow = bench.act(cookie, async (session) => {
        session.keys();
        bench.clock.advance(1000);
        await bench.act(cookie, (other) => other.login("ada"));
        session.set("n", 1);
        if (isFollowed) {
          bench.watched.before = once("update", () => session.set("m", 2));
        }
        await session.save();
        assert.equal(session.createdAt, bench.clock.now);
      });
      assert.equal(await fate(slow), "kept");
    });
  }
});

describe("a regenerate() that another one has overtaken", () => {
  it("takes its changes along, and has the same cookie", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { slow, fast } = await bench.overtake(
      cookie,
      (session) => {
        session.set("n", 1);
        session.regenerate();
      },
      (session) => session.regenerate(),
    );
    for (const answer of [fast, slow]) {
      const data = await bench.read(cookieOf(answer));
      assert.deepEqual(data, { name: "Ada", n: 1 });
    }
  });

  it("has no cookie where that was a login", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const elsewhere = { store: Object.create(bench.watched.store) };
    const slow = await bench.act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.login("ada"), elsewhere);
      session.regenerate();
    });
    assertNoCookie(slow);
  });
});

describe("a login that another user's has overtaken", () => {
  const login: (user: string) => Act = (user) => (session) =>
    session.login(user);
  const userOf = async (bench: StoreBench, response: Response) =>
    (await bench.act(cookieOf(response), (session) => session.userId)).json();

  it("takes its place, also long after that", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { slow, fast } = await bench.overtake(
      cookie,
      (session) => {
        bench.clock.advance(91);
        session.login("ada");
      },
      login("bob"),
    );
    assert.equal(await userOf(bench, slow), "ada");
    assert.equal(await userOf(bench, fast), null);
    assert.equal(await bench.sessions.count(), 1);
  });

  it("is made again, though it had arrived and only its answer was lost", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const bob = await slowReader(bench, cookie, login("bob"));
    const { watched } = bench;
    watched.after = async ({ op }) => {
      if (op !== "update") return;
      watched.after = undefined;
      assert.equal((await bob.end()).status, 200);
      throw new Error("Connection lost");
    };
    const ada = await bench.act(cookie, login("ada"));
    assert.equal(await userOf(bench, ada), "ada");
    assert.equal(await bench.sessions.count("bob"), 0);
  });
});

describe("a login whose first save has failed", () => {
  it("is one, whatever the next save has besides", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const answer = await bench.act(cookie, async (session) => {
      session.login("ada");
      bench.watched.before = ({ op }) => {
        if (op === "update") throw new Error("Down");
      };
      await assert.rejects(session.save(), { code: "store-failed" });
      bench.watched.before = undefined;
      add("n")(session);
      // It begins a session where the one before has ended.
      await bench.act(cookie, (other) => other.destroy());
    });
    assert.deepEqual(await bench.read(cookieOf(answer)), {
      name: "Ada",
      n: 1,
    });
    assert.equal(await bench.sessions.count("ada"), 1);
  });
});

describe("requests with stores of their own", () => {
  /** A store for each request, over one back end. */
  function open(more?: Partial<SessionOptions>) {
    const bench = begin(more);
    const store = () => Object.create(bench.watched.store) as SessionStore;
    return { bench, store };
  }

  it("take turns, so that each is overtaken once at most", async () => {
    const { bench, store } = open();
    const cookie = await bench.begin();
    bench.watched.before = () => pause(2);
    const haveRead = Promise.withResolvers<void>();
    let readers = 0;
    const together: Act = async (session) => {
      session.keys();
      if (++readers === 6) haveRead.resolve();
      await haveRead.promise;
      add("n")(session);
    };
    const all = Array.from(
      { length: 6 },
      () => fate(bench.act(cookie, together, { store })),
    );
    assert.deepEqual(await Promise.all(all), all.map(() => "kept"));
    assert.equal(updatesOf(bench), 1 + 2 * 5);
    assert.equal((await bench.read(cookie))?.["n"], 6);
  });

  it("wait for nobody where there is none before them", async () => {
    const { bench, store } = open();
    const cookie = await bench.begin();
    bench.watched.before = () => pause(1);
    for (const n of [1, 2, 3]) {
      const more = { store, storeTimeout: 0.24 };
      assert.equal(await fate(bench.act(cookie, add("n"), more)), "kept");
      assert.equal((await bench.read(cookie))?.["n"], n);
    }
  });

  it("do not wait for long for one that was stopped, in their own time", async () => {
    const { bench, store } = open();
    const cookie = await bench.begin();
    const hung = Promise.withResolvers<void>();
    const hang = once("update", () => hung.promise);
    bench.watched.before = async (call) => {
      await hang(call);
      await pause(1);
    };
    const stopped = fate(bench.act(cookie, add("n"), { store, ...PATIENT }));
    await pause(20);
    const hurried = bench.act(cookie, add("n"), { store, storeTimeout: 0.2 });
    const next = bench.act(cookie, add("n"), { store });
    assert.equal(await fate(hurried), "store-failed");
    assert.equal(await fate(next), "kept");
    hung.resolve();
    assert.equal(await stopped, "kept");
    assert.equal((await bench.read(cookie))?.["n"], 2);
  });
});
