import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { type SessionEnv, sessions } from "../hono.ts";
import { createSessions, type Session, SessionError } from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import { cookie, counter, type Visitor } from "./shared/hono.ts";
import { Clock, markedSecret } from "./shared/support.ts";

describe("sessions(): the response", () => {
  it("sessions() keeps a change beside etag() that comes after it", async () => {
    const app = counter((app) => {
      app.use("/same", etag());
      app.get("/same", (c) => {
        c.get("session").update("visits", (n = 0) => n + 1);
        return c.text("Same");
      });
    });
    const first = await app.request("/same");
    const headers = {
      "cookie": cookie(first),
      "if-none-match": first.headers.get("etag") ?? "",
    };
    const second = await app.request("/same", { headers });
    assert.equal(second.status, 304);
    const again = { headers: { cookie: cookie(second) } };
    assert.equal(await (await app.request("/", again)).text(), "Visit 3");
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
    app.use(sessions({ secret: markedSecret() }));
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

  it("sessions() marks what onError answers only if the session was used", async () => {
    const options = { secret: markedSecret() };
    const layers = createSessions(options);
    const read = (session: Session) => session.userId;
    for (const isLayer of [false, true]) {
      for (const lazy of [false, true]) {
        for (const isUsed of [false, true]) {
          const app = new Hono<SessionEnv>();
          app.use(sessions({ ...options, lazy: lazy as false }));
          app.get("/", async (c) => {
            const given: unknown = c.get("session");
            if (isUsed) {
              read(
                await (lazy
                  ? (given as () => Promise<Session>)()
                  : given) as Session,
              );
            }
            throw new Error("Broken");
          });
          app.onError((_error, c) => c.text("Sorry", 500));
          const request = new Request("https://example.com/");
          if (isLayer) await layers.open(request);
          const { headers } = await app.request(request);
          assert.equal(headers.get("vary"), isUsed ? "Cookie" : null);
        }
      }
    }
  });

  it("sessions() answers an error while a layer still opens the session", async () => {
    const store = new MemoryStore();
    const options = { secret: markedSecret(), store };
    const layers = createSessions(options);
    const known = layers.create();
    known.login("ada");
    const headers = { cookie: `__Host-sid=${await layers.seal(known)}` };
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => release = resolve);
    const asked = new Promise<void>((resolve) => {
      const get = store.get.bind(store);
      store.get = async (key) => {
        resolve();
        await released;
        return await get(key);
      };
    });
    const app = new Hono<SessionEnv>();
    const thrown: string[] = [];
    app.use(sessions({ ...options, lazy: true as false }));
    app.get("/", () => {
      throw new Error("Broken");
    });
    app.onError(({ message }, c) => {
      thrown.push(message);
      return c.text("Sorry", 500);
    });
    const request = new Request("https://example.com/", { headers });
    const opening = layers.open(request);
    await asked;
    const response = await app.request(request);
    assert.equal(response.status, 500);
    assert.deepEqual(thrown, ["Broken"]);
    release?.();
    assert.equal((await opening).userId, "ada");
  });

  it("sessions() tells an end once, and empties the cache, where onError answers", async () => {
    const told: string[] = [];
    const app = new Hono<SessionEnv>();
    app.use(sessions({
      secret: markedSecret(),
      clearCache: true,
      cookie: { domain: "example.com" },
      onEvent: ({ type }) => told.push(type),
    }));
    app.get("/in", (c) => {
      c.get("session").login("ada");
      return c.text("In");
    });
    app.get("/out", (c) => {
      const session = c.get("session");
      session.reset();
      session.set("big", "x".repeat(5000));
      return c.text("Out");
    });
    app.onError((_error, c) => c.text("Sorry", 500));
    const at = (path: string) => `https://example.com${path}`;
    const headers = { cookie: cookie(await app.request(at("/in"))) };
    told.length = 0;
    const response = await app.request(at("/out"), { headers });
    assert.equal(response.status, 500);
    const lines = response.headers.getSetCookie();
    assert.deepEqual(
      lines.map((line) => line.includes("Max-Age=0; Domain=example.com")),
      [false, true],
    );
    assert.ok(lines.every((line) => line.startsWith("__Secure-sid=; ")));
    assert.match(lines[0] ?? "", /Max-Age=0; Path/);
    assert.equal(response.headers.get("clear-site-data"), '"cache"');
    assert.deepEqual(told, ["opened", "destroyed", "oversize"]);
  });

  it("sessions() makes up no answer where onError throws", async () => {
    for (const isEarly of [false, true]) {
      const app: Visitor = new Hono();
      app.use(sessions({ secret: markedSecret() }));
      app.use(async (c, next) => {
        if (isEarly) c.res = new Response("An answer before the error");
        await next();
      });
      app.get("/", (c) => {
        c.var.session.set("visits", 7);
        throw new Error("No page");
      });
      app.onError((error) => {
        throw error;
      });
      const answer = Promise.resolve(app.request("/"));
      await assert.rejects(answer, /^Error: No page$/);
    }
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

  it("sessions() keeps what was written before an HTTPException below 500", async () => {
    const res = new Response(null, {
      status: 302,
      headers: { location: "/login" },
    });
    const thrown: Record<string, [make: () => unknown, status: number]> = {
      "/302": [() => new HTTPException(302, { res }), 302],
      "/401": [() => new HTTPException(401), 401],
      "/422": [() => new HTTPException(422, { message: "Bad" }), 422],
      "/response": [() => new Response("Gone", { status: 410 }), 410],
    };
    for (const hasOnError of [false, true]) {
      const app = counter((app) => {
        app.get("/throw/:what", (c) => {
          c.get("session").set("visits", 7);
          throw thrown[`/${c.req.param("what")}`]?.[0]();
        });
        if (hasOnError) {
          app.onError((error, c) =>
            c.text(error.message, (error as HTTPException).status)
          );
        }
      });
      for (const [path, [, status]] of Object.entries(thrown)) {
        const response = await app.request(`/throw${path}`);
        assert.equal(response.status, status);
        const headers = { cookie: cookie(response) };
        const next = await app.request("/", { headers });
        assert.equal(await next.text(), "Visit 8", path);
      }
    }
  });

  it("sessions() keeps nothing of an exception that is a failure", async () => {
    const app = counter((app) => {
      app.get("/503", (c) => {
        c.get("session").set("visits", 7);
        throw new HTTPException(503);
      });
      app.get("/404", (c) => {
        c.get("session").set("visits", 7);
        throw new HTTPException(404);
      });
      app.onError((_error, c) => c.text("Sorry", 503));
    });
    for (const path of ["/503", "/404"]) {
      const response = await app.request(path);
      assert.equal(response.status, 503);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  });

  it("sessions() marks what onError answers of a session", async () => {
    const app = counter((app) => {
      app.get("/in", (c) => {
        c.get("session").login("ada");
        return c.text("in");
      });
      app.get("/fail", () => {
        throw new Error("Broken");
      });
      app.get("/none", () => {
        throw new HTTPException(404);
      });
      app.get("/full", (c) => {
        c.get("session").flash("essay", "x".repeat(5000));
        return c.text("Kept");
      });
      app.onError((_error, c) =>
        c.text(`Sorry, ${c.get("session").userId}`, 500, {
          "cdn-cache-control": "max-age=60",
        })
      );
    });
    const headers = { cookie: cookie(await app.request("/in")) };
    for (const path of ["/fail", "/none", "/full"]) {
      const response = await app.request(path, { headers });
      assert.equal(await response.text(), "Sorry, ada");
      assert.equal(response.headers.get("vary"), "Cookie", path);
      assert.match(
        response.headers.get("cache-control") ?? "",
        /private|no-store/,
      );
    }
  });

  it("sessions() marks what onError answers, whatever it says of caches", async () => {
    const app = counter((app) => {
      app.get("/fail", (c) => {
        c.get("session").login("ada");
        throw new Error("Broken");
      });
      app.get("/full", (c) => {
        c.get("session").login("ada");
        c.get("session").flash("essay", "x".repeat(5000));
        return c.text("Kept");
      });
      app.onError((_error, c) => {
        c.header("cache-control", "max-age=60");
        c.header("cdn-cache-control", "max-age=600");
        c.header("vary", "Accept");
        return c.text(`Sorry, ${c.get("session").userId}`, 500);
      });
    });
    for (const path of ["/fail", "/full"]) {
      const { headers } = await app.request(path);
      assert.equal(headers.get("cache-control"), "max-age=60, private", path);
      assert.equal(headers.get("cdn-cache-control"), null, path);
      assert.equal(headers.get("vary"), "Accept, Cookie", path);
    }
  });

  it("sessions() lets no cache keep the cookie of another session after an error", async () => {
    const down = () => Promise.reject(new Error("down"));
    const store = {
      consistency: "strong",
      create: down,
      get: down,
      update: down,
      delete: down,
    } as const;
    const secret = markedSecret();
    for (const way of ["new Response()", "c.text()"]) {
      const app = new Hono<SessionEnv & { Variables: { outer: Session } }>();
      app.use(sessions({ secret, store, cookie: { name: "outer" } }));
      app.use(async (c, next) => {
        c.set("outer", c.get("session"));
        await next();
      });
      app.use(sessions({ secret, cookie: { name: "inner" } }));
      app.get("/", (c) => {
        c.get("outer").set("n", 1);
        c.get("session").login("ada");
        return c.text("Saved", 201);
      });
      app.onError((_error, c) => {
        const said = {
          "cache-control": "public, max-age=60",
          "cdn-cache-control": "max-age=60",
        };
        if (way !== "c.text()") {
          return new Response("Later", { status: 409, headers: said });
        }
        for (const [name, value] of Object.entries(said)) c.header(name, value);
        return c.text("Later", 409);
      });
      const response = await app.request("/");
      assert.equal(response.status, 409);
      assert.equal(await response.text(), "Later");
      const { headers } = response;
      assert.equal(headers.getSetCookie().length, 1);
      assert.match(`${headers.getSetCookie()}`, /^inner=/);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("cdn-cache-control"), null);
      assert.match(`${headers.get("vary")}`, /Cookie/);
    }
  });

  it("sessions() clears no cookie of another program after an error", async () => {
    const out = (app: Visitor) => {
      app.get("/in", (c) => {
        c.get("session").login("ada");
        return c.text("In");
      });
      app.get("/out", (c) => {
        c.get("session").destroy();
        throw new Error("Broken");
      });
      app.onError((_error, c) => c.text("Sorry", 500));
    };
    const own = counter(out);
    const other = counter(out);
    const headers = { cookie: cookie(await own.request("/in")) };
    const spared = await other.request("/out", { headers });
    assert.deepEqual(spared.headers.getSetCookie(), []);
    assert.equal(cookie(await own.request("/out", { headers })), "sid=");
  });

  it("sessions() used twice gives one session, and keeps it once", async () => {
    const clock = new Clock();
    const secret = markedSecret();
    const app: Visitor = new Hono();
    const part: Visitor = new Hono();
    const now = () => clock.now;
    app.use(sessions({ secret, now }));
    app.use(async (c, next) => {
      c.header("x-user", c.var.session.userId ?? "");
      await next();
    });
    app.get("/in", (c) => {
      c.var.session.login("ada");
      return c.text("in");
    });
    app.get("/who", (c) => c.text(c.var.session.userId ?? "nobody"));
    part.use(sessions({ secret, now }));
    part.get("/out", (c) => {
      c.var.session.destroy();
      return c.text("out");
    });
    app.route("/part", part);
    const headers = { cookie: cookie(await app.request("/in")) };
    clock.advance(360);
    const out = await app.request("/part/out", { headers });
    assert.match(out.headers.getSetCookie().join(), /^sid=; Max-Age=0;/);
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
});
