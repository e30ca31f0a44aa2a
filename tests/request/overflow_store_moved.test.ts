import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Act,
  all,
  anotherDoor,
  cookieOf,
  fill,
  isReference,
  LARGE,
  logout,
  look,
  NAME,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

/** Moves a session out, and back at the end of its request. */
const outAndBack = (n: number): Act => async (session) => {
  fill(LARGE + n)(session);
  await session.save();
  all(note(n), fill(10))(session);
};

describe("A record that another request has moved back into a cookie", () => {
  const saveOnly: Act = (session) => session.save();
  const reload: Act = (session) => session.reload();
  for (const [name, read] of Object.entries({ saveOnly, reload })) {
    it(`takes no more writes after ${name}`, async () => {
      for (const seconds of [0, 91]) {
        const site = open();
        await site.browser.get(`/fill?n=${LARGE}`);
        const old = site.cookie();
        const other = anotherDoor(site);
        let made = "";
        const writing = site.tab(old, async (session) => {
          made = cookieOf(await other.tab(old, all(note(1), fill(10))));
          site.clock.advance(seconds);
          await read(session);
          note(2)(session);
        });
        await assert.rejects(writing, { code: "gone" });
        assert.ok(!isReference(made));
        assert.deepEqual(await seenWith(site, made), [10, [1], null]);
      }
    });
  }

  it("has no cookie renewed by a slow request", async () => {
    const site = open({ idleTimeout: 1_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    site.clock.advance(600);
    const slow = site.slow(old, look);
    await slow.arrived;
    const answer = await anotherDoor(site).tab(old, fill(10));
    assert.ok(!isReference(cookieOf(answer)));
    site.clock.advance(3);
    assert.deepEqual((await slow.end()).headers.getSetCookie(), []);
  });

  it("stays, though one that has made it, too, is refused", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const made = cookieOf(await site.tab(old, fill(LARGE)));
    let back = "";
    // After its write, and before its own mark.
    site.store.on("update", 3, {
      before: async () => back = cookieOf(await site.tab(old, outAndBack(3))),
    });
    await assert.rejects(site.tab(old, outAndBack(2)), { code: "gone" });
    assert.ok(!isReference(back));
    const answer = await site.tab(made, look);
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.deepEqual(await answer.json(), [10, [1, 2, 3], null]);
  });

  it("stays, though one that has made it, too, is refused for a login", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const made = cookieOf(await site.tab(old, fill(LARGE)));
    // After its write has arrived, and before it is told.
    site.store.on("update", 1, {
      after: async () => {
        const back = cookieOf(await site.tab(made, fill(10)));
        await site.tab(back, (session) => session.login("ann"));
      },
    });
    await assert.rejects(site.tab(old, fill(LARGE + 1)), { code: "gone" });
    const answer = await site.tab(made, look);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  });

  it("is refused by another id, too, once its visitor has logged out", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, async (session) => {
      session.regenerate();
      fill(LARGE)(session);
      await session.save();
    });
    await slow.arrived;
    await site.tab(old, logout);
    assert.equal((await slow.end()).code, "gone");
  });

  it("has no cookie renewed once another process was faster", async () => {
    const site = open({ idleTimeout: 1_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    site.clock.advance(600);
    let back = "";
    // After its write, and before its own mark.
    site.store.on("update", 3, {
      before: async () =>
        back = cookieOf(await anotherDoor(site).tab(old, outAndBack(3))),
    });
    const answer = await site.tab(old, outAndBack(2));
    assert.ok(!isReference(back));
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.deepEqual(await seenWith(site, back), [10, [2, 3], null]);
  });
});

describe("A record of a request that is refused", () => {
  const regenerate: Act = (session) => session.regenerate();
  const acts = { regenerate, logout };
  for (const [name, act] of Object.entries(acts)) {
    const isLeft = act === regenerate;
    const what = isLeft
      ? "stays, as another process may know it"
      : "is removed";
    it(`${what}, after ${name}`, async () => {
      const site = open();
      await site.browser.get("/note?n=1");
      const old = site.cookie();
      const slow = site.slow(old, async (session) => {
        fill(LARGE)(session);
        await session.save();
      });
      await slow.arrived;
      await site.tab(old, act);
      assert.equal((await slow.end()).code, "gone");
      assert.equal(await site.store.store.count?.(), Number(isLeft));
    });
  }
});

describe("Several cookies that refer to one record, of one second", () => {
  it("count by their generation", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const before = site.cookie();
    await site.browser.get("/login");
    const both = [before, site.cookie()];
    for (const [first, second] of [both, both.toReversed()]) {
      const seen = await seenWith(site, `${first}; ${NAME}=${second}`);
      assert.deepEqual(seen, [LARGE, [], "ann"]);
    }
  });
});

describe("A record whose first answer was lost", () => {
  for (const size of [LARGE + 1, 10]) {
    it(`keeps what others have written meanwhile, with ${size}`, async () => {
      const site = open();
      await site.browser.get("/note?n=1");
      const old = site.cookie();
      let other: Response | undefined;
      site.store.on("create", 1, {
        after: async () =>
          other = await site.tab(old, all(note(2), fill(LARGE))),
        error: new Error("Connection lost"),
      });
      const answer = await site.tab(old, async (session) => {
        fill(LARGE + 1)(session);
        await session.save();
        all(note(3), fill(size))(session);
      });
      assert.equal(other?.status, 200);
      const seen = [size, [1, 2, 3], null];
      assert.deepEqual(await answer.json(), seen);
      assert.deepEqual(await seenWith(site, cookieOf(answer)), seen);
    });
  }
});
