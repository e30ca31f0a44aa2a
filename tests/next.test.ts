import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../mod.ts";
import { type NextFunctions, nextSessions } from "../next.ts";
import { MemoryStore } from "../stores/memory.ts";
import { setUp } from "./shared/support.ts";

// Next itself runs in no unit test, as its functions know their request by the
// server that it is in: here are functions that do what its documentation says.
// integrations/next is visited over HTTP, with Next itself.

const SHOP = "https://shop.example/";

/** What `redirect()` throws. */
class Redirect extends Error {}

/** A browser, and the request of it that Next is about to answer. */
class Fake {
  readonly cookies: Map<string, string> = new Map();
  readonly calls: string[] = [];
  headers: Headers = new Headers({ host: "shop.example" });

  readonly functions: NextFunctions = {
    // A jar for each request, as layers have one session by the same jar.
    cookies: () => Promise.resolve(jarOver(this.cookies)),
    headers: () => Promise.resolve(this.headers),
    connection: () => Promise.resolve(this.calls.push("connection")),
    rethrow: (error) => {
      if (error instanceof Redirect) throw error;
    },
    next: ({ request }) => {
      this.calls.push(`next with ${request.cookies.get("__Host-sid")}`);
      return new Response("A page");
    },
  };

  request(init: RequestInit = {}): ProxyRequest {
    const request = new Request(SHOP, init);
    const all = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    if (all) request.headers.set("cookie", all);
    return Object.assign(request, { cookies: jarOver(new Map(this.cookies)) });
  }

  /** Keeps what a response has set. */
  take(response: Response): string[] {
    const lines = response.headers.getSetCookie();
    for (const line of lines) {
      const [name = "", value = ""] = line.split(";")[0]?.split("=") ?? [];
      this.cookies.set(name, value);
    }
    return lines;
  }
}

type ProxyRequest = Request & { cookies: ReturnType<typeof jarOver> };

function jarOver(cookies: Map<string, string>) {
  return {
    get: (name: string) => cookies.get(name),
    set: (name: string, value: string) => void cookies.set(name, value),
  };
}

function open(more: Parameters<typeof setUp>[0] = {}) {
  const { options, clock } = setUp(more);
  const fake = new Fake();
  const sessions = createSessions<{ visits: number }>(options);
  return { fake, clock, sessions, ...nextSessions(sessions, fake.functions) };
}

describe("nextSessions()", () => {
  it("read() gives a page the session, and lets no build make it", async () => {
    const { read, change, fake } = open();
    assert.equal((await read()).get("visits"), undefined);
    assert.deepEqual(fake.calls, ["connection"]);
    await change((session) => session.set("visits", 3));
    assert.equal((await read()).get("visits"), 3);
    assert.equal(fake.cookies.size, 1);
  });

  it("change() keeps what an action has changed, and returns what it does", async () => {
    const { read, change } = open();
    const result = await change(async (session) => {
      await Promise.resolve();
      session.login("Ada");
      return "Welcome";
    });
    assert.equal(result, "Welcome");
    assert.equal((await read()).userId, "Ada");
  });

  it("change() keeps what was written before redirect(), and throws it on", async () => {
    const { read, change } = open();
    const redirect = new Redirect();
    const action = change((session) => {
      session.login("Ada");
      throw redirect;
    });
    await assert.rejects(action, (error) => error === redirect);
    assert.equal((await read()).userId, "Ada");
  });

  it("change() keeps nothing after an error", async () => {
    const { read, change, fake } = open();
    await change((session) => session.set("visits", 1));
    const before = new Map(fake.cookies);
    const failure = new Error("It was meant to fail");
    const action = change((session) => {
      session.set("visits", 1000);
      throw failure;
    });
    await assert.rejects(action, (error) => error === failure);
    assert.deepEqual(fake.cookies, before);
    assert.equal((await read()).get("visits"), 1);
  });

  it("change() ends a session also if the action fails after that", async () => {
    const { read, change } = open({ store: new MemoryStore() });
    await change((session) => session.login("Ada"));
    const action = change((session) => {
      session.destroy();
      throw new Error("It was meant to fail");
    });
    await assert.rejects(action, /meant to fail/);
    assert.equal((await read()).userId, undefined);
  });

  it("change() refuses what another site has sent", async () => {
    const { change, fake } = open({ csrf: true });
    fake.headers.set("origin", "https://elsewhere.example");
    let hasRun = false;
    const action = change(() => {
      hasRun = true;
    });
    await assert.rejects(action, { code: "forbidden" });
    assert.equal(hasRun, false);
  });

  it("route() gives a handler the session and what Next passes", async () => {
    const { read, route, fake } = open();
    const GET = route(async (session, request, context: { id: string }) => {
      await Promise.resolve();
      session.set("visits", 2);
      return Response.json([request.url, context.id]);
    });
    const response = await GET(fake.request(), { id: "a" });
    assert.deepEqual(await response.json(), [SHOP, "a"]);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(fake.take(response).length, 1);
    assert.equal((await read()).get("visits"), 2);
  });

  it("route() keeps what was written before redirect() by the jar", async () => {
    const { read, route, fake } = open();
    const GET = route((session) => {
      session.login("Grace");
      throw new Redirect();
    });
    await assert.rejects(GET(fake.request()), Redirect);
    assert.equal((await read()).userId, "Grace");
  });

  it("route() keeps nothing after an error", async () => {
    const { read, route, fake } = open();
    const GET = route((session) => {
      session.login("Grace");
      throw new Error("It was meant to fail");
    });
    await assert.rejects(GET(fake.request()), /meant to fail/);
    assert.equal((await read()).userId, undefined);
    assert.equal(fake.cookies.size, 0);
  });

  it("proxy() keeps what it writes, and hands the cookie on to the page", async () => {
    const { proxy, read, fake } = open();
    const answer = proxy((session, request, event: string) => {
      session.set("visits", 5);
      fake.calls.push(`${event} of ${request.url}`);
    });
    const request = fake.request();
    const response = await answer(request, "event");
    assert.equal(await response.text(), "A page");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.match(response.headers.get("vary") ?? "", /cookie/i);
    assert.equal(fake.take(response).length, 1);
    const sealed = fake.cookies.get("__Host-sid");
    assert.ok(sealed);
    assert.deepEqual(fake.calls, [`event of ${SHOP}`, `next with ${sealed}`]);
    assert.equal((await read()).get("visits"), 5);
  });

  it("proxy() moves the idle timeout on, and begins no session", async () => {
    const { proxy, change, fake, clock } = open();
    const answer = proxy();
    const first = await answer(fake.request());
    assert.deepEqual(fake.take(first), []);
    // Whatever the page says: it may read the session.
    assert.equal(first.headers.get("cache-control"), "no-store");
    await change((session) => session.set("visits", 1));
    clock.advance(3600);
    assert.equal(fake.take(await answer(fake.request())).length, 1);
  });

  it("proxy() passes on all that a session has to say", async () => {
    const { proxy, fake } = open();
    const answer = proxy((session) => session.destroy());
    fake.take(await proxy((session) => session.login("Ada"))(fake.request()));
    const response = await answer(fake.request());
    assert.match(fake.take(response)[0] ?? "", /Max-Age=0/);
    assert.match(fake.calls.at(-1) ?? "", /next with $/);
  });

  it("proxy() answers with the handler's response, and goes no further", async () => {
    const { proxy, read, fake } = open();
    const response = await proxy((session) => {
      session.set("visits", 7);
      return Response.redirect(`${SHOP}sign-in`, 303);
    })(fake.request());
    assert.equal(response.status, 303);
    assert.equal(fake.take(response).length, 1);
    assert.deepEqual(fake.calls, []);
    assert.equal((await read()).get("visits"), 7);
  });

  it("proxy() answers 403 to what another site has sent", async () => {
    const { proxy, fake } = open({ csrf: true });
    const headers = { "sec-fetch-site": "cross-site" };
    const request = fake.request({ method: "POST", headers });
    const answer = proxy(() => void fake.calls.push("handler"));
    const response = await answer(request);
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("vary"), "Sec-Fetch-Site, Origin");
    assert.match(await response.text(), /another site/);
    assert.deepEqual(fake.calls, []);
  });

  it("proxy() throws on that the session cannot be opened", async () => {
    const failure = new TypeError("No store today");
    const sessions = {
      ...open().sessions,
      open: () => Promise.reject(failure),
    };
    const { functions } = new Fake();
    const { proxy } = nextSessions(sessions, functions);
    await assert.rejects(
      proxy()(new Fake().request()),
      (error) => error === failure,
    );
  });

  it("proxy() keeps nothing after an error", async () => {
    const { proxy, fake, sessions } = open();
    let seen;
    const request = fake.request();
    const answer = proxy((session) => {
      seen = session;
      session.set("visits", 9);
      throw new Error("It was meant to fail");
    });
    await assert.rejects(answer(request), /meant to fail/);
    assert.deepEqual(fake.calls, []);
    // It was discarded: what is made of the error keeps nothing.
    assert.ok(seen);
    const { cookies } = await sessions.commit(seen);
    assert.deepEqual(cookies, []);
  });

  it("nextSessions() refuses what is missing at set-up", () => {
    const { sessions } = open();
    const { functions } = new Fake();
    for (const name of Object.keys(functions)) {
      assert.throws(
        () => nextSessions(sessions, { ...functions, [name]: undefined }),
        { name: "TypeError", message: RegExp(`next\\.${name} must be`) },
      );
    }
    assert.throws(
      () => nextSessions(sessions, undefined as never),
      /Argument next must be object/,
    );
  });
});
