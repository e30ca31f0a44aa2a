import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions, withSession } from "../../mod.ts";
import { noteNext, tickNow, uncleared } from "../../src/session/known.ts";
import {
  noteTurn,
  overtakenAfter,
  turnAfter,
  turnsAfter,
} from "../../src/session/overtaken.ts";
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

describe("what became of a session", () => {
  const begin = () =>
    ({ store: {}, now: () => 1_000 }) as unknown as Parameters<
      typeof noteTurn
    >[0];

  it("is found though others have gone on since", () => {
    const settings = begin();
    noteNext(settings, "first", "next");
    noteTurn(settings, "next", "ended");
    for (let i = 0; i < 10_000; i++) noteNext(settings, `a${i}`, `b${i}`);
    assert.equal(turnAfter(settings, "next", 0)?.kind, "ended");
  });

  it("is no lesser event that came later", () => {
    const settings = begin();
    noteTurn(settings, "a", "ended");
    for (let i = 0; i < 200; i++) {
      noteTurn(settings, "a", "left", { generation: i });
    }
    assert.equal(overtakenAfter(settings, "a", 0)?.kind, "ended");
  });

  it("is kept for a hundred events, and what decides least goes first", () => {
    const settings = begin();
    const start = noteTurn(settings, "a", "login", { generation: 1 });
    for (let i = 2; i <= 99; i++) {
      noteTurn(settings, "a", "login", { generation: i });
    }
    noteTurn(settings, "a", "left", { generation: 1 });
    assert.equal(turnsAfter(settings, "a", 0).length, 100);
    noteTurn(settings, "a", "login", { generation: 100 });
    const kinds = () => turnsAfter(settings, "a", 0).map(({ kind }) => kind);
    assert.equal(kinds().length, 100);
    assert.ok(!kinds().includes("left"));
    noteTurn(settings, "a", "login", { generation: 101 });
    const numbers = turnsAfter(settings, "a", 0).map((turn) => turn.generation);
    assert.deepEqual([numbers.length, numbers[0]], [100, 2]);
    start();
    assert.equal(turnsAfter(settings, "a", 0).length, 100);
  });

  it("is noted once, by its latest tick, if it happens again", () => {
    const settings = begin();
    noteTurn(settings, "a", "left");
    const tick = tickNow();
    noteTurn(settings, "a", "left");
    assert.equal(turnsAfter(settings, "a", 0).length, 1);
    assert.equal(turnsAfter(settings, "a", tick).length, 1);
  });

  it("is kept for ten thousand sessions, of which the oldest goes first", () => {
    const settings = begin();
    for (const name of ["a", "b"]) noteTurn(settings, name, "ended");
    noteTurn(settings, "a", "ended");
    for (let i = 0; i < 9_998; i++) noteTurn(settings, `n${i}`, "ended");
    const isKnown = (name: string) => !!turnAfter(settings, name, 0);
    assert.deepEqual([isKnown("a"), isKnown("b")], [true, true]);
    noteTurn(settings, "last", "ended");
    assert.deepEqual([isKnown("a"), isKnown("b")], [true, false]);
  });

  it("is the strongest of what happened, whatever came last", () => {
    const kinds = ["left", "replaced", "login", "revoked", "ended"] as const;
    for (let i = 1; i < kinds.length; i++) {
      for (const [one, other] of [[i, i - 1], [i - 1, i]]) {
        const settings = begin();
        noteTurn(settings, "a", kinds[one as number]!);
        noteTurn(settings, "a", kinds[other as number]!);
        assert.equal(turnAfter(settings, "a", 0)?.kind, kinds[i]);
      }
    }
  });

  it("counts for what came from it, if its visitor did it", () => {
    const settings = begin();
    noteTurn(settings, "next", "revoked");
    noteNext(settings, "first", "next");
    noteTurn(settings, "first", "left");
    noteNext(settings, "first", "other");
    assert.equal(overtakenAfter(settings, "next", 0)?.kind, "revoked");
    assert.equal(overtakenAfter(settings, "other", 0), undefined);
    noteTurn(settings, "other", "ended");
    assert.equal(overtakenAfter(settings, "first", 0)?.kind, "ended");
  });

  it("stays if it is noted again, and only the later note is taken back", () => {
    const settings = begin();
    const ended = () => turnAfter(settings, "a", 0)?.kind;
    const first = noteTurn(settings, "a", "ended");
    noteTurn(settings, "a", "ended", { isSure: false })();
    assert.equal(ended(), "ended");
    noteTurn(settings, "a", "ended");
    first();
    assert.equal(ended(), "ended");
  });

  it("is taken back by itself, in any order", () => {
    const settings = begin();
    const note = () => noteTurn(settings, "a", "left", { isSure: false });
    const [first, second] = [note(), note()];
    first();
    assert.equal(turnAfter(settings, "a", 0)?.kind, "left");
    second();
    assert.equal(turnAfter(settings, "a", 0), undefined);
  });
});
