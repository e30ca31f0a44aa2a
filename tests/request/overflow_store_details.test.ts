import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type Session, withSession } from "../../mod.ts";
import { requestWith, tokenOf, typesOf } from "../shared/support.ts";
import { moved } from "./_foreign.ts";
import {
  type Act,
  all,
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

const url = "https://example.com/";

describe("The id of a session that outgrows its cookie", () => {
  it("does not follow from that cookie after a login", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const grown = cookieOf(await site.tab(old, all(note(2), fill(LARGE))));
    let id = "";
    const login: Act = (session) => {
      session.login("ann");
      id = session.id;
    };
    const mine = cookieOf(await site.tab(old, all(login, fill(LARGE + 1))));
    await site.tab(mine, (session) => assert.equal(session.id, id));
    assert.deepEqual(await seenWith(site, mine), [LARGE + 1, [1], "ann"]);
    assert.deepEqual(await seenWith(site, grown), [LARGE, [1, 2], null]);
  });

  it("leads nowhere by that cookie after a regenerate()", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    await site.browser.get(`/fill?n=${LARGE}`);
    const answer = await site.tab(
      site.cookie(),
      (session) => session.regenerate(),
    );
    const late = site.tab(old, all(note(2), fill(LARGE)));
    await assert.rejects(late, { code: "gone" });
    const seen = await seenWith(site, cookieOf(answer));
    assert.deepEqual(seen, [LARGE, [1], null]);
  });

  it("is the same for two of its cookies, of which the newest counts", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    site.clock.advance(1);
    await site.browser.get(`/fill?n=${LARGE}`);
    const answer = await site.tab(`${old}; ${NAME}=${site.cookie()}`, look);
    assert.deepEqual(await answer.json(), [LARGE, [1], null]);
  });
});

describe("A record of two requests", () => {
  it("stays if one of them fails", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, async (session) => {
      all(note(2), fill(LARGE))(session);
      await session.save();
    });
    await slow.arrived;
    const failing = site.tab(old, async (session) => {
      await all(note(3), fill(LARGE))(session);
      await session.save();
      throw new Error("A template is broken");
    });
    await assert.rejects(failing, /broken/);
    const seen = await seenWith(site, cookieOf(await slow.end()));
    assert.deepEqual(seen, [LARGE, [1, 2, 3], null]);
  });

  it("stays if the one that has made it needs it no more", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    let other = "";
    const answer = await site.tab(old, async (session) => {
      await fill(LARGE)(session);
      await session.save();
      other = cookieOf(await site.tab(old, all(note(2), fill(LARGE))));
      await fill(10)(session);
    });
    assert.ok(!isReference(cookieOf(answer)));
    assert.deepEqual(await seenWith(site, other), [10, [1, 2], null]);
  });

  it("is removed if a login has made it, and fails", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const failing = site.tab(site.cookie(), async (session) => {
      session.login("ann");
      assert.equal(session.id.length, 8);
      await fill(LARGE)(session);
      await session.save();
      throw new Error("A template is broken");
    });
    await assert.rejects(failing, /broken/);
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("is no new session to the listener", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    await site.browser.get(`/fill?n=${LARGE}`);
    assert.deepEqual(typesOf(site.events), ["created", "opened"]);
    const answer = await site.tab("", async (session) => {
      await fill(LARGE)(session);
      await session.save();
      await fill(10)(session);
    });
    assert.ok(!isReference(cookieOf(answer)));
    assert.deepEqual(typesOf(site.events), ["created"]);
    assert.equal(await site.store.store.count?.(), 1);
  });
});

describe("A record that a session has left", () => {
  it("is not written for 90 s, by whatever clock, and then it is", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    await site.tab(old, fill(10));
    site.clock.advance(89);
    await assert.rejects(site.tab(old, note(1)), { code: "gone" });
    site.clock.advance(1);
    const more = fill(LARGE);
    const slow = [2, 3].map((n) => site.slow(old, all(note(n), more)));
    await Promise.all(slow.map(({ arrived }) => arrived));
    for (const each of slow) assert.equal((await each.end()).status, 200);
    assert.deepEqual(await seenWith(site, old), [LARGE, [2, 3], null]);
  });
});

describe("What goes on with a session that has moved out", () => {
  it("is the body of its response, which may save", async () => {
    const { options, store } = open();
    const answer = await withSession((_request, session) => {
      fill(LARGE)(session);
      const pull = async (controller: ReadableStreamDefaultController) => {
        await note(1)(session);
        await session.save();
        controller.close();
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    }, options)(new Request(url));
    await answer.text();
    assert.deepEqual(store.calls.map(({ method }) => method), [
      "create",
      "update",
    ]);
  });

  it("is another layer, which may end it", async () => {
    const { options, store } = open();
    const sessions = createSessions(options);
    const request = new Request(url);
    const layers: Session[] = [];
    for (let i = 0; i < 2; i++) layers.push(await sessions.open(request));
    const [first, second] = layers as [Session, Session];
    fill(LARGE)(first);
    const made = await sessions.commit(first, new Response());
    assert.ok(isReference(tokenOf(made)));
    second.destroy();
    const answer = await sessions.commit(second, new Response());
    assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await store.store.count?.(), 0);
  });

  it("is a token, though the request fails", async () => {
    const { options } = open();
    const sessions = createSessions(options);
    const session = await sessions.open(new Request(url));
    fill(LARGE)(session);
    const token = await sessions.seal(session);
    await sessions.discard(session);
    const again = await sessions.unseal(token);
    assert.equal(String(again?.get("text")).length, LARGE);
  });

  it("is the session of another library, which ends it", async () => {
    const { store } = open();
    const site = moved({ overflow: store.store }, { keep: true });
    const jar = site.old();
    const show: Act = fill(LARGE);
    await site.visit(jar, (_request, session) => {
      show(session);
      return new Response();
    });
    assert.equal(await store.store.count?.(), 1);
    site.other.sessions.clear();
    const answer = await site.visit(jar);
    assert.deepEqual(await answer.json(), [null, {}]);
    assert.equal(await store.store.count?.(), 0);
  });

  it("is one cookie's session of before that is refused", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const cookie = site.cookie();
    await site.tab(cookie, logout);
    site.clock.advance(100);
    const answer = await site.tab(cookie, note(1));
    assert.ok(!isReference(cookieOf(answer)));
    const next = await createSessions(site.options).open(
      requestWith(`${NAME}=${cookieOf(answer)}`),
    );
    assert.deepEqual(next.get("notes"), [1]);
    assert.equal(await site.store.store.count?.(), 0);
  });
});
