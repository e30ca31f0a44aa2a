import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type Session, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { once } from "../shared/store_bench.ts";
import { begin, STORES } from "../shared/slow_requests.ts";
import { requestWith, setUp, START } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

// What a handler is told that comes too late, or has no session to write to.

const GONE = {
  name: "SessionError",
  code: "gone",
  message: "Cannot go on: the session has ended or was replaced" +
    readOn("gone"),
};

for (const [kind, open] of Object.entries(STORES)) {
  describe(`a handler whose session has ended, in a ${kind} store,`, () => {
    it("is told so, and that again by what it does next", async () => {
      const bench = begin(open);
      const cookie = await bench.begin("ada");
      const errors: unknown[] = [];
      await bench.act(cookie, async (session) => {
        session.keys();
        await bench.act(cookie, (other) => other.destroy());
        session.set("n", 1);
        await assert.rejects(session.save(), GONE);
        assert.throws(() => session.set("n", 2), GONE);
        assert.throws(() => session.regenerate(), GONE);
        errors.push(...bench.takeEvents().filter((type) => type === "gone"));
      });
      assert.deepEqual(errors, ["gone"]);
    });
  });
}

describe("a handler whose session could not be read", () => {
  it("is told so if it writes", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    bench.watched.before = once("get", () => {
      throw new Error("the store is down");
    });
    await bench.act(cookie, (session) => {
      assert.throws(() => session.set("n", 1), {
        name: "SessionError",
        code: "store-failed",
        message: "Cannot write: the store could not be read" +
          readOn("store-failed"),
      });
    }, { onStoreError: "anonymous" });
  });
});

describe("a handler that is left out", () => {
  it("may read, and its response stays as it is", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const cookie = `__Host-sid=${await sessions.seal(sessions.create())}`;
    const response = new Response();
    const handle = withSession((_request, session) => {
      assert.deepEqual(session.keys(), []);
      return response;
    }, { ...options, when: () => false });
    assert.equal(await handle(requestWith(cookie)), response);
    assert.deepEqual([...response.headers], []);
  });
});

describe("a handler that is left out", () => {
  it("may read as late as it likes, and is told why it writes nothing", async () => {
    const { options } = setUp();
    const seen: Session[] = [];
    let ask: (() => Promise<Session>) | undefined;
    const lazy = withSession((_request, session) => {
      ask = session;
      return new Response();
    }, { ...options, lazy: true, when: () => false });
    await lazy(new Request("https://example.com/"));
    seen.push(await ask?.() as Session);
    const elsewhere = withSession((_request, session) => {
      seen.push(session);
      return new Response();
    }, { ...options, cookie: { path: "/app" } });
    await elsewhere(new Request("https://example.com/"));
    assert.equal(seen.length, 2);
    for (const session of seen) {
      assert.deepEqual(session.keys(), []);
      assert.throws(() => session.set("a", 1), {
        code: "left-out",
        message: "Cannot write: left out by when or cookie.path" +
          readOn("left-out"),
      });
    }
  });

  it("leaves the session to a handler within it", async () => {
    const { options } = setUp();
    const inner = withSession((_request, session) => {
      session.set("a", 1);
      return new Response();
    }, options);
    const outer = withSession(
      (request) => inner(request),
      { ...options, when: () => false },
    );
    const response = await outer(new Request("https://example.com/"));
    assert.equal(response.headers.getSetCookie().length, 1);
  });
});

describe("a handler without a response, as of a socket,", () => {
  it("may read its session later, and not write it", async () => {
    let look: (() => unknown) | undefined;
    const { options } = setUp();
    const handle = withSession((_request, session) => {
      look = () => session.get("a");
      return undefined as unknown as Response;
    }, options);
    await handle(new Request("https://example.com/"));
    assert.equal(look?.(), undefined);
    // One with a response had to look before it left.
    let late: (() => unknown) | undefined;
    const page = withSession((_request, session) => {
      late = () => session.get("a");
      return new Response();
    }, options);
    await page(new Request("https://example.com/"));
    assert.throws(() => late?.(), { code: "late-read" });
  });
});

describe("a session whose store is made for each request", () => {
  it("keeps its id by a login, as in any strong store", async () => {
    const store = new MemoryStore({ now: () => START });
    const { options } = setUp();
    const handle = withSession((_request, session, _env: object) => {
      const { id } = session;
      session.login("ada");
      return Response.json(session.id === id);
    }, { ...options, store: () => store });
    const response = await handle(new Request("https://example.com/"), {});
    assert.equal(await response.json(), true);
  });
});
