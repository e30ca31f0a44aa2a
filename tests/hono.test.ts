import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { type LazySessionEnv, type SessionEnv, sessions } from "../hono.ts";
import { SessionError, type SessionEvent } from "../mod.ts";
import { cookie, counter, type Visitor, type Visits } from "./shared/hono.ts";
import { markedSecret } from "./shared/support.ts";

describe("sessions()", () => {
  it("sessions() keeps a session from request to request", async () => {
    const app = counter();
    const first = await app.request("/");
    assert.equal(await first.text(), "Visit 1");
    assert.equal(first.headers.get("cache-control"), "no-store");
    assert.equal(first.headers.get("vary"), "Cookie");
    assert.equal(first.headers.getSetCookie().length, 1);
    const second = await app.request("/", {
      headers: { cookie: cookie(first) },
    });
    assert.equal(await second.text(), "Visit 2");
  });

  it("sessions() leaves the response to a handler without interest alone", async () => {
    const constant = new Response("Same\n", { headers: { "x-own": "1" } });
    const headers = [...constant.headers];
    const app = counter((app) => app.get("/same", () => constant));
    const response = await app.request("/same");
    assert.equal(response, constant);
    assert.deepEqual([...response.headers], headers);
  });

  it("sessions() asks for options once for each environment", async () => {
    const asked: unknown[] = [];
    const app = new Hono<
      SessionEnv<Visits> & { Bindings: { SECRET: string } }
    >();
    app.use(sessions((env: { SECRET: string }) => {
      asked.push(env);
      return { secret: env.SECRET };
    }));
    app.get("/", (c) => {
      const visits = c.var.session.update("visits", (n = 0) => n + 1);
      return c.text(`Visit ${visits}`);
    });
    const one = { SECRET: markedSecret() };
    const other = { SECRET: markedSecret() };
    const first = await app.request("/", {}, one);
    const headers = { cookie: cookie(first) };
    const second = await app.request("/", { headers }, one);
    assert.equal(await second.text(), "Visit 2");
    const elsewhere = await app.request("/", { headers }, other);
    assert.equal(await elsewhere.text(), "Visit 1");
    assert.deepEqual(asked, [one, other]);
  });

  it("sessions() refuses wrong options at set-up", () => {
    assert.throws(() => sessions({ secret: undefined }), TypeError);
    assert.throws(
      () => sessions({ secret: markedSecret(), idleTimeout: 0 }),
      RangeError,
    );
  });

  it("sessions() works on one route and on HEAD", async () => {
    const app: Visitor = new Hono();
    app.get("/plain", (c) => c.text(typeof c.get("session")));
    app.get("/", sessions({ secret: markedSecret() }), (c) => {
      c.get("session").set("visits", 1);
      return c.text("Kept");
    });
    assert.equal(await (await app.request("/plain")).text(), "undefined");
    const response = await app.request("/", { method: "HEAD" });
    assert.equal(await response.text(), "");
    assert.match(cookie(response), /^sid=./);
  });

  it("sessions() refuses a request from another site before any handler", async () => {
    let calls = 0;
    const app: Visitor = new Hono();
    app.use(async (c, next) => {
      c.res.headers.set("x-around", "1");
      await next();
    });
    app.use(sessions<Visits>({ secret: markedSecret(), csrf: true }));
    app.post("/", (c) => {
      calls++;
      return c.text("Done");
    });
    const post = (headers: Record<string, string>) =>
      app.request("/", { method: "POST", headers });
    const foreign = await post({ "sec-fetch-site": "cross-site" });
    assert.equal(foreign.status, 403);
    assert.equal(calls, 0);
    assert.equal(foreign.headers.get("x-around"), "1");
    const own = await post({ "sec-fetch-site": "same-origin" });
    assert.equal(own.status, 200);
    assert.equal(calls, 1);
  });

  it("sessions() leaves out what `when` leaves out", async () => {
    const codes: unknown[] = [];
    const app = counter(
      (app) => {
        app.get("/static", (c) => c.text("Static"));
        app.get("/static/used", (c) => {
          c.get("session").set("visits", 1);
          return c.text("Kept");
        });
        app.onError((error, c) => {
          codes.push(error instanceof SessionError && error.code);
          return c.text("Left out", 500);
        });
      },
      { when: (request) => !new URL(request.url).pathname.startsWith("/s") },
    );
    assert.equal((await app.request("/static")).status, 200);
    assert.equal((await app.request("/static/used")).status, 500);
    assert.deepEqual(codes, ["left-out"]);
  });

  it("sessions() with `lazy` opens nothing before the handler asks", async () => {
    const events: SessionEvent["type"][] = [];
    const app = new Hono<LazySessionEnv<Visits>>();
    app.use(sessions({
      secret: markedSecret(),
      lazy: true,
      // Hono asks for `http://localhost`, which is told once.
      onEvent: ({ type }) => type !== "local" && events.push(type),
    }));
    app.get("/plain", (c) => c.text("Plain"));
    app.get("/", async (c) => {
      const session = await c.var.session();
      assert.equal(await c.get("session")(), session);
      return c.text(`${session.update("visits", (n = 0) => n + 1)}`);
    });
    const headers = { cookie: cookie(await app.request("/")) };
    assert.deepEqual(events, ["created"]);
    await app.request("/plain", { headers });
    assert.deepEqual(events, ["created"]);
    assert.equal(await (await app.request("/", { headers })).text(), "2");
    assert.deepEqual(events, ["created", "opened"]);
  });

  it("sessions() ends a session with its request", async () => {
    let late = () => {};
    const app = counter((app) =>
      app.get("/late", (c) => {
        const session = c.get("session");
        late = () => session.set("visits", 7);
        return c.text("Gone");
      })
    );
    await app.request("/late");
    assert.throws(() => late(), { code: "late-write" });
  });
});

/** Never called: the compiler is the test. */
export function types(secret: string): void {
  interface Env {
    SECRET: string;
  }
  new Hono().use(sessions({ secret })).get("/", sessions({ secret }));

  const app = new Hono<SessionEnv<Visits> & { Bindings: Env }>();
  app.use(sessions<Visits, Env>((env) => ({ secret: env.SECRET })));
  app.get("/", (c) => c.text(c.var.session.get("visits")?.toFixed() ?? ""));
  // @ts-expect-error: the data has no such key
  app.get("/", (c) => c.text(c.var.session.get("visit")));
  // @ts-expect-error: the app knows other data
  app.use(sessions<{ visits: string }>({ secret }));
  // @ts-expect-error: the app has no such environment
  app.use(sessions((env: { OTHER: string }) => ({ secret: env.OTHER })));
  // @ts-expect-error: the app does not open its session
  app.use(sessions({ secret, lazy: true }));

  const lazy = new Hono<LazySessionEnv<Visits>>();
  lazy.use(sessions({ secret, lazy: true }));
  // @ts-expect-error: the app opens its session
  lazy.use(sessions({ secret }));
}
