import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session } from "../../mod.ts";
import { tokenOf, typesOf } from "../shared/support.ts";
import {
  type Act,
  all,
  fill,
  isReference,
  LARGE,
  note,
  open,
} from "./_outgrown.ts";

describe("A session with a store for what is too long", () => {
  it("is in the cookie while it fits, at no call of the store", async () => {
    const site = open();
    await site.browser.get("/fill?n=2800");
    await site.browser.get("/note?n=1");
    assert.deepEqual(await site.see(), [2_800, [1], null]);
    await site.browser.get("/login");
    await site.browser.get("/out");
    assert.equal(site.cookie(), "");
    assert.deepEqual(site.calls(), []);
    assert.deepEqual(typesOf(site.events), [
      "created",
      ...Array<string>(4).fill("opened"),
      "destroyed",
    ]);
  });

  it("moves out by one write, and is one of a store from then on", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    await site.browser.get(`/fill?n=${LARGE}`);
    assert.deepEqual(site.calls(), ["create"]);
    assert.ok(isReference(site.cookie()));
    assert.deepEqual(await site.see(), [LARGE, [1], null]);
    assert.deepEqual(site.calls(), ["get"]);
    const before = site.cookie();
    const answer = await site.browser.get("/note?n=2");
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.equal(site.cookie(), before);
    assert.deepEqual(site.calls(), ["get", "update"]);
    assert.deepEqual(await site.see(), [LARGE, [1, 2], null]);
    assert.deepEqual(
      [...new Set(typesOf(site.events))],
      ["created", "opened"],
    );
  });

  it("begins in the store if it is too long at once", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    assert.deepEqual(site.calls(), ["create"]);
    assert.deepEqual(await site.see(), [LARGE, [], null]);
    assert.deepEqual(typesOf(site.events), ["created", "opened"]);
  });

  it("moves back if it needs three quarters of a cookie or less", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    for (const n of [2_900, 2_250]) {
      await site.browser.get(`/fill?n=${n}`);
      assert.ok(isReference(site.cookie()), `${n}`);
    }
    site.calls();
    await site.browser.get("/fill?n=2150");
    assert.deepEqual(site.calls(), ["get", "update", "update"]);
    assert.ok(site.cookie().length > 2_800);
    assert.ok(site.cookie().length <= 3_072);
    assert.deepEqual(await site.see(), [2_150, [], null]);
    assert.deepEqual(site.calls(), []);
  });

  it("goes there and back as often as it has to", async () => {
    const site = open();
    for (let n = 1; n <= 4; n++) {
      await site.browser.get(`/note?n=${n}`);
      const isLarge = n % 2 === 0;
      await site.browser.get(`/fill?n=${isLarge ? LARGE : 10}`);
      assert.equal(isReference(site.cookie()), isLarge);
    }
    assert.deepEqual(await site.see(), [LARGE, [1, 2, 3, 4], null]);
    // What it has left is removed when it moves out again.
    const { store } = site.store;
    assert.equal(await store.count?.(), 1);
  });

  it("keeps its id and its times on all ways", async () => {
    const site = open({ absoluteTimeout: 50_000, idleTimeout: 40_000 });
    const seen: unknown[] = [];
    const look = (session: Session) => {
      seen.push([session.id, session.createdAt, session.isNew]);
    };
    await site.browser.get("/fill?n=10");
    for (const n of [10, LARGE, LARGE, 10, LARGE]) {
      site.clock.advance(2_000);
      const answer = await site.tab(site.cookie(), all(fill(n), look));
      for (const line of answer.headers.getSetCookie()) {
        site.browser.setCookie(line);
      }
    }
    assert.equal(seen.length, 5);
    for (const each of seen) assert.deepEqual(each, seen[0]);
    site.clock.advance(38_000);
    assert.deepEqual(await site.see(), [LARGE, [], null]);
    site.clock.advance(2_001);
    assert.deepEqual(await site.see(), [0, [], null]);
  });

  it("has its idle timeout moved on where it is", async () => {
    const site = open({ idleTimeout: 10_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    for (let i = 0; i < 4; i++) {
      site.clock.advance(9_000);
      assert.deepEqual(await site.see(), [LARGE, [], null]);
    }
    await site.browser.get("/fill?n=10");
    for (let i = 0; i < 4; i++) {
      site.clock.advance(9_000);
      assert.deepEqual(await site.see(), [10, [], null]);
    }
    site.clock.advance(10_000);
    assert.deepEqual(await site.see(), [0, [], null]);
  });

  it("keeps user, lifetime and notices on its way", async () => {
    const site = open();
    const { browser } = site;
    const keep = async (...acts: Act[]) => {
      const answer = await site.tab(site.cookie(), all(...acts));
      for (const line of answer.headers.getSetCookie()) browser.setCookie(line);
      return answer;
    };
    await keep(
      (session) => session.login("ann"),
      (session) => session.persist(7_200),
      (session) => session.flash("info", "Hello"),
    );
    for (const n of [LARGE, 10, LARGE]) {
      const answer = await keep(fill(n));
      const [line] = answer.headers.getSetCookie();
      assert.match(`${line}`, /; Max-Age=7200;/);
      assert.deepEqual(await site.see(), [n, [], "ann"]);
    }
    const notices: unknown[] = [];
    await keep((session) => notices.push(...session.flashes("info")));
    assert.deepEqual(notices, ["Hello"]);
  });

  it("refuses its cookies from before a login in the store", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const sealed = site.cookie();
    await site.browser.get(`/fill?n=${LARGE}`);
    const before = site.cookie();
    await site.browser.get("/login");
    assert.notEqual(site.cookie(), before);
    site.clock.advance(100);
    const answer = await site.tab(before, () => {});
    assert.deepEqual(await answer.json(), [0, [], null]);
    // A copy of the cookie that it has outgrown is one of before the login.
    await assert.rejects(site.tab(sealed, fill(LARGE)), { code: "gone" });
    const { browser } = site;
    await browser.get("/fill?n=10");
    assert.deepEqual(await site.see(), [10, [1], "ann"]);
    const other = await site.tab(before, () => {});
    assert.deepEqual(await other.json(), [0, [], null]);
  });

  it("is in the store under another id after a login that outgrows", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const answer = await site.tab(
      old,
      all((session) => session.login("ann"), fill(LARGE)),
    );
    assert.ok(isReference(tokenOf(answer)));
    const copy = await site.tab(old, () => {});
    assert.deepEqual(await copy.json(), [0, [1], null]);
    const mine = await site.tab(tokenOf(answer), () => {});
    assert.deepEqual(await mine.json(), [LARGE, [1], "ann"]);
    const grown = await site.tab(old, fill(LARGE + 1));
    const theirs = await site.tab(tokenOf(grown), () => {});
    assert.deepEqual(await theirs.json(), [LARGE + 1, [1], null]);
  });

  it("goes on by its old cookie where somebody has kept it", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const copy = site.cookie();
    await site.browser.get(`/fill?n=${LARGE}`);
    await site.browser.get("/note?n=2");
    site.clock.advance(1_000);
    // As after any write of a session in a cookie.
    const answer = await site.tab(copy, note(3));
    assert.deepEqual(await answer.json(), [0, [1, 3], null]);
    assert.deepEqual(await site.see(), [LARGE, [1, 2], null]);
  });

  it("ends in the store by a logout, wherever it is", async () => {
    const site = open();
    const { store } = site.store;
    await site.browser.get(`/fill?n=${LARGE}`);
    const copy = site.cookie();
    await site.browser.get("/out");
    assert.equal(site.cookie(), "");
    assert.equal(await store.count?.(), 0);
    assert.deepEqual(await (await site.tab(copy, () => {})).json(), [
      0,
      [],
      null,
    ]);
    await site.browser.get(`/fill?n=${LARGE}`);
    const other = site.cookie();
    await site.browser.get("/fill?n=10");
    assert.equal(await store.count?.(), 1);
    await site.browser.get("/out");
    assert.equal(await store.count?.(), 0);
    assert.equal(site.cookie(), "");
    const answer = await site.tab(other, () => {});
    assert.deepEqual(await answer.json(), [0, [], null]);
    assert.ok(typesOf(site.events).includes("destroyed"));
  });

  it("leaves no record behind with reset()", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const answer = await site.tab(
      site.cookie(),
      all((session) => session.reset(), note(1)),
    );
    assert.ok(!isReference(tokenOf(answer)));
    assert.equal(await site.store.store.count?.(), 0);
    const next = await site.tab(tokenOf(answer), () => {});
    assert.deepEqual(await next.json(), [0, [1], null]);
  });

  it("is compressed in its cookie, and not in the store", async () => {
    const site = open({ compress: true });
    await site.browser.get("/fill?n=9000");
    assert.deepEqual(site.calls(), []);
    assert.ok(site.cookie().length < 500);
    const noise = () => {
      const bytes = crypto.getRandomValues(new Uint8Array(4_000));
      return Array.from(bytes, (each) => each.toString(16)).join("");
    };
    const answer = await site.tab(
      site.cookie(),
      (session) => session.set("noise", noise()),
    );
    assert.ok(isReference(tokenOf(answer)));
    const back = await site.tab(
      tokenOf(answer),
      (session) => session.delete("noise"),
    );
    assert.ok(tokenOf(back).length < 500);
  });
});
