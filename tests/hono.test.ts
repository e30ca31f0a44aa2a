import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { type LazySessionEnv, type SessionEnv, sessions } from "../hono.ts";
import {
  generateSecret,
  SessionError,
  type SessionEvent,
  type SessionOptions,
} from "../mod.ts";

interface Visits {
  visits: number;
}

type Visitor = Hono<SessionEnv<Visits>>;

const cookie = (response: Response): string =>
  response.headers.getSetCookie().at(-1)?.split(";")[0] ?? "";

/** An app that counts, with more routes. */
function counter(
  add?: (app: Visitor) => unknown,
  options?: Omit<Partial<SessionOptions<Visits>>, "lazy">,
): Visitor {
  const app: Visitor = new Hono();
  app.use(sessions<Visits>({ secret: generateSecret(), ...options }));
  app.get("/", (c) => {
    const visits = c.get("session").update("visits", (n = 0) => n + 1);
    return c.text(`Visit ${visits}`);
  });
  add?.(app);
  return app;
}

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
    const one = { SECRET: generateSecret() };
    const other = { SECRET: generateSecret() };
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
      () => sessions({ secret: generateSecret(), idleTimeout: 0 }),
      RangeError,
    );
  });

  it("sessions() sets its cookie beside others on a response without a body", async () => {
    const app = counter((app) =>
      app.post("/", (c) => {
        c.get("session").set("visits", 7);
        c.header("set-cookie", "theme=dark", { append: true });
        c.header("set-cookie", "lang=eo", { append: true });
        c.header("x-own", "1");
        return c.redirect("/", 303);
      })
    );
    const response = await app.request("/", { method: "POST" });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "/");
    assert.equal(response.headers.get("x-own"), "1");
    const names = response.headers.getSetCookie()
      .map((line) => line.split("=")[0]);
    assert.deepEqual(names, ["theme", "lang", "sid"]);
  });

  it("sessions() replaces what the handler said where both speak", async () => {
    const app = counter((app) =>
      app.post("/", (c) => {
        c.get("session").set("visits", 7);
        const headers = new Headers({
          "set-cookie": "sid=own",
          "cache-control": "public, max-age=60",
        });
        return new Response(null, { status: 204, headers });
      })
    );
    const response = await app.request("/", { method: "POST" });
    const lines = response.headers.getSetCookie();
    assert.equal(lines.length, 1);
    assert.notEqual(lines[0], "sid=own");
    assert.equal(response.headers.get("cache-control"), "no-store");
  });

  it("sessions() adds to an immutable response", async () => {
    const app = counter((app) =>
      app.get("/moved", (c) => {
        c.get("session").set("visits", 7);
        return Response.redirect("http://localhost/", 302);
      })
    );
    const response = await app.request("/moved");
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), "http://localhost/");
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  it("sessions() lets middleware around it see and change the response", async () => {
    const app: Visitor = new Hono();
    let seen = "";
    app.use(async (c, next) => {
      c.header("x-before", "1");
      await next();
      seen = cookie(c.res);
      c.header("x-after", "1");
    });
    app.use(sessions({ secret: generateSecret() }));
    app.get("/", (c) => {
      c.get("session").set("visits", 1);
      return c.body(null, 204);
    });
    const response = await app.request("/");
    assert.match(seen, /^sid=./);
    assert.equal(cookie(response), seen);
    assert.equal(response.headers.get("x-before"), "1");
    assert.equal(response.headers.get("x-after"), "1");
  });

  it("sessions() keeps nothing of a handler that throws, and onError answers", async () => {
    const thrown: unknown[] = [];
    const app = counter((app) => {
      app.get("/fail", (c) => {
        c.get("session").set("visits", 7);
        throw new Error("Broken");
      });
      app.onError((error, c) => {
        thrown.push(error.message);
        return c.text("Sorry", 500);
      });
    });
    const response = await app.request("/fail");
    assert.equal(response.status, 500);
    assert.equal(await response.text(), "Sorry");
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.deepEqual(thrown, ["Broken"]);
  });

  it("sessions() keeps nothing where a part of the app has its own onError", async () => {
    const part: Visitor = new Hono();
    part.get("/fail", (c) => {
      c.get("session").set("visits", 7);
      throw new Error("Broken");
    });
    part.onError((_error, c) => c.text("Sorry", 422));
    const app = counter((app) => app.route("/part", part));
    const response = await app.request("/part/fail");
    assert.equal(response.status, 422);
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  it("sessions() passes on what is thrown and is no Error", async () => {
    const app = counter((app) =>
      app.get("/fail", (c) => {
        c.get("session").set("visits", 7);
        throw "text";
      })
    );
    await assert.rejects(
      async () => await app.request("/fail"),
      (error) => error === "text",
    );
  });

  it("sessions() hands onError a session that cannot be kept", async () => {
    const codes: unknown[] = [];
    const app = counter((app) => {
      app.get("/full", (c) => {
        c.get("session").flash("essay", "x".repeat(5000));
        return c.text("Kept");
      });
      app.onError((error, c) => {
        codes.push(error instanceof SessionError && error.code);
        return c.text("Full", 507);
      });
    });
    const response = await app.request("/full");
    assert.equal(response.status, 507);
    assert.equal(await response.text(), "Full");
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.deepEqual(codes, ["oversize"]);
  });

  it("sessions() keeps nothing when no handler responds", async () => {
    const messages: string[] = [];
    const app = counter((app) => {
      app.get(
        "/silent",
        ((c: { var: { session: { set: unknown } } }) => {
          (c.var.session.set as (key: string, value: number) => void)(
            "visits",
            7,
          );
        }) as never,
      );
      app.onError((error, c) => {
        messages.push(error.message);
        return c.text("Silent", 500);
      });
    });
    const response = await app.request("/silent");
    assert.equal(response.status, 500);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(messages.length, 1);
  });

  it("sessions() works for routes that are not found", async () => {
    const app = counter((app) =>
      app.notFound((c) => {
        c.get("session").set("visits", 7);
        return c.text("Nothing here", 404);
      })
    );
    const response = await app.request("/missing");
    assert.equal(response.status, 404);
    assert.match(cookie(response), /^sid=./);
  });

  it("sessions() works on one route and on HEAD", async () => {
    const app: Visitor = new Hono();
    app.get("/plain", (c) => c.text(typeof c.get("session")));
    app.get("/", sessions({ secret: generateSecret() }), (c) => {
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
    app.use(sessions<Visits>({ secret: generateSecret(), csrf: true }));
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
    app.use(sessions<Visits>({
      secret: generateSecret(),
      lazy: true,
      onEvent: ({ type }) => events.push(type),
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
