import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { typesOf } from "../shared/support.ts";
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
  note,
  open,
  seenWith,
  type Site,
} from "./_outgrown.ts";

const login: Act = (session) => session.login("ann");
const more: Act = (session) => session.set("more", "x".repeat(LARGE));

describe("Two requests of a session that outgrows its cookie", () => {
  it("have one record, with the changes of both", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    site.calls();
    const first = site.slow(old, all(note(2), fill(LARGE)));
    const second = site.slow(old, all(note(3), fill(LARGE)));
    await Promise.all([first.arrived, second.arrived]);
    const answers = await Promise.all([first.end(), second.end()]);
    const cookies = answers.map(cookieOf);
    assert.deepEqual(site.calls(), ["create", "create", "get", "update"]);
    for (const cookie of cookies) {
      assert.ok(isReference(cookie));
      const [text, notes] = await seenWith(site, cookie);
      assert.equal(text, LARGE);
      assert.deepEqual(notes.sort(), [1, 2, 3]);
    }
    assert.ok(typesOf(site.events).includes("merged"));
  });

  it("have it one after the other, and in two processes", async () => {
    for (const through of [(site: Site) => site, anotherDoor]) {
      const site = open();
      await site.browser.get("/note?n=1");
      const old = site.cookie();
      const slow = through(site).slow(old, all(note(3), fill(LARGE)));
      await slow.arrived;
      const made = cookieOf(await site.tab(old, all(note(2), fill(LARGE))));
      await site.tab(made, note(4));
      const cookie = cookieOf(await slow.end());
      for (const each of [made, cookie]) {
        const seen = await seenWith(site, each);
        assert.deepEqual(seen, [LARGE, [1, 2, 4, 3], null]);
      }
    }
  });

  it("have it, though one of them is short", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, note(3));
    await slow.arrived;
    const made = cookieOf(await site.tab(old, all(note(2), fill(LARGE))));
    const cookie = cookieOf(await slow.end());
    for (const each of [made, cookie]) {
      assert.deepEqual(await seenWith(site, each), [LARGE, [1, 2, 3], null]);
    }
  });

  it("keep its new cookie if one of them only renews", async () => {
    const site = open({ idleTimeout: 1_000 });
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    site.clock.advance(600);
    const slow = site.slow(old, look);
    await slow.arrived;
    const made = cookieOf(await site.tab(old, fill(LARGE)));
    const answer = await slow.end();
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.deepEqual(await seenWith(site, made), [LARGE, [1], null]);
  });

  it("have their changes made on each other in the store", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const cookie = site.cookie();
    const slow = [1, 2, 3].map((n) => site.slow(cookie, note(n)));
    await Promise.all(slow.map(({ arrived }) => arrived));
    for (const each of slow) await each.end();
    assert.deepEqual(await site.see(), [LARGE, [1, 2, 3], null]);
  });

  it("bring nothing back after a logout by the other", async () => {
    for (const size of [10, LARGE]) {
      const site = open();
      await site.browser.get(`/fill?n=${size}`);
      const cookie = site.cookie();
      const slow = site.slow(cookie, fill(LARGE + 1));
      await slow.arrived;
      await site.tab(cookie, logout);
      assert.equal((await slow.end()).code, "gone");
      assert.equal(await site.store.store.count?.(), 0);
    }
  });

  it("end it by a logout with the cookie that it has outgrown", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, logout);
    await slow.arrived;
    const made = cookieOf(await site.tab(old, fill(LARGE)));
    const answer = await slow.end();
    assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await site.store.store.count?.(), 0);
    assert.deepEqual(await seenWith(site, made), [0, [], null]);
  });

  it("leave a login its cookie, in either place", async () => {
    const save: Act = (session) => session.save();
    for (const size of [0, LARGE]) {
      for (const act of [fill(LARGE), all(fill(LARGE), save)]) {
        const site = open();
        await site.browser.get("/note?n=1");
        const old = site.cookie();
        const slow = site.slow(old, act);
        await slow.arrived;
        const made = cookieOf(await site.tab(old, all(fill(size), login)));
        assert.equal((await slow.end()).code, "gone");
        assert.deepEqual(await seenWith(site, made), [size, [1], "ann"]);
      }
    }
  });
});

describe("A session that moves back beside another request", () => {
  it("stays in the store if that has written first", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const cookie = site.cookie();
    // Between the write and the mark of the record that is left.
    let isBetween = false;
    site.store.on("update", (call) => {
      if (isBetween || call.number !== 2) return false;
      return isBetween = true;
    }, { before: () => site.tab(cookie, all(note(1), more)) });
    const answer = await site.tab(cookie, fill(10));
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.ok(isBetween);
    await site.browser.get("/note?n=2");
    assert.deepEqual(await site.see(), [10, [1, 2], null]);
  });

  it("refuses what that would write afterwards", async () => {
    for (const through of [(site: Site) => site, anotherDoor]) {
      const site = open();
      await site.browser.get(`/fill?n=${LARGE}`);
      const cookie = site.cookie();
      const other = through(site);
      const slow = other.slow(cookie, note(1));
      await slow.arrived;
      const back = cookieOf(await site.tab(cookie, fill(10)));
      assert.equal((await slow.end()).code, "gone");
      await assert.rejects(other.tab(cookie, note(2)), { code: "gone" });
      assert.deepEqual(await seenWith(site, back), [10, [], null]);
    }
  });

  it("lets that read, and leaves the browser its cookie", async () => {
    for (const through of [(site: Site) => site, anotherDoor]) {
      const site = open();
      await site.browser.get(`/fill?n=${LARGE}`);
      const cookie = site.cookie();
      await site.tab(cookie, fill(10));
      site.clock.advance(60);
      const answer = await through(site).tab(cookie, look, {
        headers: { "sec-fetch-dest": "document" },
      });
      assert.deepEqual(await answer.json(), [10, [], null]);
      assert.deepEqual(answer.headers.getSetCookie(), []);
    }
  });

  it("is ended by a logout with the cookie that it has left", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const cookie = site.cookie();
    const slow = site.slow(cookie, logout);
    await slow.arrived;
    await site.tab(cookie, fill(10));
    const answer = await slow.end();
    assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("goes on in the store if its answer was lost", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const cookie = site.cookie();
    await site.tab(cookie, all(fill(10), note(1)));
    await assert.rejects(site.browser.get("/note?n=2"), { code: "gone" });
    site.clock.advance(91);
    await site.browser.get(`/fill?n=${LARGE}`);
    assert.equal(site.cookie(), cookie);
    await site.browser.get("/note?n=3");
    assert.deepEqual(await site.see(), [LARGE, [1, 3], null]);
    await site.browser.get("/fill?n=10");
    assert.deepEqual(await site.see(), [10, [1, 3], null]);
  });
});
