import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type Session, withSession } from "../../mod.ts";
import { markedSecret, requestWith, typesOf } from "../shared/support.ts";
import {
  all,
  anotherDoor,
  cookieOf,
  fill,
  isReference,
  LARGE,
  NAME,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

const refused = { times: 0, error: new Error("Connection lost") } as const;

describe("A session that may move back into its cookie", () => {
  it("does so up to three quarters of it, and not a byte more", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    await site.browser.get("/fill?n=2150");
    const most = 3_072 - NAME.length;
    const bytes = Math.floor(site.cookie().length * 3 / 4);
    const n = 2_150 + Math.floor(most * 3 / 4) - bytes;
    site.clock.advance(91);
    const longer = await site.tab(old, fill(n + 1));
    assert.deepEqual(longer.headers.getSetCookie(), []);
    const back = cookieOf(await site.tab(old, fill(n)));
    assert.equal(back.length, most);
  });

  it("stays if another process has given it a newer cookie", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    const slow = site.slow(old, fill(10));
    await slow.arrived;
    const made = cookieOf(
      await anotherDoor(site).tab(old, (session) => session.regenerate()),
    );
    assert.deepEqual((await slow.end()).headers.getSetCookie(), []);
    assert.deepEqual(await seenWith(site, made), [10, [], null]);
  });

  it("stays, with a renewed cookie, if another process has written", async () => {
    const site = open({ idleTimeout: 1_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    site.clock.advance(600);
    // After its write, and before its own mark.
    site.store.on("update", 2, {
      before: () => anotherDoor(site).tab(old, all(note(1), fill(LARGE))),
    });
    const renewed = cookieOf(await site.tab(old, fill(10)));
    assert.ok(isReference(renewed));
    assert.deepEqual(await seenWith(site, renewed), [LARGE, [1], null]);
  });

  it("stays if the body of its response has written meanwhile", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    let written: Session | undefined;
    site.store.on("update", 1, {
      after: () => written && note(1)(written),
    });
    const handler = withSession((_request, session) => {
      written = session;
      fill(10)(session);
      const pull = async (controller: ReadableStreamDefaultController) => {
        await session.save();
        controller.close();
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    }, site.options);
    const answer = await handler(requestWith(`${NAME}=${site.cookie()}`));
    assert.deepEqual(answer.headers.getSetCookie(), []);
    await answer.text();
    assert.deepEqual(await site.see(), [10, [1], null]);
  });

  it("stays if a record that it has just made cannot be removed", async () => {
    const site = open();
    site.store.on("delete", "all", refused);
    const answer = await site.tab("", async (session) => {
      fill(LARGE)(session);
      await session.save();
      fill(10)(session);
    });
    const made = cookieOf(answer);
    assert.ok(isReference(made));
    site.store.heal();
    assert.deepEqual(await seenWith(site, made), [10, [], null]);
  });

  it("tells of the call that has failed", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    site.store.on("update", 2, refused);
    await site.browser.get("/fill?n=10");
    const failed = site.events.find(({ type }) => type === "store-error");
    assert.equal(failed && "op" in failed && failed.op, "update");
  });
});

describe("A session that moves back into its cookie", () => {
  it("says so where that is sealed by a newer secret", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const { secret } = site.options;
    const newer = open({
      ...site.options,
      secret: [markedSecret(), `${secret}`],
    });
    site.events.splice(0);
    await newer.tab(site.cookie(), fill(10));
    assert.deepEqual(typesOf(site.events), ["opened", "resealed"]);
  });

  it("removes its cookies of earlier scopes", async () => {
    const site = open({
      cookie: { name: "__Secure-sid", domain: "example.com" },
    });
    const sessions = createSessions(site.options);
    const session = sessions.create();
    fill(LARGE)(session);
    const token = await sessions.seal(session);
    const request = requestWith(`__Secure-sid=${token}`);
    const opened = await sessions.open(request);
    fill(10)(opened);
    const answer = await sessions.commit(opened, new Response());
    const lines = answer.headers.getSetCookie();
    assert.deepEqual(lines.map((line) => /Max-Age=0|Domain/.exec(line)?.[0]), [
      "Max-Age=0",
      "Domain",
    ]);
  });

  it("is there for a layer that comes after a cookie which was lost", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const sessions = createSessions(site.options);
    const request = requestWith(`${NAME}=${site.cookie()}`);
    const [first, second] = [
      await sessions.open(request),
      await sessions.open(request),
    ];
    fill(10)(first);
    const jar = {
      get: () => undefined,
      set() {
        throw new Error("Too late");
      },
    };
    await assert.rejects(sessions.commit(first, jar), /Too late/);
    note(1)(second);
    const answer = await sessions.commit(second, new Response());
    const made = cookieOf(answer);
    assert.ok(!isReference(made));
    assert.deepEqual(await seenWith(site, made), [10, [1], null]);
  });
});
