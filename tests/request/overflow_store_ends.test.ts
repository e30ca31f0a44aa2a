import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { requestWith } from "../shared/support.ts";
import {
  type Act,
  all,
  cookieOf,
  fill,
  LARGE,
  logout,
  NAME,
  note,
  open,
  seenWith,
  type Site,
} from "./_outgrown.ts";

const login: Act = (session) => session.login("ann");
const regenerate: Act = (session) => session.regenerate();
const reset: Act = (session) => session.reset();

describe("A logout with a cookie that a session has outgrown", () => {
  it("holds back what is on its way with the record", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, logout);
    await slow.arrived;
    const made = cookieOf(await site.tab(old, fill(LARGE)));
    await slow.end();
    // The line that clears the cookie may not be there yet.
    await assert.rejects(site.tab(made, note(2)), { code: "gone" });
  });

  it("leaves a login that outgrows it in the store", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, logout);
    await slow.arrived;
    const made = cookieOf(await site.tab(old, all(login, fill(LARGE))));
    await slow.end();
    assert.deepEqual(await seenWith(site, made), [LARGE, [1], "ann"]);
  });

  it("holds nothing back of a login that has outgrown it", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const made = cookieOf(await site.tab(old, all(login, fill(LARGE))));
    const slow = site.slow(made, fill(10));
    await slow.arrived;
    await site.tab(old, logout);
    const back = cookieOf(await slow.end());
    assert.deepEqual(await seenWith(site, back), [10, [1], "ann"]);
  });

  it("asks no store where the session has only got another id", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, logout);
    await slow.arrived;
    await site.tab(old, regenerate);
    await slow.end();
    assert.deepEqual(site.calls(), []);
  });
});

describe("A logout of a session that is back in its cookie", () => {
  it("holds back what is on its way with the record", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const made = site.cookie();
    await site.browser.get("/fill?n=10");
    await site.browser.get("/out");
    await assert.rejects(site.tab(made, note(2)), { code: "gone" });
  });

  it("asks no store for a session that reset() has begun", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const answer = await site.tab(site.cookie(), all(reset, note(1)));
    site.calls();
    await site.tab(cookieOf(answer), logout);
    assert.deepEqual(site.calls(), []);
  });
});

describe("A login that outgrows its cookie", () => {
  it("keeps its cookie beside a slower request", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, all(note(2), fill(LARGE)));
    await slow.arrived;
    const made = cookieOf(await site.tab(old, all(login, fill(LARGE))));
    assert.equal((await slow.end()).code, "gone");
    assert.deepEqual(await seenWith(site, made), [LARGE, [1], "ann"]);
  });

  it("keeps it beside one that has asked for another id", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, all(regenerate, note(2)));
    await slow.arrived;
    const next = cookieOf(await site.tab(old, regenerate));
    const made = cookieOf(await site.tab(next, all(login, fill(LARGE))));
    assert.equal((await slow.end()).code, "gone");
    assert.deepEqual(await seenWith(site, made), [LARGE, [1], "ann"]);
  });
});

describe("The cookie of a session that moves back", () => {
  /** A request that waits, once it has moved back, for another session. */
  async function during(
    site: Site,
    act: Act,
    meanwhile: () => unknown,
  ): Promise<Response & { code?: string }> {
    const now = () => site.clock.now;
    const other = createFaultyStore(new MemoryStore({ now }));
    other.on("create", 1, { before: meanwhile });
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
    return await handler(requestWith(`${NAME}=${site.cookie()}`))
      .catch((error: unknown) => error as Response & { code?: string });
  }

  it("takes no place in which somebody has logged in", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    let made = "";
    const answer = await during(site, all(reset, note(1)), async () => {
      made = cookieOf(await site.tab(site.cookie(), login));
    });
    assert.equal(answer.code, "gone");
    assert.deepEqual(await seenWith(site, made), [0, [], "ann"]);
  });

  for (const isSealed of [false, true]) {
    const when = isSealed ? "before it is sent" : "while it moves";
    it(`stays away if its old one has ended it ${when}`, async () => {
      const site = open();
      await site.browser.get(`/fill?n=${LARGE}`);
      const old = site.cookie();
      const act = all(regenerate, fill(10));
      // By the cookie from before it got another one, a moment ago.
      const end = () => site.tab(old, logout);
      if (!isSealed) site.store.on("update", 2, { after: end });
      const answer = isSealed
        ? await during(site, act, end)
        : await site.slow(old, act).end();
      assert.equal(answer.code, "gone");
      assert.equal(await site.store.store.count?.(), 0);
    });
  }
});
