import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { type SessionEnv, sessions } from "../../hono.ts";
import { withSession, withSessions } from "../../mod.ts";

// What a program uses again: one response for all visitors, one request for
// several handlers.

const url = "https://example.com/";
const secret = "a secret of more than 32 letters, for tests";
const later = 10 * 60_000;

describe("a response that is one constant for all visitors", () => {
  for (const status of [200, 204]) {
    it(`gets no cookie into it, with ${status}`, async () => {
      const body = status === 200 ? "The same for all" : null;
      const page = new Response(body, { status });
      const handler = withSession((request, session) => {
        if (request.method === "HEAD") session.login("ada");
        return page;
      }, { secret });
      const hers = await handler(new Request(url, { method: "HEAD" }));
      assert.equal(hers.headers.getSetCookie().length, 1);
      assert.deepEqual(page.headers.getSetCookie(), []);
      const other = await handler(new Request(url));
      assert.deepEqual(other.headers.getSetCookie(), []);
    });
  }

  it("gives nobody's session away in Hono, after a HEAD that renews", async () => {
    let now = Date.now();
    const page = new Response("Not found", { status: 404 });
    const app = new Hono<SessionEnv>();
    app.use(sessions({ secret, now: () => now }));
    app.get("/in", (c) => {
      c.var.session.login("ada");
      return c.text("in");
    });
    app.get("/page", (c) => {
      if (c.req.query("who") !== undefined) c.header("x", c.var.session.userId);
      return page;
    });
    const cookie = (await app.request("https://example.com/in"))
      .headers.getSetCookie()[0]?.split(";")[0] ?? "";
    now += later;
    const hers = await app.request("https://example.com/page?who", {
      method: "HEAD",
      headers: { cookie },
    });
    assert.equal(hers.headers.getSetCookie().length, 1);
    const other = await app.request("https://example.com/page");
    assert.deepEqual(other.headers.getSetCookie(), []);
  });
});

describe("a request", () => {
  it("shows nothing of the secret behind it, to whoever looks", async () => {
    const bytes = `${new TextEncoder().encode(secret)}`;
    const reaches = (value: unknown, depth = 6): boolean => {
      if (value instanceof Uint8Array) return `${value}` === bytes;
      if (Object(value) !== value || !depth) return false;
      return Reflect.ownKeys(value as object).some((key) => {
        try {
          return reaches((value as never)[key], depth - 1);
        } catch {
          return false;
        }
      });
    };
    let isSeen: boolean | undefined;
    const handler = withSession((request, session) => {
      session.login("ada");
      isSeen = reaches(request);
      return new Response();
    }, { secret });
    await handler(new Request(url));
    assert.equal(isSeen, false);
  });

  it("that is frozen has a session", async () => {
    const request = Object.freeze(new Request(url));
    try {
      assert.ok(request.headers && request.url);
    } catch {
      // Deno cannot read one either.
      return;
    }
    const handler = withSession((_request, session) => {
      session.login("ada");
      return new Response();
    }, { secret });
    const response = await handler(request);
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  const auth = { secret, cookie: { name: "__Host-auth" } };
  const prefs = { secret, cookie: { name: "__Host-prefs" } };
  const next = withSession((_request, session) => {
    session.set("seen", true);
    return new Response();
  }, auth);

  it("is in no session any more once several have ended", async () => {
    const first = withSessions({ auth, prefs }, (_request, { auth }) => {
      assert.equal(auth.userId, undefined);
      return new Response(null, { status: 404 });
    });
    const request = new Request(url);
    assert.equal((await first(request)).status, 404);
    const response = await next(request);
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  it("is in no session any more once handlers side by side have ended", async () => {
    for (const order of [[0, 1], [1, 0]]) {
      const request = new Request(url);
      const waiting = [auth, prefs].map((options) => {
        const { promise, resolve } = Promise.withResolvers<Response>();
        const answer = withSession((_request, session) => {
          session.set("seen", true);
          return promise;
        }, options)(request);
        return { answer, end: () => resolve(new Response()) };
      });
      let hasEnded = false;
      for (const one of order) {
        waiting[one]?.end();
        await waiting[one]?.answer;
        // The next one has the same cookie as the first.
        hasEnded ||= one === 0;
        if (!hasEnded) continue;
        const response = await next(request);
        assert.equal(response.headers.getSetCookie().length, 1, `${order}`);
      }
    }
  });

  it("is in no session any more once one has refused it", async () => {
    const first = withSessions({
      auth,
      prefs: { ...prefs, csrf: true },
    }, () => new Response());
    const request = new Request(url, {
      method: "POST",
      headers: { origin: "https://elsewhere.example" },
    });
    assert.equal((await first(request)).status, 403);
    const response = await next(request);
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  it("is in no session any more once an option has thrown", async () => {
    const first = withSessions({
      auth,
      prefs: {
        ...prefs,
        when: () => {
          throw new Error("No");
        },
      },
    }, () => new Response());
    const request = new Request(url);
    await assert.rejects(() => first(request), /No/);
    const response = await next(request);
    assert.equal(response.headers.getSetCookie().length, 1);
  });
});
