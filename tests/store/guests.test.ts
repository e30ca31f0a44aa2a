import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { type Act, cookieOf, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

// A guest has a good cookie, and the store could not be read. What it ends or logs
// in is what any other request would, as far as the store tells it later.

function begin(): StoreBench {
  const bench = setUp({ onStoreError: "anonymous", tokenCache: undefined });
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** Lets the next read fail. */
function failToRead(bench: StoreBench): void {
  bench.watched.before = ({ op }) => {
    if (op !== "get") return;
    bench.watched.before = undefined;
    throw new Error("down");
  };
}

/** A guest's request that stops before it does this. */
async function slowGuest(bench: StoreBench, cookie: string, act: Act) {
  failToRead(bench);
  const slow = slowly(bench, cookie, async (session, wait) => {
    session.keys();
    await wait();
    await act(session);
  });
  await slow.arrived;
  return slow;
}

const userOf = async (bench: StoreBench, cookie: string) =>
  (await bench.act(cookie, (session) => session.userId)).json();

const regenerate: Act = (session) => session.regenerate();
const login: Act = (session) => session.login("ada");

describe("a guest's logout", () => {
  for (const [name, other] of Object.entries({ regenerate, login })) {
    it(`ends the session that a ${name}() has taken on meanwhile`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const slow = await slowGuest(bench, cookie, (s) => s.destroy());
      const next = cookieOf(await bench.act(cookie, other));
      assert.match(
        `${(await slow.end()).headers.getSetCookie()}`,
        /^__Host-sid=; Max-Age=0/,
      );
      assert.equal(await bench.read(next), null);
      assert.equal(await bench.sessions.count(), 0);
    });
  }

  it("ends the session whose cookie a regenerate() has just replaced", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, regenerate);
    failToRead(bench);
    const answer = await bench.act(cookie, (session) => session.destroy());
    assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await bench.sessions.count(), 0);
  });

  it("says so if that was replaced long ago, by a request kept open", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, regenerate);
    const slow = await slowGuest(bench, cookie, (s) => s.destroy());
    bench.clock.advance(31);
    await bench.act(cookie, () => {});
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await bench.sessions.count(), 1);
  });

  it("leaves a login that was there before, and its cookie", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const next = cookieOf(await bench.act(cookie, login));
    failToRead(bench);
    assertNoCookie(await bench.act(cookie, (session) => session.destroy()));
    assert.equal(await userOf(bench, next), "ada");
  });
});

describe("a guest's login", () => {
  for (const user of ["ada", "bob"]) {
    it(`ends the session before it: of ada, for ${user}`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      failToRead(bench);
      await bench.act(cookie, (session) => session.login(user));
      assert.equal(await bench.read(cookie), null);
      assert.equal(await bench.sessions.count(), 1);
    });
  }

  it("by a planted cookie takes no cookie from whom it was planted on", async () => {
    const bench = begin();
    const planted = await bench.begin();
    const cookie = cookieOf(await bench.act(planted, login));
    bench.clock.advance(3600);
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.regenerate();
      await session.save();
      await wait();
    });
    await slow.arrived;
    failToRead(bench);
    await bench.act(planted, (session) => session.login("eve"));
    assert.equal(await userOf(bench, cookieOf(await slow.end())), "ada");
  });
});
