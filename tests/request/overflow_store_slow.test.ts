import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { requestWith } from "../shared/support.ts";
import {
  type Act,
  cookieOf,
  fill,
  LARGE,
  logout,
  look,
  NAME,
  note,
  open,
  type Seen,
  seenWith,
  type Site,
} from "./_outgrown.ts";

const lost = { times: 0, error: new Error("Connection lost") } as const;

describe("A request that is slower than a move", () => {
  it("does not bring the session back after a logout in the store", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, note(2));
    await slow.arrived;
    const made = cookieOf(await site.tab(old, fill(LARGE)));
    await site.tab(made, logout);
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("sends nothing if a logout comes while it moves out", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    site.store.on("create", 1, { after: () => site.tab(old, logout) });
    const growing = site.tab(old, fill(LARGE));
    await assert.rejects(growing, { code: "gone" });
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("sends nothing if a logout comes while it moves back", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    site.store.on("update", 2, { after: () => site.tab(old, logout) });
    await assert.rejects(site.tab(old, fill(10)), { code: "gone" });
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("is over by a logout with the cookie that was left", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    const back = cookieOf(await site.tab(old, fill(10)));
    const slow = site.slow(back, note(1));
    await slow.arrived;
    await site.tab(old, logout);
    assert.equal((await slow.end()).code, "gone");
  });

  it("does not renew a cookie that the session has left", async () => {
    const site = open({ idleTimeout: 1_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    site.clock.advance(600);
    const slow = site.slow(old, look);
    await slow.arrived;
    await site.tab(old, fill(10));
    const answer = await slow.end();
    assert.deepEqual(answer.headers.getSetCookie(), []);
  });

  it("moves nothing back that has got a newer cookie", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const slow = site.slow(site.cookie(), fill(10));
    await slow.arrived;
    const regenerate: Act = (session) => session.regenerate();
    const made = cookieOf(await site.tab(site.cookie(), regenerate));
    const answer = await slow.end();
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.deepEqual(await seenWith(site, made), [10, [], null]);
  });

  it("logs out where the store fails", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, logout);
    await slow.arrived;
    await site.tab(old, fill(LARGE));
    site.store.on("delete", "all", lost);
    const answer = await slow.end();
    assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
  });
});

describe("A cookie that waits for another session of its response", () => {
  /** What a request sets for ours, while the other session is being kept. */
  async function during(
    act: Act,
    meanwhile: (site: Site, cookie: string) => unknown,
    size = 1,
  ): Promise<{ site: Site; answer: Response & { code?: string } }> {
    const site = open();
    await site.browser.get(`/fill?n=${size}`);
    const cookie = site.cookie();
    const other = createFaultyStore(
      new MemoryStore({ now: () => site.clock.now }),
    );
    other.on("create", 1, { before: () => meanwhile(site, cookie) });
    const handler = withSessions({
      sid: site.options,
      other: {
        ...site.options,
        overflow: undefined,
        store: other.store,
        cookie: { name: "other" },
      },
    }, async (_request, { sid, other }) => {
      await act(sid as Session);
      other.set("n", 1);
      return new Response();
    });
    const answer = await handler(requestWith(`${NAME}=${cookie}`))
      .catch((error: unknown) => error as Response & { code?: string });
    return { site, answer };
  }

  it("is not that of a session which has moved out meanwhile", async () => {
    const { answer } = await during(
      note(1),
      (site, cookie) => site.tab(cookie, fill(LARGE)),
    );
    assert.equal((answer as { code?: string }).code, "gone");
  });

  it("is not that of a session which has ended as it moved back", async () => {
    const { answer } = await during(
      fill(10),
      (site, cookie) => site.tab(cookie, logout),
      LARGE,
    );
    assert.equal((answer as { code?: string }).code, "gone");
  });

  it("is not that of a session in which somebody has logged in", async () => {
    const { answer } = await during(fill(LARGE), async (site, cookie) => {
      const made = cookieOf(await site.tab(cookie, fill(LARGE + 1)));
      await site.tab(made, (session) => session.login("ann"));
    });
    const lines = answer.headers.getSetCookie();
    assert.deepEqual(lines.map((line) => line.split("=")[0]), ["other"]);
  });

  const back = fill(10);
  const goingOn: Readonly<Record<string, [act: Act, seen: Seen]>> = {
    "has moved it back": [back, [10, [], null]],
    "has logged in there": [
      (session) => session.login("ann"),
      [LARGE, [], "ann"],
    ],
  };
  for (const [what, [act, seen]] of Object.entries(goingOn)) {
    it(`leaves its record to a request that ${what}`, async () => {
      let cookie = "";
      const { site, answer } = await during(
        async (session) => {
          fill(LARGE)(session);
          await session.save();
        },
        async (site, old) => {
          cookie = cookieOf(await site.tab(old, fill(LARGE)));
          const next = cookieOf(await site.tab(cookie, act));
          // Of a move back, the answer may have been lost.
          if (act !== back) cookie = next;
          await site.tab(old, (session) => session.login("eve"));
        },
      );
      assert.equal(answer.code, "gone");
      assert.deepEqual(await seenWith(site, cookie), seen);
    });
  }
});
