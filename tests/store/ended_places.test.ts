import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  anew,
  begin,
  login,
  logout,
  type Open,
  regenerate,
  slowReader,
  STORES,
  strong,
  userOf,
} from "../shared/slow_requests.ts";
import { type Act, cookieOf, once, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie } from "../shared/support.ts";

// A login by the cookie of a session that is over begins another one in its place:
// slow requests by the same cookie take nothing from that.

describe("a login by the cookie of a session that has ended elsewhere", () => {
  type End = (bench: StoreBench, cookie: string) => unknown;
  const ends: Readonly<Record<string, End>> = {
    "by revokeAll()": (bench) => bench.sessions.revokeAll("ada"),
    "in another process": (bench, cookie) =>
      new StoreBench(bench, { store: bench.watched.store }).act(cookie, logout),
    "long ago": async (bench, cookie) => {
      await bench.act(cookie, logout);
      bench.clock.advance(100);
    },
  };
  // On a late store, this process knows only what it has ended itself.
  const rows = [
    ...Object.entries(ends).map((row) => [...row, strong] as const),
    ...Object.entries({ "long ago, late store": ends["long ago"] as End })
      .map((row) => [...row, STORES["late"] as Open] as const),
  ];
  for (const [name, end, open] of rows) {
    it(`keeps its cookie from a slow request: ${name}`, async () => {
      for (const act of [anew, logout]) {
        const bench = begin(open);
        const cookie = await bench.begin("ada");
        const slow = await slowReader(bench, cookie, act);
        await end(bench, cookie);
        const made = cookieOf(await bench.act(cookie, login));
        const answer = await slow.end();
        if (act === anew) assert.equal(answer.code, "gone");
        else assertNoCookie(answer);
        assert.equal(await userOf(bench, made), "ada");
      }
    });
  }
});

describe("a login in the place of a session that has ended", () => {
  const fail: Act = async (session) => {
    session.login("eve");
    await session.save();
    throw new Error("A template is broken");
  };

  it("is told to a save() of what a slow request begins there", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const slow = await slowReader(bench, cookie, async (session) => {
      await anew(session);
      await assert.rejects(session.save(), { code: "gone" });
    });
    await bench.sessions.revokeAll("ada");
    const made = cookieOf(await bench.act(cookie, login));
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await userOf(bench, made), "ada");
  });

  it("keeps its cookie, whatever other login fails there", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const slow = await slowReader(bench, cookie, anew);
    await bench.act(cookie, logout);
    const made = cookieOf(await bench.act(cookie, login));
    await assert.rejects(bench.act(cookie, fail), /broken/);
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await userOf(bench, made), "ada");
  });

  it("is in nobody's way if it fails itself", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const slow = await slowReader(bench, cookie, anew);
    await bench.act(cookie, logout);
    await assert.rejects(bench.act(cookie, fail), /broken/);
    const made = cookieOf(await slow.end());
    assert.deepEqual(await bench.read(made), { n: 1 });
  });

  it("keeps its cookie also if that end was on its way, late store", async () => {
    const bench = begin(STORES["late"]);
    const cookie = await bench.begin("ada");
    const slow = await slowReader(bench, cookie, anew);
    const held = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    bench.watched.before = once("update", async () => {
      held.resolve();
      await told.promise;
    });
    const out = bench.act(cookie, logout);
    await held.promise;
    const made = cookieOf(await bench.act(cookie, login));
    told.resolve();
    await out;
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await userOf(bench, made), "ada");
  });
});

describe("a logout by a new id that a login on a late store has just ended", () => {
  it("ends that login, too, if it came before it was kept", async () => {
    const bench = begin(STORES["late"]);
    const old = await bench.begin();
    const slow = await slowReader(bench, old, login);
    const cookie = cookieOf(await bench.act(old, regenerate));
    const left = bench.watched.calls.find(({ op }) => op === "update");
    // The login has ended that by the time it leaves the record it came with.
    const held = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    bench.watched.before = async (call) => {
      if (call.op !== "update" || call.key !== left?.key) return;
      held.resolve();
      await told.promise;
    };
    const kept = slow.end();
    await held.promise;
    const out = await slowReader(bench, cookie, logout);
    told.resolve();
    const made = cookieOf(await kept);
    assert.match(`${(await out.end()).headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await userOf(bench, made), null);
  });
});

describe("a login after the request was told that its session is over", () => {
  const ways: Readonly<Record<string, Act>> = {
    "save()": (session) => {
      session.set("n", 1);
      return session.save();
    },
    "reload()": (session) => session.reload(),
  };
  const rows = Object.entries(ways)
    .flatMap(([name, way]) =>
      [anew, logout].map((act) => ({ name, way, act }))
    );
  for (const { name, way, act } of rows) {
    it(`keeps its cookie: by ${name}, before a slow ${act.name}`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const told = await slowReader(bench, cookie, async (session) => {
        await assert.rejects(async () => await way(session), { code: "gone" });
        session.login("bob");
      });
      await bench.sessions.revokeAll("ada");
      bench.clock.advance(40);
      const slow = await slowReader(bench, cookie, act);
      const made = cookieOf(await told.end());
      const answer = await slow.end();
      if (act === anew) assert.equal(answer.code, "gone");
      else assertNoCookie(answer);
      assert.equal(await userOf(bench, made), "bob");
    });
  }
});

describe("a session that is begun in the place of one that is over", () => {
  it("takes no cookie of a login that was faster, and leaves no record", async () => {
    for (const open of Object.values(STORES)) {
      const bench = begin(open);
      const cookie = await bench.begin("ada");
      await bench.act(cookie, logout);
      bench.clock.advance(100);
      const slow = await slowReader(bench, cookie, (session) => {
        session.set("n", 1);
      });
      const made = cookieOf(
        await bench.act(cookie, (session) => session.login("bob")),
      );
      assert.equal((await slow.end()).code, "gone");
      assert.equal(await userOf(bench, made), "bob");
      if (bench.canList) assert.equal(await bench.sessions.count(), 1);
    }
  });
});
