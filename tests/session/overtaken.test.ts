import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions, withSession } from "../../mod.ts";
import { uncleared } from "../../src/session/known.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { withCrypto } from "../shared/crypto_calls.ts";
import { type Act, cookieOf, StoreBench } from "../shared/store_bench.ts";
import {
  assertNoCookie,
  requestWith,
  setUp,
  tokenOf,
} from "../shared/support.ts";

// A request that began before a logout or a login of the same visitor, and
// answers after it: its cookie would take the newer one's place.

const PLACES: Readonly<Record<string, (now: () => number) => object>> = {
  "in a cookie": () => ({ store: undefined }),
  "in a store": (now) => ({ store: new MemoryStore({ now }) }),
};

const LATE: typeof PLACES = {
  "in a late store": (now) => {
    const [fast, durable] = [
      new MemoryStore({ now }),
      new MemoryStore({ now }),
    ];
    return { store: new TieredStore(fast, durable, { now }) };
  },
};

/** Which data there is, kept in this place. */
function begin(place: string): {
  bench: StoreBench;
  more: Partial<SessionOptions>;
} {
  const surroundings = setUp({ tokenCache: undefined });
  const now = () => surroundings.clock.now;
  const bench = new StoreBench(surroundings, {
    store: new MemoryStore({ now }),
  });
  const more = { ...PLACES, ...LATE }[place]?.(now) ?? {};
  return { bench, more };
}

const look: Act = (session) => session.get("name");
const ENDS: Readonly<Record<string, Act>> = {
  "a logout": (session) => session.destroy(),
  "a login": (session) => session.login("ada"),
  "a new id": (session) => session.regenerate(),
  "a choice of how long it lasts": (session) => session.persist(86_400),
};

for (const place of Object.keys(PLACES)) {
  describe(`a slow request, data ${place},`, () => {
    for (const [end, act] of Object.entries(ENDS)) {
      it(`does not renew a cookie after ${end}`, async () => {
        const { bench, more } = begin(place);
        const cookie = await bench.begin(undefined, more);
        bench.clock.advance(301);
        const { slow } = await bench.overtake(cookie, look, act, more);
        assertNoCookie(slow);
      });
    }

    it("does not clear the cookie of a login by the same bad one", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      bench.clock.advance(100_000);
      const { slow, fast } = await bench.overtake(
        cookie,
        (session) => {
          session.get("name");
          bench.clock.advance(3);
        },
        (session) => session.login("ada"),
        more,
      );
      assertNoCookie(slow);
      assert.ok(cookieOf(fast));
    });

    it("renews it where nothing happened", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      bench.clock.advance(301);
      const { slow } = await bench.overtake(cookie, look, () => {}, more);
      assert.notEqual(cookieOf(slow), cookie);
    });

    it("takes nothing back by it that was changed meanwhile", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      bench.clock.advance(301);
      const change: Act = (session) => session.set("n", 1);
      const { slow, fast } = await bench.overtake(cookie, look, change, more);
      const [last] = [slow, fast].filter(({ headers }) =>
        headers.getSetCookie().length
      );
      assert.ok(last);
      const data = { name: "Ada", n: 1 };
      assert.deepEqual(await bench.read(cookieOf(last), more), data);
    });

    it("fails where it would bring a session back by a change", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      const { slow } = await bench.race(
        cookie,
        (session) => session.set("late", 1),
        (session) => session.destroy(),
        more,
      );
      assert.equal((slow as { code?: string }).code, "gone");
    });

    it("logs in all the same, without what has ended", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin("ada", more);
      const { slow } = await bench.overtake(
        cookie,
        (session) => session.login("bob"),
        (session) => session.destroy(),
        more,
      );
      assert.deepEqual(await bench.read(cookieOf(slow), more), {});
    });

    it("renews nothing beside a change, which is kept all the same", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      bench.clock.advance(43_201);
      const { slow } = await bench.overtake(
        cookie,
        (session) => session.set("n", 1),
        look,
        more,
      );
      assert.deepEqual(
        bench.takeEvents().filter((type) => type === "renewed").length,
        1,
      );
      const data = { name: "Ada", n: 1 };
      assert.deepEqual(await bench.read(cookieOf(slow), more), data);
    });

    it("renews later than a fast one", async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      const slowly: Act = (session) => {
        look(session);
        bench.clock.advance(3);
      };
      bench.clock.advance(301);
      assertNoCookie(await bench.act(cookie, slowly, more));
      bench.clock.advance(43_200);
      cookieOf(await bench.act(cookie, slowly, more));
    });
  });
}

describe("a cookie that is being sealed", () => {
  const slow: Readonly<Record<string, Act>> = {
    "its age": look,
    "persist()": (session) => session.persist(600),
    "regenerate()": (session) => session.regenerate(),
  };
  for (const place of Object.keys({ ...PLACES, ...LATE })) {
    for (const [reason, act] of Object.entries(slow)) {
      it(`for ${reason}, data ${place}, does not outlive a logout`, async () => {
        const { bench, more } = begin(place);
        const cookie = await bench.begin("ada", more);
        bench.clock.advance(301);
        let isOut = false;
        const answer = await withCrypto(
          ["encrypt"],
          async (_method, original) => {
            const isFirst = !isOut;
            isOut = true;
            if (isFirst) await bench.act(cookie, ENDS["a logout"] as Act, more);
            return await original();
          },
          () => bench.act(cookie, act, more),
        ).catch(({ code }) => code);
        assert.ok(isOut);
        // A late store has a new record by then, which the browser cannot get.
        const isMoved = /late/.test(place) && reason === "regenerate()";
        if (isMoved) assert.equal(answer, "gone");
        else if (answer instanceof Response) assertNoCookie(answer);
        else assert.equal(answer, "gone");
      });
    }
  }
});

describe("a renewed cookie that is being sealed", () => {
  for (const place of Object.keys({ ...PLACES, ...LATE })) {
    it(`does not replace that of a change, data ${place}`, async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin("ada", more);
      bench.clock.advance(301);
      let changed: Response | undefined;
      const change: Act = (session) => session.set("n", 1);
      const slow = await withCrypto(
        ["encrypt"],
        async (_method, original) => {
          const sealed = original();
          const isFirst = !changed;
          changed ??= new Response();
          if (isFirst) changed = await bench.act(cookie, change, more);
          return await sealed;
        },
        () => bench.act(cookie, look, more),
      );
      const last = [changed, slow].findLast((each) =>
        each?.headers.getSetCookie().length
      );
      const data = { name: "Ada", n: 1 };
      assert.deepEqual(await bench.read(cookieOf(last!), more), data);
    });
  }
});

describe("two requests that give a session a new id at a time", () => {
  for (const place of Object.keys(PLACES)) {
    it(`both may, data ${place}`, async () => {
      const { bench, more } = begin(place);
      const cookie = await bench.begin(undefined, more);
      const anew: Act = (session) => {
        session.regenerate();
        session.set("n", 1);
      };
      const { slow, fast } = await bench.overtake(cookie, anew, anew, more);
      const data = { name: "Ada", n: 1 };
      for (const each of [fast, slow]) {
        if (place === "in a cookie") {
          assert.deepEqual(await bench.read(cookieOf(each), more), data);
        }
      }
      assert.deepEqual(await bench.read(cookieOf(slow), more), data);
    });
  }
});

describe("a slow request whose session another process", () => {
  const newer = [1, 1, 1, 0, 0, 0, "else"];
  const ends: Readonly<Record<string, object | null>> = {
    "has ended": null,
    "has given a newer cookie": { "~g": newer },
  };
  for (const [end, change] of Object.entries(ends)) {
    it(`${end} asks before it renews its cookie`, async () => {
      const { bench } = begin("in a store");
      const { store, calls } = bench.watched;
      const cookie = await bench.begin();
      bench.clock.advance(43_201);
      const slow = await bench.act(cookie, async (session) => {
        look(session);
        bench.clock.advance(3);
        const [{ key } = { key: "" }] = calls.splice(0);
        const record = await store.get(key);
        assert.ok(record);
        if (!change) return await store.delete(key);
        const values = { ...JSON.parse(record.value), ...change };
        const value = JSON.stringify(values);
        return await store.update(key, { ...record, value, revision: 2 }, 1);
      });
      assertNoCookie(slow);
    });
  }
});

describe("a session in a cookie that a failed request has ended", () => {
  it("is known, with ten thousand others, of which the oldest goes first", async () => {
    const { options } = setUp();
    const failure = new Error("The handler has failed");
    const handle = withSession((request, session) => {
      if (request.method === "POST") session.set("a", 1);
      else {
        session.destroy();
        throw failure;
      }
      return new Response();
    }, options);
    const earlier = [...uncleared];
    const end = async () => {
      const post = new Request("https://example.com/", { method: "POST" });
      const token = tokenOf(await handle(post));
      const request = requestWith(`__Host-sid=${token}`);
      await assert.rejects(handle(request), failure);
      assert.equal(await createSessions(options).unseal(token), null);
    };
    try {
      uncleared.clear();
      for (let i = 1; i < 10_000; i++) uncleared.add(`${i}`);
      await end();
      assert.equal(uncleared.size, 10_000);
      assert.ok(uncleared.has("1"));
      await end();
      assert.equal(uncleared.size, 10_000);
      assert.deepEqual([uncleared.has("1"), uncleared.has("2")], [false, true]);
    } finally {
      uncleared.clear();
      for (const name of earlier) uncleared.add(name);
    }
  });
});

describe("a session in a store that a failed request could not end", () => {
  it("goes on, here as in any other process", async () => {
    const { bench } = begin("in a store");
    const cookie = await bench.begin("ada");
    const failure = new Error("The handler has failed");
    bench.watched.before = ({ op }) => {
      if (op !== "get") throw new Error("The store takes no writes");
    };
    const handle = bench.wrap((_request, session) => {
      session.destroy();
      throw failure;
    });
    await assert.rejects(handle(requestWith(cookie)), failure);
    bench.watched.before = undefined;
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});
