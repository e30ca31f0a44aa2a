import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStorage } from "unstorage";
import type { Session, SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { UnstorageStore } from "../../stores/unstorage.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";
import { readOn } from "../../src/options/check.ts";

// What others write while a session gets a new id: nothing of it is lost.

/** A store that takes each write, and shows it at once. */
class Taking extends LateStore {
  override get(key: string) {
    this.settle();
    return super.get(key);
  }
}

type Make = (now: () => number) => SessionStore;

/** A store that takes a write only on top of the last one. */
class Comparing extends MemoryStore {
  override readonly consistency = "eventual" as never;
}

const comparing: Make = (now) => new Comparing({ now });

/** Stores that do so, as far as they know. */
const COMPARING: Readonly<Record<string, Make>> = {
  "a store that compares": comparing,
  UnstorageStore: (now) => new UnstorageStore(createStorage(), { now }),
  TieredStore: (now) =>
    new TieredStore(new MemoryStore({ now }), new MemoryStore({ now }), {
      now,
    }),
};
const STORES: Readonly<Record<string, Make>> = {
  ...COMPARING,
  "a strong store": (now) => new MemoryStore({ now }),
  "a store that takes each write": () => new Taking(90),
};

function begin(make: Make, more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  return new StoreBench(bench, { store: make(() => bench.clock.now) });
}

const MOVES: Readonly<Record<string, Act>> = {
  "regenerate()": (session) => session.regenerate(),
  "a login": (session) => session.login("ada"),
};

const add = (item: string): Act => (session) =>
  session.update("cart", (all: readonly string[] = []) => [...all, item]);

const DOWN = new Error("connect ECONNREFUSED");

for (const [name, move] of Object.entries(MOVES)) {
  describe(`${name} by a slow request`, () => {
    for (const [store, make] of Object.entries(STORES)) {
      it(`keeps what others have written meanwhile, in ${store}`, async () => {
        const bench = begin(make);
        const cookie = await bench.begin();
        const { slow } = await bench.overtake(cookie, async (session) => {
          await add("of the slow one")(session);
          await move(session);
        }, add("apple"));
        const data = { name: "Ada", cart: ["apple", "of the slow one"] };
        for (const wait of [0, 3600]) {
          bench.clock.advance(wait);
          assert.deepEqual(await bench.read(cookieOf(slow)), data);
        }
      });
    }

    for (const [store, make] of Object.entries(COMPARING)) {
      it(`keeps what is written while it is kept, in ${store}`, async () => {
        const bench = begin(make);
        const cookie = await bench.begin();
        // Another process does not know that the session is being left.
        const elsewhere = { store: watch(bench.watched.store).store };
        let writes = 0;
        bench.watched.before = async ({ op }) => {
          if (!/create|update/.test(op) || writes > 1) return;
          const item = `apple ${writes++}`;
          const { before } = bench.watched;
          bench.watched.before = undefined;
          await bench.act(cookie, add(item), elsewhere);
          bench.watched.before = before;
        };
        const answer = await bench.act(cookie, move);
        assert.equal(writes, 2);
        const cart = ["apple 0", "apple 1"];
        for (const wait of [0, 3600]) {
          bench.clock.advance(wait);
          const data = await bench.read(cookieOf(answer));
          assert.deepEqual(data, { name: "Ada", cart });
        }
      });
    }
  });
}

describe("what is brought over to a session's new id", () => {
  /** A visitor who writes while a new record is made, and what then fails. */
  async function meet(
    act: Act,
    fail: (bench: StoreBench, made: string) => void,
    more?: Partial<SessionOptions>,
  ) {
    const bench = begin(comparing, more);
    const cookie = await bench.begin("ada");
    bench.watched.before = once("create", async () => {
      const made = bench.watched.calls.at(-1)?.key as string;
      await bench.act(cookie, add("apple"));
      fail(bench, made);
    });
    const answer = await bench.act(cookie, act).catch((error) => error);
    bench.watched.before = bench.watched.after = undefined;
    return { bench, cookie, answer };
  }

  it("is there though its answer is lost", async () => {
    let key = "";
    const { bench, answer } = await meet(
      (session) => session.regenerate(),
      ({ watched }, made) => {
        key = made;
        watched.after = ({ op, key }) =>
          op === "update" && key === made && Promise.reject(DOWN);
      },
    );
    const data = { name: "Ada", cart: ["apple"] };
    assert.deepEqual(await bench.read(cookieOf(answer)), data);
    assert.equal((await bench.watched.store.get(key))?.revision, 2);
  });

  it("is made again where the new record is not shown", async () => {
    const { bench, answer } = await meet(
      (session) => session.regenerate(),
      ({ watched }, made) => {
        watched.before = once("get", () => watched.store.delete(made));
      },
    );
    const data = { name: "Ada", cart: ["apple"] };
    assert.deepEqual(await bench.read(cookieOf(answer)), data);
  });

  it("stays where it is if that fails, and so does the session", async () => {
    const { bench, cookie, answer } = await meet(
      (session) => session.regenerate(),
      ({ watched }, made) => {
        watched.before = ({ op, key }) =>
          op === "update" && key === made && Promise.reject(DOWN);
      },
    );
    assert.equal(answer.code, "store-failed");
    const ops = bench.events.flatMap((each) => "op" in each ? each.op : []);
    assert.deepEqual(ops, ["update"]);
    bench.clock.advance(151);
    const data = { name: "Ada", cart: ["apple"] };
    assert.deepEqual(await bench.read(cookie), data);
  });

  it("fails the request if that fails, though revocations end the old id", async () => {
    const { bench, cookie, answer } = await meet(
      (session) => session.regenerate(),
      ({ watched }, made) => {
        watched.before = ({ op, key }) =>
          op === "update" && key === made && Promise.reject(DOWN);
      },
      { revocations: new MemoryStore() },
    );
    assert.equal(answer.code, "store-failed");
    assert.equal(await bench.read(cookie), null);
  });

  it("is there though the old record cannot be left, which revocations end", async () => {
    const { bench, cookie, answer } = await meet(
      (session) => session.regenerate(),
      ({ watched }, made) => {
        watched.after = once("update", () => {
          watched.before = ({ op, key }) =>
            key !== made && op !== "get" && Promise.reject(DOWN);
        });
      },
      { revocations: new MemoryStore() },
    );
    const data = { name: "Ada", cart: ["apple"] };
    assert.deepEqual(await bench.read(cookieOf(answer)), data);
    assert.equal(await bench.read(cookie), null);
  });

  it("fails the request where the new record is not the session's any more", async () => {
    const { answer } = await meet(
      (session) => session.regenerate(),
      ({ watched: { store } }, made) => {
        const update = store.update.bind(store);
        store.update = (key, ...more) =>
          key === made ? Promise.resolve("conflict") : update(key, ...more);
      },
    );
    assert.equal(answer.code, "store-failed");
    assert.equal(
      answer.message,
      "Store has lost a new session" + readOn("store-failed"),
    );
  });

  it("has what was changed after a first try, too", async () => {
    const bench = begin(comparing);
    const cookie = await bench.begin("ada");
    const { watched } = bench;
    watched.after = once("create", () => {
      watched.before = once("get", () => Promise.reject(DOWN));
      throw DOWN;
    });
    const answer = await bench.act(cookie, async (session) => {
      session.set("n", 1);
      session.regenerate();
      await assert.rejects(session.save(), { code: "store-failed" });
      session.set("m", 2);
    });
    const data = { name: "Ada", n: 1, m: 2 };
    for (const wait of [0, 3600]) {
      bench.clock.advance(wait);
      assert.deepEqual(await bench.read(cookieOf(answer)), data);
    }
  });

  it("is found by each of its writes, however many answers are lost", async () => {
    const bench = begin(comparing);
    const { watched } = bench;
    const lose = (op: string) => {
      watched.after = once(op, () => {
        watched.before = once("get", () => Promise.reject(DOWN));
        throw DOWN;
      });
    };
    const answer = await bench.act("", async (session) => {
      for (const op of ["create", "update"]) {
        lose(op);
        session.set(op, 1);
        await assert.rejects(session.save(), { code: "store-failed" });
      }
      watched.after = undefined;
      session.set("n", 1);
    });
    const data = { create: 1, update: 1, n: 1 };
    assert.deepEqual(await bench.read(cookieOf(answer)), data);
  });

  it("is nothing of a user who has logged in there, by a strong store", async () => {
    const bench = begin(comparing);
    const strong = Object.create(watch(bench.watched.store).store);
    Object.defineProperty(strong, "consistency", { value: "strong" });
    for (const user of [undefined, "eve"]) {
      const cookie = await bench.begin("ada");
      const moved = bench.act(cookie, async (session) => {
        session.keys();
        await bench.act(cookie, async (other) => {
          other.login("eve");
          await add("apple")(other);
        }, { store: strong });
        session.set("n", 1);
        if (user) session.login(user);
        else session.regenerate();
      });
      if (!user) await assert.rejects(moved, { code: "gone" });
      else {
        const data = await bench.read(cookieOf(await moved));
        assert.deepEqual(data, { cart: ["apple"] });
      }
    }
  });

  for (const isMet of [false, true]) {
    it(`is by the first cookie of the new record, others write: ${isMet}`, async () => {
      const bench = begin(comparing, { renewAfter: 600 });
      const first = await bench.begin("ada");
      bench.clock.advance(600);
      const look: Act = (session) => session.get("name");
      const cookie = cookieOf(await bench.act(first, look));
      bench.clock.advance(100);
      const elsewhere = { store: watch(bench.watched.store).store };
      if (isMet) {
        bench.watched.before = once(
          "create",
          () => bench.act(cookie, add("apple"), elsewhere),
        );
      }
      const made = cookieOf(
        await bench.act(cookie, (session) => session.regenerate()),
      );
      for (const wait of [0, 200]) {
        bench.clock.advance(wait);
        bench.takeEvents();
        assert.equal((await bench.read(made))?.["name"], "Ada");
        assert.deepEqual(bench.takeEvents(), ["opened"]);
      }
    });
  }

  it("is told, and that there is a new record", async () => {
    for (const isMet of [false, true]) {
      const bench = begin(comparing);
      const cookie = await bench.begin("ada");
      bench.clock.advance(100);
      const elsewhere = { store: watch(bench.watched.store).store };
      const answer = await bench.act(cookie, async (session) => {
        session.keys();
        if (isMet) await bench.act(cookie, add("apple"), elsewhere);
        bench.takeEvents();
        session.regenerate();
      });
      assert.ok(answer.ok);
      const told = isMet ? ["merged", "created"] : ["created"];
      assert.deepEqual(bench.takeEvents(), told);
    }
  });

  it("is no change that fails on what others have written", async () => {
    const bench = begin(comparing);
    const cookie = await bench.begin("ada");
    const elsewhere = { store: watch(bench.watched.store).store };
    const failed = bench.act(cookie, async (session) => {
      session.set("m", 1);
      bench.watched.before = once("update", async () => {
        await bench.act(cookie, (other) => other.set("n", 2), elsewhere);
        session.update("n", (n) => {
          if (n === 2) throw new Error("No third");
          return 1;
        });
      });
      await session.save();
      session.regenerate();
    });
    await assert.rejects(failed, /No third/);
  });

  it("is nothing of another user's", async () => {
    const { bench, answer } = await meet(
      (session) => session.login("eve"),
      () => {},
    );
    assert.deepEqual(await bench.read(cookieOf(answer)), {});
  });

  const odd = (session: Session) => session.set("name", 5);
  const name = (data: unknown) => (data as { name?: unknown }).name;
  const schema = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) =>
        typeof name(value) === "string"
          ? { value: value as object }
          : { issues: [{ message: "No name" }] },
    },
  };

  it("is nothing that does not fit as the new record is made", async () => {
    const bench = begin(comparing);
    const cookie = await bench.begin("ada");
    const elsewhere = { store: watch(bench.watched.store).store };
    bench.watched.before = once(
      "create",
      () => bench.act(cookie, odd, elsewhere),
    );
    const answer = await bench.act(
      cookie,
      (session) => session.regenerate(),
      { schema },
    );
    assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
  });

  it("is nothing that a schema would refuse in the next request", async () => {
    const bench = begin(comparing);
    const cookie = await bench.begin("ada");
    const elsewhere = { store: watch(bench.watched.store).store };
    for (const isLogin of [false, true]) {
      const answer = await bench.act(cookie, async (session) => {
        await bench.act(cookie, odd, elsewhere);
        if (isLogin) session.login("ada");
        else session.regenerate();
        session.set("n", 1);
      }, { schema }).catch(({ code }) => code);
      assert.equal(answer, isLogin ? "invalid-data" : "gone");
      await bench.act(cookie, (session) => session.set("name", "Ada"));
    }
  });
});

describe("a login whose old session cannot be left", () => {
  for (const clicks of [2, 3]) {
    it(`fails, and that one goes on: one of ${clicks} clicks`, async () => {
      const bench = begin(comparing);
      const old = await bench.begin();
      const keys: string[] = [];
      bench.watched.before = ({ op, key }) => {
        if (op === "create") keys.push(key);
      };
      const slow = Array.from(
        { length: clicks },
        () =>
          slowly(bench, old, async (session, wait) => {
            session.keys();
            await wait();
            session.regenerate();
          }),
      );
      for (const each of slow) await each.arrived;
      const answers = await Promise.all(slow.map((each) => each.end()));
      const cookie = cookieOf(answers.at(-1) as Response);
      // Its own record or, with a third click, that of one of the two others.
      const broken = clicks === 2 ? keys.at(-1) : keys[0];
      bench.watched.before = ({ op, key }) =>
        op !== "get" && key === broken && Promise.reject(DOWN);
      const failed = bench.act(cookie, (session) => session.login("ada"));
      await assert.rejects(failed, { code: "store-failed" });
      bench.watched.before = undefined;
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
      bench.clock.advance(200);
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    });
  }
});

describe("two logins by one cookie of a late store", () => {
  const cases = [["ada", "eve", 0], ["ada", "ada", 31], ["ada", "ada", 0]];
  for (const [one, other, wait] of cases as [string, string, number][]) {
    const isTwin = one === other && !wait;
    it(`end together: ${isTwin}, of ${one} and ${other} ${wait} s apart`, async () => {
      const bench = begin((_now) => new LateStore(90));
      const cookie = await bench.begin();
      const { slow, fast } = await bench.overtake(cookie, (session) => {
        bench.clock.advance(wait);
        session.login(other);
      }, (session) => session.login(one));
      await bench.act(cookieOf(fast), (session) => session.destroy());
      const data = await bench.read(cookieOf(slow));
      assert.equal(data === null, isTwin);
    });
  }
});
