import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";

// Records that end or are left for new ones, and writes that meet an older
// record than the visitor's own, in a store that may be late.

function begin(
  { compares, ...more }: Partial<SessionOptions> & { compares?: boolean } = {},
) {
  const store = new LateStore(90, compares);
  const bench = new StoreBench(setUp(more), { store });
  // What another process does is not known to this one.
  const elsewhere = { store: watch(store).store };
  return { bench, store, elsewhere };
}

const ENDS: Readonly<Record<string, Act>> = {
  "a logout": (session) => session.destroy(),
  "another user's login": (session) => session.login("eve"),
};

/** What makes a new record. */
const MOVES: Readonly<Record<string, Act>> = {
  "regenerate()": (session) => session.regenerate(),
  "a login": (session) => session.login("ada"),
};

const DOWN = new Error("connect ECONNREFUSED");

describe("a record that a late store has got a new one for", () => {
  for (const [name, end] of Object.entries(ENDS)) {
    it(`ends nothing by ${name} long after that`, async () => {
      for (const isOnItsWay of [false, true]) {
        const { bench, store } = begin();
        const dead = await bench.begin("ada");
        store.settle();
        const live = cookieOf(await bench.act(dead, (it) => it.regenerate()));
        store.settle();
        bench.clock.advance(3600);
        const act = () => bench.act(dead, end);
        if (isOnItsWay) bench.watched.before = once("update", act);
        const answer = await bench.act(live, async (session) => {
          session.set("n", 1);
          if (!isOnItsWay) await act();
        });
        store.settle();
        bench.clock.advance(151);
        const data = { name: "Ada", n: 1 };
        assert.deepEqual(await bench.read(cookieOf(answer)), data);
      }
    });
  }

  it("lets the new one be written while its cookie logs in", async () => {
    const { bench, store } = begin();
    const old = await bench.begin("ada");
    const live = cookieOf(await bench.act(old, (it) => it.regenerate()));
    const answer = await bench.act(live, async (session) => {
      session.set("n", 1);
      await bench.act(old, (other) => other.login("eve"));
    });
    // The browser has the cookie of the login.
    assertNoCookie(answer);
    store.settle();
    bench.clock.advance(151);
    assert.deepEqual(await bench.read(live), { name: "Ada", n: 1 });
  });

  for (const [name, move] of Object.entries(MOVES)) {
    it(`stays if ${name} cannot end it, and is served`, async () => {
      const { bench, store } = begin();
      const cookie = await bench.begin("ada");
      store.settle();
      bench.clock.advance(3600);
      bench.watched.before = ({ op }) => {
        if (/update|delete/.test(op)) throw DOWN;
      };
      const failed = bench.act(cookie, move);
      await assert.rejects(failed, { code: "store-failed" });
      bench.watched.before = undefined;
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    });

    it(`does not fail ${name} if its end is there and the answer lost`, async () => {
      const losses = [() => Promise.reject(DOWN), () => pause(150)];
      for (const lose of losses) {
        const { bench, store } = begin({ storeTimeout: 0.1 });
        const cookie = await bench.begin("ada");
        store.settle();
        bench.clock.advance(3600);
        bench.watched.before = ({ op }) => op === "get" && pause(20);
        bench.watched.after = async ({ op }) => {
          if (!/update|delete/.test(op)) return;
          store.settle();
          await lose();
        };
        const answer = await bench.act(cookie, move);
        bench.watched.after = undefined;
        assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
        assert.equal(await bench.read(cookie), null);
      }
    });
  }
});

describe("a request of a late store that fails after a save()", () => {
  const FAILED = new Error("Failed");
  const fail = () => Promise.reject(FAILED);

  /**
   * The keys of the records that are left after a request, which fails if there
   * is an error.
   */
  async function leftBy(
    { bench, store }: ReturnType<typeof begin>,
    cookie: string,
    act: Act,
    error: object | undefined = FAILED,
  ): Promise<string[]> {
    const answer = bench.act(cookie, act);
    if (error) await assert.rejects(answer, error);
    else await answer;
    bench.watched.before = undefined;
    store.settle();
    const keys = new Set(bench.watched.calls.map(({ key }) => key));
    const records = await Promise.all([...keys].map((key) => store.get(key)));
    return records.flatMap((record) => record?.id || []);
  }

  /** A visitor whose record the store shows, and whom this process knows. */
  async function visitor(userId?: string) {
    const { bench, ...rest } = begin();
    const cookie = await bench.begin(userId);
    rest.store.settle();
    bench.clock.advance(3600);
    return { bench, ...rest, cookie };
  }

  for (const [name, move] of Object.entries(MOVES)) {
    it(`has not failed as the store cannot be asked after ${name}`, async () => {
      const { bench, cookie } = await visitor("ada");
      const answer = await bench.act(cookie, async (session) => {
        await move(session);
        await session.save();
        bench.clock.advance(3);
        bench.watched.before = ({ op }) => op === "get" && Promise.reject(DOWN);
      });
      bench.watched.before = undefined;
      assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
    });
  }

  it("leaves the session in the record that regenerate() has made", async () => {
    const world = await visitor("ada");
    let id = "";
    const left = await leftBy(world, world.cookie, async (session) => {
      session.regenerate();
      await session.save();
      session.regenerate();
      await session.save();
      ({ id } = session);
      await fail();
    });
    assert.deepEqual(left, [id]);
    // What save() has told stands, as in a strong store.
    assert.equal(await world.bench.read(world.cookie), null);
  });

  it("leaves none where the visitor has logged out meanwhile", async () => {
    const world = await visitor("ada");
    const { bench, cookie } = world;
    const left = await leftBy(world, cookie, async (session) => {
      session.regenerate();
      await session.save();
      await bench.act(cookie, (other) => other.destroy());
      await fail();
    });
    assert.deepEqual(left, []);
  });

  it("leaves no login that nobody has got", async () => {
    const logins: Act[] = [
      (session) => session.login("ada"),
      async (session) => {
        session.login("ada");
        await session.save();
        session.regenerate();
      },
      async (session) => {
        session.regenerate();
        await session.save();
        session.login("ada");
      },
    ];
    for (const login of logins) {
      for (const isNew of [false, true]) {
        const world = await visitor();
        const cookie = isNew ? "" : world.cookie;
        const left = await leftBy(world, cookie, async (session) => {
          await login(session);
          await session.save();
          await fail();
        });
        assert.deepEqual(left, []);
      }
    }
  });

  it("leaves no login in the place of a session that has ended", async () => {
    const world = await visitor("ada");
    const { bench, store, cookie } = world;
    const left = await leftBy(world, cookie, async (session) => {
      session.regenerate();
      await session.save();
      const made = bench.watched.calls.find(({ op }) => op === "create");
      await store.delete(made?.key as string);
      store.settle();
      bench.clock.advance(151);
      await assert.rejects(session.reload(), { code: "gone" });
      session.login("ada");
      await session.save();
      await fail();
    });
    assert.deepEqual(left, []);
  });

  it("leaves nothing that it has made if the next record cannot be", async () => {
    for (const isNew of [false, true]) {
      const world = await visitor();
      const cookie = isNew ? "" : world.cookie;
      const left = await leftBy(world, cookie, async (session) => {
        session.login("ada");
        await session.save();
        session.regenerate();
        world.bench.watched.before = ({ op }) =>
          op === "create" && Promise.reject(DOWN);
      }, { code: "store-failed" });
      assert.deepEqual(left, []);
    }
  });

  it("leaves the record that it came with if it could not leave that", async () => {
    const world = await visitor("ada");
    const { bench, cookie } = world;
    await leftBy(world, cookie, async (session) => {
      session.regenerate();
      bench.watched.before = ({ op }) =>
        op === "create" && Promise.reject(DOWN);
      await assert.rejects(session.save(), { code: "store-failed" });
      bench.watched.before = undefined;
      await session.reload();
      await fail();
    });
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});

describe("the end of a session in a late store", () => {
  /** A store that shows each write, and drops what has expired. */
  class Showing extends MemoryStore {
    override readonly consistency = "eventual" as never;
  }

  /** A process by its clock, in seconds beside the right one. */
  function processAt(bench: StoreBench, store: SessionStore, seconds: number) {
    const now = () => bench.clock.now + seconds * 1000;
    return { store: watch(store).store, now };
  }

  /** Clocks of who writes, of who logs out, and of who reads a copy. */
  const CLOCKS: readonly (readonly [number, number, number])[] = [
    [0, 0, 0],
    [0, -60, 0],
    [0, -30, 0],
    [0, 0, -60],
    [0, 0, -30],
    [60, 0, 0],
    [60, 0, 60],
    [30, -30, -30],
  ];

  for (const [writer, ender, reader] of CLOCKS) {
    it(`lasts, clocks of write, end and read ${writer}, ${ender}, ${reader} s apart`, async () => {
      const setting = setUp();
      const store = new Showing({ now: () => setting.clock.now });
      const bench = new StoreBench(setting, { store });
      const cookie = await bench.begin("ada", processAt(bench, store, writer));
      bench.clock.advance(5);
      const logout: Act = (session) => session.destroy();
      await bench.act(cookie, logout, processAt(bench, store, ender));
      const copy = processAt(bench, store, reader);
      // Until then, the copy carries the data, and nobody is asked.
      const asked = 90 + writer - reader;
      bench.clock.advance(asked - 4);
      for (let time = asked; time < 300; time++) {
        assert.equal(await bench.read(cookie, copy), null, `${time} s`);
        bench.clock.advance(1);
      }
    });
  }

  it("stays where only the answer to it is lost", async () => {
    for (const isShown of [false, true]) {
      const { bench, store } = begin();
      const cookie = await bench.begin("ada");
      store.settle();
      bench.watched.after = once("update", () => {
        if (isShown) store.settle();
        throw DOWN;
      });
      const logout: Act = (session) => session.destroy();
      await bench.act(cookie, logout);
      const calls = isShown ? ["update", "get"] : ["update", "get", "update"];
      assert.deepEqual(bench.takeCalls(), calls);
      store.settle();
      bench.clock.advance(91);
      assert.equal(
        await bench.read(cookie, { store: watch(store).store }),
        null,
      );
    }
  });

  it("is a delete where no tombstone can be written", async () => {
    const { bench, store } = begin();
    const cookie = await bench.begin("ada");
    store.settle();
    bench.watched.before = ({ op }) => op === "update" && Promise.reject(DOWN);
    await bench.act(cookie, (session) => session.destroy());
    const calls = bench.takeCalls();
    assert.deepEqual(calls, ["update", "get", "update", "delete"]);
  });

  it("lasts by what the cookie of a guest knows of its last write", async () => {
    const { bench, store, elsewhere } = begin({
      onStoreError: "anonymous",
      storeTimeout: 0.15,
    });
    const write: Act = (session) => session.set("text", "x".repeat(5000));
    const first = await bench.begin("ada");
    store.settle();
    // The clock of the process that writes is ahead.
    const now = () => bench.clock.now + 60_000;
    const second = cookieOf(await bench.act(first, write, { now }));
    const key = bench.watched.calls[0]?.key as string;
    await bench.act(second, (session) => session.destroy(), elsewhere);
    store.settle();
    const { expiresAt = 0 } = await store.get(key) ?? {};
    assert.ok(expiresAt >= bench.clock.now + (60 + 90 + 120) * 1000);
  });
});

describe("a reload() of a session that has ended in this process", () => {
  const ends: Readonly<Record<string, Act>> = {
    ...MOVES,
    ...ENDS,
  };

  for (const [name, end] of Object.entries(ends)) {
    it(`is refused after ${name}, whatever the store shows`, async () => {
      for (const wait of [0, 3600]) {
        const { bench, store } = begin();
        const cookie = await bench.begin("ada");
        store.settle();
        bench.clock.advance(wait);
        await bench.act(cookie, async (session) => {
          session.keys();
          await bench.act(cookie, end);
          await assert.rejects(session.reload(), { code: "gone" });
        });
      }
    });
  }

  it("shows what its own request has moved to another id", async () => {
    for (const move of Object.values(MOVES)) {
      const { bench, store } = begin();
      const cookie = await bench.begin("ada");
      store.settle();
      await bench.act(cookie, async (session) => {
        await move(session);
        await session.save();
        await session.reload();
        assert.equal(session.get("name"), "Ada");
      });
    }
  });
});

describe("a record that a late store does not show yet", () => {
  it("ends for good, whether the cookie carries it or not", async () => {
    for (const length of [5, 5000]) {
      const { bench, store, elsewhere } = begin({
        compares: true,
        storeTimeout: 0.15,
        onStoreError: "anonymous",
      });
      const made = await bench.act("", (session) => {
        session.set("text", "x".repeat(length));
      });
      const cookie = cookieOf(made);
      await bench.act(cookie, (session) => session.destroy(), elsewhere);
      store.settle();
      bench.clock.advance(3600);
      assert.equal(await bench.read(cookie), null);
    }
  });

  const add = (item: number): Act => (session) =>
    session.update("cart", (all: readonly number[] = []) => [...all, item]);

  it("is written on top of what the cookie carries", async () => {
    const { bench, store, elsewhere } = begin({ compares: true });
    let cookie = await bench.begin();
    store.settle();
    bench.clock.advance(60);
    cookie = cookieOf(await bench.act(cookie, add(1)));
    cookie = cookieOf(await bench.act(cookie, add(2), elsewhere));
    store.settle();
    for (const wait of [0, 3600]) {
      bench.clock.advance(wait);
      const data = { name: "Ada", cart: [1, 2] };
      assert.deepEqual(await bench.read(cookie), data);
      assert.deepEqual(await bench.read(cookie, elsewhere), data);
    }
  });

  it("is not made anew by a write, as it may have ended", async () => {
    const { bench, store, elsewhere } = begin({ compares: true });
    const cookie = await bench.begin();
    const write = bench.act(cookie, add(1), elsewhere);
    await assert.rejects(write, { code: "store-failed" });
    store.settle();
    const again = cookieOf(await bench.act(cookie, add(1), elsewhere));
    assert.deepEqual(await bench.read(again), { name: "Ada", cart: [1] });
  });
});

describe("a regenerate() that cannot end the old record", () => {
  for (const what of ["shows nothing", "cannot be asked"]) {
    it(`fails where the store ${what}`, async () => {
      const { bench } = begin();
      const cookie = await bench.begin("ada");
      let made = "";
      bench.watched.before = ({ op, key }) => {
        if (op === "create") made = key;
        else if (made && key !== made) {
          if (op !== "get" || what === "cannot be asked") throw DOWN;
        }
      };
      const moved = bench.act(cookie, (session) => session.regenerate());
      await assert.rejects(moved, { code: "store-failed" });
      bench.watched.before = undefined;
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    });
  }

  it("is not saved where the session has ended meanwhile", async () => {
    const { bench } = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.destroy());
      session.regenerate();
      bench.takeCalls();
      await assert.rejects(session.save(), { code: "gone" });
      assert.deepEqual(bench.takeCalls(), []);
    });
  });
});

describe("a slow write on top of what its cookie carries", () => {
  for (const wait of [120, 151]) {
    it(`meets an older record, ${wait} s after that was written`, async () => {
      const { bench, store } = begin({ compares: true });
      const first = await bench.begin();
      store.settle();
      const cookie = cookieOf(
        await bench.act(first, (session) => session.set("n", 1)),
      );
      const answer = await bench.act(cookie, (session) => {
        session.keys();
        bench.clock.advance(wait);
        session.set("m", 2);
      });
      // What has not arrived by then was overwritten.
      const data = wait < 150
        ? { name: "Ada", n: 1, m: 2 }
        : { name: "Ada", m: 2 };
      assert.deepEqual(await bench.read(cookieOf(answer)), data);
    });
  }
});

describe("a logout by one of two new ids", () => {
  it("lets no slow write by the other count, though that cannot be ended", async () => {
    const { bench } = begin();
    const cookie = await bench.begin("ada");
    const made: string[] = [];
    bench.watched.before = ({ op, key }) => {
      if (op === "create") made.push(key);
    };
    const { slow, fast } = await bench.overtake(
      cookie,
      (session) => session.regenerate(),
      (session) => session.regenerate(),
    );
    const written = bench.act(cookieOf(slow), async (session) => {
      session.keys();
      bench.watched.before = ({ op, key }) =>
        op !== "get" && key === made[1] && Promise.reject(DOWN);
      const end = bench.act(cookieOf(fast), (other) => other.destroy());
      await assert.rejects(end, { code: "store-failed" });
      bench.watched.before = undefined;
      session.set("n", 1);
    });
    await assert.rejects(written, { code: "gone" });
  });
});
