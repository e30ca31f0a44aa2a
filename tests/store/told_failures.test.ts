import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  SessionError,
  type SessionEvent,
  type SessionOptions,
  type SessionStore,
} from "../../mod.ts";
import type { Settings } from "../../src/options/settings.ts";
import { MOST } from "../../src/session/known.ts";
import { noteTurn } from "../../src/session/overtaken.ts";
import { causeOf } from "../../src/errors.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import { anew, slowReader } from "../shared/slow_requests.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { requestWith, setUp } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

// What a program is told when its store fails, and when it is not even asked.

function begin(
  more?: Partial<SessionOptions>,
  open = (now: () => number): SessionStore => new MemoryStore({ now }),
): StoreBench {
  const bench = setUp(more);
  return new StoreBench(bench, { store: open(() => bench.clock.now) });
}

const late = () => new LateStore(90);
const down = () => {
  throw new Error("Down");
};

const write: Act = (session) => session.set("n", 1);
const logout: Act = (session) => session.destroy();
const look: Act = (session) => session.get("name");

/** The error of a request. */
function errorOf(response: Promise<unknown>): Promise<SessionError> {
  return response.then(() => assert.fail("No error"), (error) => error);
}

function failuresOf({ events }: StoreBench) {
  return events.splice(0).filter((event): event is
    & SessionEvent
    & { type: "store-error" } => event.type === "store-error"
  );
}

describe("an event of a store that fails", () => {
  for (const op of ["get", "update", "touch", "delete"]) {
    it(`names what was asked, and for how long: ${op}`, async () => {
      const bench = begin({ trackIdle: "store" });
      const cookie = await bench.begin("ada");
      bench.clock.advance(300);
      bench.watched.before = once(op, down);
      const since = performance.now();
      const act = { update: write, delete: logout }[op] ?? look;
      await bench.act(cookie, act).catch(() => {});
      const most = Math.ceil(performance.now() - since);
      const [failure, ...others] = failuresOf(bench);
      assert.deepEqual(others, []);
      assert.equal(failure?.op, op);
      assert.ok(failure.ms >= 0 && failure.ms <= most);
    });
  }

  it("names it also where a late store is to end a session", async () => {
    const bench = begin({}, late);
    const cookie = await bench.begin("ada");
    bench.watched.before = once("update", down);
    await bench.act(cookie, logout);
    assert.deepEqual(failuresOf(bench).map(({ op }) => op), ["update"]);
  });

  it("names it also where a new session is to be kept", async () => {
    const bench = begin();
    bench.watched.before = once("create", down);
    await bench.act("", write);
    assert.deepEqual(failuresOf(bench).map(({ op }) => op), ["create"]);
  });

  it("comes once for a store that cannot be made", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await errorOf(bench.act(cookie, look, { store: down }));
    assert.equal(failuresOf(bench).length, 1);
    await errorOf(bench.act("", write, { store: down }));
    assert.equal(failuresOf(bench).length, 1);
    // Nor is it another failure of what was to be asked.
    const save: Act = async (session) => {
      await write(session);
      await session.save();
    };
    await errorOf(bench.act("", save, { store: down }));
    const ops = failuresOf(bench).map(({ op }) => op);
    assert.deepEqual(ops, ["store"]);
  });

  it("names what could not be made", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const cases = [
      [cookie, look, { store: down }, "store"],
      ["", write, { store: down }, "store"],
      [cookie, look, { revocations: down }, "revocations"],
    ] as const;
    for (const [sent, act, more, op] of cases) {
      await errorOf(bench.act(sent, act, more));
      const [failure, ...others] = failuresOf(bench);
      assert.deepEqual(others, []);
      assert.deepEqual([failure?.op, failure?.ms], [op, 0]);
      assert.equal(
        `${failure?.cause}`,
        `SessionError: Option ${op} threw` + readOn("store-failed"),
      );
    }
  });
});

describe("the error of a request whose store", () => {
  it("does not answer says so", async () => {
    const bench = begin({ storeTimeout: 0.05 });
    const cookie = await bench.begin();
    bench.watched.before = once("update", () => new Promise(() => {}));
    const error = await errorOf(bench.act(cookie, write));
    assert.equal(
      error.message,
      "Store failed: update: Too late" + readOn("store-failed"),
    );
    assert.equal(`${error.cause}`, "Error: Too late");
  });

  it("keeps it waiting for its turn says so", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = ({ op }) =>
      op === "update" ? new Promise(() => {}) : undefined;
    const more = { storeTimeout: 0.3 };
    const first = errorOf(bench.act(cookie, write, more));
    const error = await errorOf(
      bench.act(cookie, write, { storeTimeout: 0.1 }),
    );
    // Its own write, beside that one, may be the last to give up.
    assert.match(error.message, /^Store failed/);
    assert.equal(`${error.cause}`, "Error: Too late");
    await first;
  });

  it("always has something newer says how often it was tried", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const store = Object.create(bench.watched.store) as SessionStore;
    store.update = () => Promise.resolve("conflict");
    const error = await errorOf(bench.act(cookie, write, { store }));
    assert.equal(
      error.message,
      "Cannot save: 5 tries failed" + readOn("conflict"),
    );
  });

  it("has a record of each new session says so", async () => {
    const bench = begin();
    bench.watched.store.create = () => Promise.resolve(false);
    const error = await errorOf(bench.act("", write));
    assert.equal(error.code, "store-failed");
    assert.equal(error.message, "Store already has a record of a new session");
  });

  it("does not tell whose session a guest ends says so", async () => {
    const now = () => bench.clock.now;
    const bench: StoreBench = begin({
      onStoreError: "anonymous",
      revocations: new MemoryStore({ now: () => now() }),
    }, late);
    const cookie = await bench.begin("ada");
    // The last write may be on its way for 150 s, and the cookie carries it for
    // 90 s.
    bench.clock.advance(120);
    bench.watched.before = once("get", down);
    const error = await errorOf(bench.act(cookie, logout));
    assert.equal(error.code, "store-failed");
    assert.equal(
      error.message,
      "Cannot end at once: the store does not tell whose session it is" +
        readOn("store-failed"),
    );
    bench.clock.advance(31);
    bench.watched.before = once("get", down);
    assert.equal((await bench.act(cookie, logout)).status, 200);
  });

  it("refuses a logout is not asked once more", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    bench.watched.before = ({ op }) => {
      if (op === "delete") throw new SessionError("unsupported", "No deletes");
    };
    await bench.act(cookie, async (session) => {
      session.destroy();
      const error = await errorOf(session.save());
      assert.equal(error.message, "No deletes");
      assert.deepEqual(bench.takeCalls(), ["get", "delete"]);
    });
  });

  it("does not have the last write yet says so", async () => {
    const bench = begin({ storeTimeout: 0.1 }, late);
    const big: Act = (session) => session.set("text", "x".repeat(5000));
    const cookie = cookieOf(await bench.act("", big));
    const error = await errorOf(bench.act(cookie, look));
    assert.equal(error.message, "Store has not received the last write yet");
  });

  it("has the session by a newer cookie says so to a logout", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin("ada");
    await bench.act(cookie, (session) => session.login("ada"));
    bench.watched.before = once("get", down);
    const error = await errorOf(bench.act(cookie, logout));
    assert.equal(error.code, "gone");
    assert.equal(
      error.message,
      "Cannot end: the cookie has been replaced" + readOn("gone"),
    );
  });

  it("goes on after a logout is told once, however often it is saved", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin("ada");
    await bench.act(cookie, (session) => session.login("ada"));
    bench.watched.before = once("get", down);
    bench.takeEvents();
    await bench.act(cookie, async (session) => {
      session.destroy();
      for (let n = 0; n < 2; n++) {
        assert.equal((await errorOf(session.save())).code, "gone");
      }
    });
    const told = bench.takeEvents().filter((type) => type === "gone");
    assert.equal(told.length, 1);
  });
});

describe("a cookie that was replaced", () => {
  it("is an event, by the session's id", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const answer = await bench.act(cookie, (session) => {
      session.regenerate();
      return session.id;
    });
    bench.takeEvents();
    assert.equal(await bench.read(cookie), null);
    const gone = { type: "gone", id: await answer.json() };
    assert.deepEqual(bench.events, [gone]);
  });
});

describe("a logout by a cookie that was replaced long ago", () => {
  /** A request that came a moment after the cookie was replaced. */
  async function slowLogout(act: Act): Promise<{
    readonly bench: StoreBench;
    readonly id: string;
    end(): Promise<Response & { code?: string }>;
  }> {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const answer = await bench.act(cookie, (session) => {
      session.regenerate();
      return session.id;
    });
    const slow = await slowReader(bench, cookie, act);
    bench.clock.advance(31);
    bench.takeEvents();
    return { bench, id: await answer.json(), end: slow.end };
  }

  it("is refused each time, and told once, by the session's id", async () => {
    const { bench, id, end } = await slowLogout(async (session) => {
      session.destroy();
      for (let n = 0; n < 2; n++) {
        assert.equal((await errorOf(session.save())).code, "gone");
      }
    });
    assert.equal((await end()).status, 200);
    const told = bench.events.filter(({ type }) => type === "gone");
    assert.deepEqual(told, [{ type: "gone", id }]);
    assert.equal(await bench.sessions.count("ada"), 1);
  });

  it("is refused where nobody knows any more by what, late store", async () => {
    const bench = begin({}, late);
    const cookie = await bench.begin("ada");
    await bench.act(cookie, (session) => session.regenerate());
    const slow = await slowReader(bench, cookie, logout);
    bench.clock.advance(31);
    const { store } = bench.watched;
    const settings = { store, now: () => bench.clock.now } as object;
    // What is oldest is forgotten.
    for (let n = 0; n < MOST; n++) {
      noteTurn(settings as Settings, `another ${n}`, "left");
    }
    assert.equal((await slow.end()).code, "gone");
  });

  it("fails as the store does that cannot say what became of it", async () => {
    const { bench, end } = await slowLogout(logout);
    bench.watched.before = once("get", down);
    assert.equal((await end()).code, "store-failed");
    assert.equal(await bench.sessions.count("ada"), 1);
  });
});

describe("a store that has left a thousand calls unanswered", () => {
  /** A clock that stands, for what counts how long a call takes. */
  async function withClock(
    task: (advance: (seconds: number) => void) => Promise<void>,
  ): Promise<void> {
    const { now } = performance;
    let ahead = 0;
    const start = performance.now();
    performance.now = () => start + ahead;
    try {
      await task((seconds) => ahead += 1000 * seconds);
    } finally {
      performance.now = now;
    }
  }

  /** Waits until the store has had so many calls more. */
  async function haveCome({ watched }: StoreBench, count: number) {
    const before = watched.calls.length;
    while (watched.calls.length < before + count) await pause(1);
  }

  it("is asked after a minute, when clients have given up", async () => {
    const bench = begin({ storeTimeout: 0.1 });
    const { sessions, watched } = bench;
    const token = await sessions.seal(sessions.create());
    const open = () => sessions.unseal(token);
    await withClock(async (advance) => {
      watched.before = () => new Promise(() => {});
      const all = Array.from({ length: 1000 }, () => errorOf(open()));
      for (const error of await Promise.all(all)) {
        assert.equal(`${error.cause}`, "Error: Too late");
      }
      // It may be that all have come at once.
      assert.equal(`${(await errorOf(open())).cause}`, "Error: Too late");
      watched.before = undefined;
      advance(2);
      const error = await errorOf(open());
      assert.equal(
        `${error.cause}`,
        "Error: Too many requests wait for the store",
      );
      advance(60);
      assert.ok(await open());
      // Those of then are not counted any more.
      watched.before = once("get", () => new Promise(() => {}));
      await errorOf(open());
      advance(2);
      assert.ok(await open());
    });
  });

  it("is asked by a reset() all the same, as by any end", async () => {
    const bench = begin();
    const { sessions, watched } = bench;
    const token = await sessions.seal(sessions.create());
    const cookie = await bench.begin("ada");
    const next = cookieOf(
      await bench.act(cookie, (session) => session.regenerate()),
    );
    await bench.act(next, (session) => session.login("ada"));
    const session = await sessions.open(requestWith(cookie));
    await anew(session);
    await withClock(async (advance) => {
      const hung = Promise.withResolvers<void>();
      watched.before = () => hung.promise;
      const all = Array.from({ length: 1000 }, () => sessions.unseal(token));
      await haveCome(bench, 1000);
      advance(2);
      watched.before = undefined;
      const error = await errorOf(sessions.commit(session, new Response()));
      assert.equal(error.code, "gone");
      hung.resolve();
      await Promise.all(all);
    });
  });

  it("is asked to remove what a session has made that could not move", async () => {
    const store = new LateStore(90);
    const bench = begin({}, () => store);
    const { sessions, watched } = bench;
    const token = await sessions.seal(sessions.create());
    const first = sessions.create();
    first.login("ada");
    const session = await sessions.unseal(await sessions.seal(first));
    session?.regenerate();
    store.settle();
    bench.clock.advance(100);
    await withClock(async (advance) => {
      const hung = Promise.withResolvers<void>();
      let all: Promise<unknown>[] = [];
      watched.before = once("update", async () => {
        watched.before = () => hung.promise;
        all = Array.from({ length: 2000 }, () => sessions.unseal(token));
        await haveCome(bench, 2000);
        advance(2);
        watched.before = undefined;
        bench.takeCalls();
        down();
      });
      await errorOf((session as Session).save());
      assert.deepEqual(bench.takeCalls(), ["get", "delete"]);
      hung.resolve();
      await Promise.all(all);
    });
  });

  it("is asked where it has answered all by now", async () => {
    const bench = begin();
    const token = await bench.sessions.seal(bench.sessions.create());
    await withClock(async (advance) => {
      for (let n = 0; n < 1001; n++) await bench.sessions.unseal(token);
      advance(2);
      assert.ok(await bench.sessions.unseal(token));
    });
  });

  it("is asked where these were clean-ups, which may take long", async () => {
    const bench = begin();
    const { sessions, watched } = bench;
    const token = await sessions.seal(sessions.create());
    await withClock(async (advance) => {
      const hung = Promise.withResolvers<void>();
      watched.before = () => hung.promise;
      const all = Array.from({ length: 1001 }, () => sessions.deleteExpired());
      await haveCome(bench, 1001);
      advance(2);
      watched.before = undefined;
      assert.ok(await sessions.unseal(token));
      hung.resolve();
      await Promise.all(all);
    });
  });

  it("is asked where it has thrown, which is an answer", async () => {
    const bench = begin();
    const { store } = bench.watched;
    const token = await bench.sessions.seal(bench.sessions.create());
    const thrown = Object.create(store) as SessionStore;
    thrown.get = down;
    const sessions = createSessions({ ...bench.options, store: thrown });
    await withClock(async (advance) => {
      for (let n = 0; n < 1001; n++) await errorOf(sessions.unseal(token));
      advance(2);
      thrown.get = (key) => store.get(key);
      assert.ok(await sessions.unseal(token));
    });
  });
});

describe("the cause of an error", () => {
  it("has the name that the client gave, or else that of its class", () => {
    class ClientError extends Error {}
    const named = new ClientError("swordfish");
    assert.equal(causeOf(named).name, "ClientError");
    named.name = "TimeoutError";
    assert.equal(causeOf(named).name, "TimeoutError");
    assert.equal(causeOf(named).message, "");
  });
});
