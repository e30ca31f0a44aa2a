import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { moved } from "./_foreign.ts";
import {
  all,
  anotherDoor,
  cookieOf,
  fill,
  isReference,
  LARGE,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

// Sessions in a store as overflow, and what is done beside one that moves.

describe("A session that two requests of one process move back", () => {
  it("has the cookie of the first, however soon the second one is there", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    const [one, two] = [1, 2].map((n) =>
      site.slow(old, all(note(n), fill(10)))
    );
    assert.ok(one && two);
    await Promise.all([one.arrived, two.arrived]);
    const marked = Promise.withResolvers<void>();
    let first: ReturnType<typeof one.end> | undefined;
    // Both have written; the second one's mark comes behind that of the first.
    site.store.on("update", 2, {
      before: () => {
        first = one.end();
        return marked.promise;
      },
    });
    site.store.on("update", 5, {
      after: async () => {
        marked.resolve();
        await second;
      },
    });
    const second = two.end();
    assert.deepEqual((await second).headers.getSetCookie(), []);
    const cookie = cookieOf(await first as Response);
    assert.ok(!isReference(cookie));
    assert.deepEqual(await seenWith(site, cookie), [10, [2, 1], null]);
  });
});

describe("A session that moves back beside a write", () => {
  it("stays in the store, and has its new cookie", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    // Between its write and its mark.
    site.store.on("update", 2, {
      before: async () => void await site.tab(old, fill(LARGE)),
    });
    const short = all(fill(10), (session) => session.persist(3600));
    const cookie = cookieOf(await site.tab(old, short));
    assert.ok(isReference(cookie));
    assert.deepEqual(await seenWith(site, cookie), [LARGE, [], null]);
  });
});

describe("A session that moves out beside a regenerate()", () => {
  it("sets no cookie of before that, in another process", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const other = anotherDoor(site).slow(old, async (session) => {
      all(note(2), fill(LARGE))(session);
      await session.save();
      session.regenerate();
    });
    await other.arrived;
    let cookie = "";
    site.store.on("update", 1, {
      before: async () => cookie = cookieOf(await other.end()),
    });
    const answer = await site.tab(old, all(note(3), fill(LARGE)));
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.deepEqual(await seenWith(site, cookie), [LARGE, [1, 2, 3], null]);
  });
});

describe("A change beside a login that moves out", () => {
  it("is refused, and asks no store for that", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, note(2));
    await slow.arrived;
    const login = (session: Session) => session.login("ann");
    const answer = await site.tab(old, all(login, fill(LARGE)));
    const cookie = cookieOf(answer);
    assert.ok(isReference(cookie));
    site.calls();
    assert.equal((await slow.end()).code, "gone");
    assert.deepEqual(site.calls(), []);
    assert.deepEqual(await seenWith(site, cookie), [LARGE, [1], "ann"]);
  });
});

describe("A session of another library that has moved back", () => {
  it("ends with that, also for a request with its cookie of before", async () => {
    const site = moved({ overflow: new MemoryStore() }, { keep: true });
    const jar = site.old();
    const write = async (length: number) => {
      await site.visit(jar, (_request, session) => {
        session.set("text", "x".repeat(length));
        return new Response();
      });
      return { ...jar };
    };
    const before = await write(LARGE);
    await write(10);
    const seen = ["ann", { cart: [1, 2], text: "x".repeat(10) }];
    assert.deepEqual(await (await site.visit({ ...before })).json(), seen);
    site.other.sessions.clear();
    assert.deepEqual(await (await site.visit(before)).json(), [null, {}]);
    assert.deepEqual(await (await site.visit(jar)).json(), [null, {}]);
  });
});
