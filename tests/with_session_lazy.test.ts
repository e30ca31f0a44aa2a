import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, withSession } from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import {
  assertNoCookie,
  lineOf,
  requestWith,
  setUp,
  tokenOf,
  typesOf,
} from "./shared/support.ts";

const url = "https://example.com/";

describe("withSession() with when", () => {
  const when = (request: Request) => !request.url.includes("/static/");

  it("leaves a request alone that it leaves out", async () => {
    const { options, events } = setUp({ csrf: true });
    const answer = new Response("a{}");
    let isAsked = false;
    const handle = withSession((_request, session) => {
      isAsked = session !== undefined;
      return answer;
    }, { ...options, when });
    const request = requestWith("__Host-sid=nonsense", `${url}static/a.css`, {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(await handle(request), answer);
    assert.equal(isAsked, true);
    assert.equal(answer.headers.get("vary"), null);
    assertNoCookie(answer);
    assert.deepEqual(typesOf(events), []);
  });

  it("makes writes on such a request throw, lazily as well", async () => {
    const { options } = setUp();
    const left = { name: "SessionError", code: "left-out" };
    const request = () => new Request(`${url}static/a.css`);
    const eager = withSession((_request, session) => {
      assert.throws(() => session.set("a", 1), left);
      assert.throws(() => session.login("ada"), left);
      assert.throws(() => session.destroy(), left);
      return new Response();
    }, { ...options, when });
    assertNoCookie(await eager(request()));
    const lazy = withSession(async (_request, open) => {
      const session = await open();
      assert.throws(() => session.set("a", 1), left);
      return new Response();
    }, { ...options, when, lazy: true });
    assertNoCookie(await lazy(request()));
  });

  it("does not show the visitor's session on such a request", async () => {
    const { options } = setUp();
    const handle = withSession((request, session) => {
      if (when(request)) session.login("ada");
      let user: string | undefined;
      try {
        user = session.userId;
      } catch {
        // Refused is as good.
      }
      return Response.json(user ?? null);
    }, { ...options, when });
    const first = await handle(new Request(url));
    assert.equal(await first.clone().json(), "ada");
    const cookie = `__Host-sid=${tokenOf(first)}`;
    const second = await handle(requestWith(cookie, `${url}static/a.css`));
    assert.equal(await second.json(), null);
  });

  it("gives all other requests their session", async () => {
    const { options } = setUp();
    const handle = withSession((_request, session) => {
      session.set("a", 1);
      return new Response();
    }, { ...options, when });
    lineOf(await handle(new Request(url)));
  });
});

describe("withSession() with lazy", () => {
  const lazy = true as const;

  it("does nothing for a handler that does not ask", async () => {
    const { options, events } = setUp();
    const answer = new Response("hello");
    const handle = withSession(() => answer, { ...options, lazy });
    const response = await handle(requestWith("__Host-sid=nonsense"));
    assert.equal(response, answer);
    assert.deepEqual(typesOf(events), []);
  });

  it("does nothing for a handler in another one if neither asks", async () => {
    const { options, events } = setUp();
    const answer = new Response("hello");
    const inner = withSession(() => answer, { ...options, lazy });
    const outer = withSession((request) => inner(request), {
      ...options,
      lazy,
    });
    const response = await outer(requestWith("__Host-sid=nonsense"));
    assert.equal(response, answer);
    assert.deepEqual(typesOf(events), []);
  });

  it("gives the same session however often it is asked", async () => {
    const { options, events } = setUp();
    const handle = withSession(async (_request, open) => {
      const [one, two] = await Promise.all([open(), open()]);
      assert.equal(one, two);
      assert.equal(await open(), one);
      return Response.json(one.update("n", (n = 0) => n + 1));
    }, { ...options, lazy });
    const first = await handle(new Request(url));
    const cookie = `__Host-sid=${tokenOf(first)}`;
    assert.deepEqual(typesOf(events), ["created"]);
    assert.equal(await (await handle(requestWith(cookie))).json(), 2);
    assert.deepEqual(typesOf(events), ["opened"]);
  });

  it("passes a response on if the session was only opened", async () => {
    const { options } = setUp();
    const answer = new Response("hello");
    const handle = withSession(async (_request, open) => {
      await open();
      return answer;
    }, { ...options, lazy });
    const response = await handle(new Request(url));
    assert.equal(response, answer);
    assert.equal(response.headers.get("vary"), null);
  });

  it("waits for a session whose opening the handler did not wait for", async () => {
    const { options, events } = setUp();
    const handle = withSession((_request, open) => {
      open().then((session) => session.set("a", 1));
      return new Response();
    }, { ...options, lazy });
    lineOf(await handle(new Request(url)));
    assert.deepEqual(typesOf(events), ["created"]);
  });

  it("gives a session late that can be read as before, and not written", async () => {
    const { options, events } = setUp();
    let open: (() => Promise<Session>) | undefined;
    const handle = withSession(async (request, session) => {
      if (request.method === "POST") (await session()).set("a", 1);
      if (request.url.endsWith("/read")) (await session()).get("a");
      open = session;
      return new Response();
    }, { ...options, lazy });
    const first = await handle(new Request(url, { method: "POST" }));
    const cookie = `__Host-sid=${tokenOf(first)}`;
    await handle(requestWith(cookie, `${url}read`));
    assert.equal((await open?.())?.get("a"), 1);
    await handle(requestWith(cookie));
    events.splice(0);
    const session = await open?.();
    assert.throws(() => session?.get("a"), { code: "late-read" });
    const late = { name: "SessionError", code: "late-write" };
    assert.throws(() => session?.set("a", 2), late);
    assert.deepEqual(typesOf(events), ["opened", "late-write"]);
  });

  describe("and a store that fails", () => {
    /** A store that fails in a moment, and a visitor's cookie. */
    async function failing() {
      const { options, clock } = setUp();
      const now = () => clock.now;
      let isDown = false;
      class Store extends MemoryStore {
        override async get(key: string) {
          if (!isDown) return await super.get(key);
          await new Promise((done) => setTimeout(done, 5));
          throw new Error("ECONNREFUSED");
        }
      }
      const store = new Store({ now });
      const made = await withSession((_request, session) => {
        session.login("ada");
        return new Response();
      }, { ...options, store })(new Request(url));
      isDown = true;
      const request = () => requestWith(`__Host-sid=${tokenOf(made)}`);
      return { request, now, options: { ...options, store, lazy } };
    }

    /** An unhandled rejection in this time fails the test. */
    const aWhile = () => new Promise((done) => setTimeout(done, 20));

    it("harms nobody who has asked and throws before the answer", async () => {
      const { request, options } = await failing();
      const handle = withSession((_request, open) => {
        open();
        throw new Error("of the handler");
      }, options);
      await assert.rejects(handle(request()), /of the handler/);
      await aWhile();
    });

    it("harms nobody who does not wait for it, or comes late", async () => {
      const { request, options } = await failing();
      let late: (() => Promise<Session>) | undefined;
      const handle = withSession((_request, open) => {
        if (late) open();
        late = open;
        return new Response("ok");
      }, options);
      assert.equal(await (await handle(request())).text(), "ok");
      assert.equal(await (await handle(request())).text(), "ok");
      late?.();
      await aWhile();
    });

    it("leaves the answer to a handler that catches the error", async () => {
      const { request, options } = await failing();
      const handle = withSession(async (_request, open) => {
        try {
          return new Response((await open()).userId);
        } catch {
          return new Response("guest");
        }
      }, options);
      const response = await handle(request());
      assert.equal(await response.text(), "guest");
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(response.headers.get("cache-control"), "private");
      assertNoCookie(response);
    });

    it("harms nobody who does not wait for save() or reload()", async () => {
      const { options, now } = await failing();
      class Full extends MemoryStore {
        override create = () => Promise.reject(new Error("full"));
      }
      const handle = withSession(async (_request, open) => {
        const session = await open();
        session.set("a", 1);
        session.save();
        session.reload();
        await aWhile();
        throw new Error("of the handler");
      }, { ...options, store: new Full({ now }) });
      await assert.rejects(handle(new Request(url)), /of the handler/);
      await aWhile();
    });
  });

  it("ends the session also when the handler throws", async () => {
    const { options } = setUp();
    let session: Session | undefined;
    const handle = withSession(async (_request, open) => {
      session = await open();
      throw new Error("of the handler");
    }, { ...options, lazy });
    await assert.rejects(handle(new Request(url)), /of the handler/);
    assert.throws(() => session?.set("a", 1), { code: "late-write" });
  });
});
