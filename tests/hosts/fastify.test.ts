import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import Fastify from "fastify";
import { sessions } from "../../fastify.ts";
import { generateSecret } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
import { cookieOf, count, kinds, slowStore } from "./_express.ts";
import {
  type Act,
  addRoutes,
  askOf,
  brokenStream,
  closeApps,
  type LazyReq,
  listen,
  makeApp,
  start,
} from "./_fastify.ts";

after(closeApps);

/** Ways to answer, each after the session was changed. */
const ANSWERS: Readonly<Record<string, Act>> = {
  "/text": (request) => `${count(request)}`,
  "/later": async (request) => {
    await undefined;
    return `${count(request)}`;
  },
  "/send": (request, reply) => reply.send(`${count(request)}`),
  "/json": (request) => [count(request)],
  "/buffer": (request) => new TextEncoder().encode(`${count(request)}`),
  "/stream": (request) => Readable.from([`${count(request)}`]),
  "/web": (request) => new Response(`${count(request)}`).body,
  "/response": (request) =>
    new Response(`${count(request)}`, {
      status: 201,
      headers: {
        "cache-control": "public, max-age=60",
        "set-cookie": "theme=dark",
        vary: "Accept",
        "x-own": "yes",
      },
    }),
  "/error-status": (request, reply) =>
    reply.code(500).send(`${count(request)}`),
  "/cookies": (request, reply) => {
    reply.header("set-cookie", "a=1").header("set-cookie", "b=2");
    reply.header("vary", "Accept").header("cache-control", "public");
    return `${count(request)}`;
  },
  "/raw-cookie": (request, reply) => {
    reply.raw.setHeader("set-cookie", "raw=1");
    return `${count(request)}`;
  },
};

const ROUTES: Readonly<Record<string, Act>> = {
  ...ANSWERS,
  "/none": () => "none",
  "/new": ({ session }) => `${session.isNew}`,
  "/n": ({ session }) => `${session.get("n")}`,
  "/empty": (request, reply) => {
    count(request);
    return reply.code(204).send();
  },
  "/unchanged": (request, reply) => {
    count(request);
    return reply.code(304).header("etag", '"a"').send();
  },
  "/read": ({ session }, reply) => {
    reply.headers({
      vary: "Accept",
      "cache-control": "max-age=60",
      "cdn-cache-control": "max-age=600",
    });
    return `${session.userId}`;
  },
  "/user": ({ session }) => `${session.userId}`,
  "/in": ({ session }, reply) => {
    session.login("ada");
    return reply.redirect("/user", 303);
  },
  "/out": ({ session }, reply) => {
    session.destroy();
    return reply.redirect("/user", 303);
  },
  "/throw": (request) => {
    count(request);
    throw new Error("broken");
  },
  "/reject": async (request) => {
    count(request);
    await undefined;
    throw new Error("broken");
  },
  "/send-error": (request, reply) => {
    count(request);
    return reply.send(new Error("broken"));
  },
  "/missing": (request) => {
    count(request);
    throw Object.assign(new Error("missing"), { statusCode: 404 });
  },
  "/broken": (request) => {
    count(request);
    return brokenStream();
  },
  "/end": ({ session }) => {
    session.destroy();
    throw new Error("broken");
  },
};

for (const [kind, more] of Object.entries(kinds)) {
  describe(`Fastify, data ${kind},`, () => {
    for (const path of Object.keys(ANSWERS)) {
      it(`keeps the session before it answers: ${path}`, async () => {
        const { get } = await start(ROUTES, more());
        const first = await get(path);
        assert.match(await first.text(), /^\[?1\]?$/);
        assert.equal(first.headers.get("cache-control"), "no-store");
        assert.match(`${first.headers.get("vary")}`, /Cookie$/);
        const second = await get(path, cookieOf(first));
        assert.match(await second.text(), /^\[?2\]?$/);
        const lines = first.headers.getSetCookie();
        if (path === "/response") {
          assert.equal(first.status, 201);
          assert.equal(first.headers.get("x-own"), "yes");
          assert.equal(first.headers.get("vary"), "Accept, Cookie");
          assert.equal(lines.filter((line) => line === "theme=dark").length, 1);
        }
        if (path === "/cookies") {
          assert.deepEqual(lines.slice(0, 2), ["a=1", "b=2"]);
          assert.equal(first.headers.get("vary"), "Accept, Cookie");
        }
        if (path === "/raw-cookie") assert.ok(lines.includes("raw=1"));
        if (path === "/error-status") assert.equal(first.status, 500);
        const own = ["/response", "/raw-cookie"].includes(path) ? 1 : 0;
        assert.equal(lines.length, 1 + (path === "/cookies" ? 2 : own));
      });
    }

    it("keeps the session of HEAD, and of what has no body", async () => {
      const { url, get } = await start(ROUTES, more());
      let cookie = cookieOf(await get("/text", "", { method: "HEAD" }));
      const empty = await get("/empty", cookie);
      assert.equal(empty.status, 204);
      cookie = cookieOf(empty) ?? cookie;
      // `fetch` would ask for a new one.
      const headers = { cookie: `${cookie}` };
      const asking = httpRequest(`${url}/unchanged`, { headers }).end();
      const [unchanged] = await once(asking, "response") as [IncomingMessage];
      assert.equal(unchanged.statusCode, 304);
      assert.equal(unchanged.headers["cdn-cache-control"], "no-store");
      cookie = unchanged.headers["set-cookie"]?.[0]?.split(";")[0] ?? cookie;
      assert.equal(await (await get("/n", cookie)).text(), "3");
    });

    for (const lazy of [false, true]) {
      it(`leaves a reply as it is if its session is not used, ${lazy}`, async () => {
        const { get } = await start(ROUTES, more(), lazy);
        for (const path of ["/none", "/no-route"]) {
          const { headers } = await get(path);
          assert.equal(headers.get("vary"), null);
          assert.equal(headers.get("cache-control"), null);
          assert.deepEqual(headers.getSetCookie(), []);
        }
      });
    }

    it("marks what was read as private", async () => {
      const { get } = await start(ROUTES, more());
      const { headers } = await get("/read");
      assert.equal(headers.get("vary"), "Accept, Cookie");
      assert.equal(headers.get("cache-control"), "max-age=60, private");
      assert.equal(headers.get("cdn-cache-control"), null);
      const plain = await get("/user");
      assert.equal(plain.headers.get("vary"), "Cookie");
      assert.equal(plain.headers.get("cache-control"), "private");
      const cookie = cookieOf(await get("/in"));
      const signedIn = await get("/user", cookie);
      assert.equal(await signedIn.text(), "ada");
      assert.equal(signedIn.headers.get("vary"), "Cookie");
      assert.equal(signedIn.headers.get("cache-control"), "no-store");
    });

    it("keeps nothing of a route that fails, whatever is answered", async () => {
      const { get, events } = await start(ROUTES, more());
      for (const path of ["/throw", "/reject", "/send-error", "/missing"]) {
        const response = await get(path);
        assert.equal(response.status, path === "/missing" ? 404 : 500);
        assert.match(await response.text(), /^error: (broken|missing)$/);
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(response.headers.get("vary"), "Cookie");
        assert.equal(response.headers.get("cache-control"), "private");
      }
      assert.deepEqual(typesOf(events), ["local"]);
    });

    it("keeps a session once though its stream breaks", async () => {
      const { get } = await start(ROUTES, more());
      const response = await get("/broken");
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "error: broken");
      assert.equal(response.headers.getSetCookie().length, 1);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("vary"), "Cookie");
      const n = await (await get("/n", cookieOf(response))).text();
      assert.equal(n, "1");
    });

    it("ends a session though its route throws", async () => {
      const { get } = await start(ROUTES, more());
      const cookie = cookieOf(await get("/text"));
      const response = await get("/end", cookie);
      assert.equal(response.status, 500);
      assert.match(`${cookieOf(response)}`, /^sid-\d+=$/);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(await (await get("/new", cookie)).text(), "true");
    });

    it("signs in and out, and reads nothing then", async () => {
      const { get } = await start(ROUTES, more());
      const cookie = cookieOf(await get("/in"));
      assert.equal(await (await get("/user", cookie)).text(), "ada");
      const out = await get("/out", cookie);
      assert.match(`${cookieOf(out)}`, /^sid-\d+=$/);
      assert.equal(
        await (await get("/user", cookieOf(out))).text(),
        "undefined",
      );
    });

    it("opens a session when it is asked for, and once", async () => {
      const { get, events } = await start(
        {
          "/": async (request) => {
            const { session: open } = request as unknown as LazyReq;
            const [one, other] = await Promise.all([open(), open()]);
            assert.equal(one, other);
            return `${count({ session: one })}`;
          },
          "/none": () => "none",
        },
        more(),
        true,
      );
      const cookie = cookieOf(await get("/"));
      assert.equal(await (await get("/", cookie)).text(), "2");
      typesOf(events);
      await get("/none", cookie);
      assert.deepEqual(typesOf(events), []);
    });

    it("refuses to open and to write once the reply has left", async () => {
      const late = Promise.withResolvers<unknown[]>();
      const { get } = await start(
        {
          "/": (request, reply) => {
            const { session: open } = request as unknown as LazyReq;
            reply.raw.once("finish", async () => {
              const session = await open();
              const codeOf = (act: () => unknown) => {
                try {
                  return act();
                } catch (error) {
                  return Object(error).code;
                }
              };
              late.resolve([
                codeOf(() => session.get("n")),
                codeOf(() => session.set("n", 1)),
              ]);
            });
            return "sent";
          },
        },
        more(),
        true,
      );
      await get("/");
      assert.deepEqual(await late.promise, ["late-read", "late-write"]);
    });

    it("lets an error handler read the session, and not write it", async () => {
      const { options } = setUp(more() as object);
      for (const lazy of [false, true]) {
        const app = Fastify({ forceCloseConnections: true });
        app.register(sessions({ ...options, lazy }));
        app.setErrorHandler(async (_error, request, reply) => {
          const { session: given } = request as unknown as LazyReq;
          const session = lazy
            ? await given()
            : given as unknown as Awaited<ReturnType<typeof given>>;
          assert.throws(() => session.set("n", 9), { code: "late-write" });
          return reply.code(404).send(`not here, ${session.userId}`);
        });
        addRoutes(app, {
          "/throw": () => {
            throw new Error("broken");
          },
        });
        // A hook behind the session's: by then it was to be kept.
        app.addHook("onSend", (request, _reply, _payload, done) => {
          const isOurs = request.url === "/hook" && !Object(request).isTold;
          Object.assign(request, { isTold: true });
          if (isOurs) done(new Error("hook"));
          else done();
        });
        addRoutes(app, { "/hook": () => "never sent" });
        const get = askOf(await listen(app));
        for (const path of ["/throw", "/hook"]) {
          const response = await get(path);
          assert.equal(await response.text(), "not here, undefined");
          assert.equal(response.headers.get("vary"), "Cookie");
          assert.equal(response.headers.get("cache-control"), "private");
          assert.deepEqual(response.headers.getSetCookie(), []);
        }
      }
    });
  });
}

describe("Fastify", () => {
  it("answers that a session cannot be kept", async () => {
    const store = new MemoryStore({ now: () => START });
    let isDown = true;
    const broken = new Proxy(store, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return isDown
          ? () => Promise.reject(new Error("down"))
          : member.bind(target);
      },
    });
    const { get } = await start(ROUTES, { store: broken });
    for (const path of ["/text", "/stream", "/response"]) {
      const response = await get(path);
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "error: store-failed");
      assert.deepEqual(
        response.headers.getSetCookie().filter((line) => /^sid/.test(line)),
        [],
      );
      assert.match(`${response.headers.get("vary")}`, /Cookie/);
      assert.match(`${response.headers.get("cache-control")}`, /private/);
    }
    isDown = false;
    const cookie = cookieOf(await get("/text"));
    isDown = true;
    const opening = await get("/text", cookie);
    assert.equal(await opening.text(), "error: store-failed");
    isDown = false;
    assert.equal(await (await get("/text", cookie)).text(), "2");
  });

  it("answers by Fastify's own error handler, too", async () => {
    const { options } = setUp({ store: slowStore({ isDown: true }) });
    const app = Fastify({ forceCloseConnections: true });
    app.register(sessions(options));
    addRoutes(app, ROUTES);
    const response = await askOf(await listen(app))("/text");
    assert.equal(response.status, 500);
    assert.equal((await response.json()).code, "store-failed");
    assert.equal(response.headers.get("vary"), "Cookie");
  });

  it("ends what was ended though the next session cannot be kept", async () => {
    const { get } = await start({
      ...ROUTES,
      "/reset": ({ session }) => {
        session.reset();
        session.set("n", "x".repeat(10_000));
        return "never sent";
      },
    });
    const cookie = cookieOf(await get("/text"));
    const response = await get("/reset", cookie);
    assert.equal(await response.text(), "error: oversize");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.match(`${cookieOf(response)}`, /^sid-\d+=$/);
    assert.equal(await (await get("/new", cookie)).text(), "true");
  });

  it("does not bring back who signs out during a slow request", async () => {
    const go = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { get } = await start({
      ...ROUTES,
      "/slow": async (request) => {
        request.session.get("n");
        begun.resolve();
        await go.promise;
        return `${count(request)}`;
      },
    }, { store: new MemoryStore({ now: () => START }) });
    const cookie = cookieOf(await get("/in"));
    const slow = get("/slow", cookie);
    await begun.promise;
    await get("/out", cookie);
    go.resolve();
    const response = await slow;
    assert.equal(await response.text(), "error: gone");
    assert.equal(await (await get("/user", cookie)).text(), "undefined");
  });

  it("refuses a request of another site with csrf", async () => {
    const { get, events } = await start({
      ...ROUTES,
      "/null": (request) => `${request.session}`,
    }, { csrf: true });
    const headers = { "sec-fetch-site": "cross-site" };
    const response = await get("/text", "", { method: "POST", headers });
    assert.equal(response.status, 403);
    assert.equal(await response.text(), "error: forbidden");
    assert.equal(response.headers.get("vary"), "Sec-Fetch-Site, Origin");
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.deepEqual(typesOf(events), ["forbidden"]);
    const same = { "sec-fetch-site": "same-origin" };
    const fine = await get("/text", "", { method: "POST", headers: same });
    assert.equal(await fine.text(), "1");
  });

  it("says in an error what csrf has refused, with both names of a status", async () => {
    const { options } = setUp({ csrf: true });
    const app = Fastify({ forceCloseConnections: true });
    let seen: unknown[] = [];
    app.addHook("onRequest", (_request, reply, done) => {
      reply.header("vary", "Accept");
      done();
    });
    app.register(sessions(options));
    app.setErrorHandler((error, request, reply) => {
      const { code, status, statusCode, name } = Object(error);
      seen = [code, status, statusCode, name, Object(request).session];
      reply.send(error);
    });
    addRoutes(app, ROUTES);
    const response = await askOf(await listen(app))("/text", "", {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(response.status, 403);
    assert.match((await response.json()).message, /^Forbidden: another site/);
    assert.deepEqual(seen, ["forbidden", 403, 403, "SessionError", null]);
    assert.equal(
      response.headers.get("vary"),
      "Accept, Sec-Fetch-Site, Origin",
    );
  });

  it("leaves out what `when` leaves out, also if that fails", async () => {
    for (const lazy of [false, true]) {
      const seen: string[] = [];
      const { get } = await start({
        "/api/:id": async ({ session }) => {
          const opened = lazy
            ? await (session as unknown as LazyReq["session"])()
            : session;
          assert.throws(() => opened.set("n", 1), { code: "left-out" });
          throw new Error("broken");
        },
        "/n": async ({ session }) => {
          const opened = lazy
            ? await (session as unknown as LazyReq["session"])()
            : session;
          return `${count({ session: opened })}`;
        },
      }, {
        when: ({ url, method }) => {
          seen.push(`${method} ${new URL(url).pathname}`);
          return !new URL(url).pathname.startsWith("/api");
        },
      }, lazy);
      const response = await get("/api/1?a=b");
      assert.equal(await response.text(), "error: broken");
      assert.equal(response.headers.get("vary"), null);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.ok(cookieOf(await get("/n")));
      assert.deepEqual(seen, ["GET /api/1", "GET /n"]);
    }
  });

  it("refuses no other site where only `when` looks at requests", async () => {
    const { get } = await start(ROUTES, { when: () => true });
    const headers = { "sec-fetch-site": "cross-site" };
    const response = await get("/none", "", { method: "POST", headers });
    assert.equal(response.status, 200);
  });

  it("knows https by `trustProxy` alone", async () => {
    for (const trustProxy of [false, true]) {
      const { options } = setUp();
      const app = makeApp({ trustProxy });
      app.register(sessions(options));
      addRoutes(app, ROUTES);
      const headers = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "shop.example",
      };
      const response = await askOf(await listen(app))("/text", "", { headers });
      const [line = ""] = response.headers.getSetCookie();
      assert.equal(/^__Host-sid=.*Secure/.test(line), true, `${trustProxy}`);
    }
  });

  it("takes a function that makes the options, and calls it once", async () => {
    let calls = 0;
    const app = makeApp();
    app.register(sessions(() => {
      calls++;
      return setUp().options;
    }));
    addRoutes(app, ROUTES);
    const get = askOf(await listen(app));
    assert.equal(calls, 0);
    const cookie = cookieOf(await get("/text"));
    assert.equal(await (await get("/text", cookie)).text(), "2");
    assert.equal(calls, 1);
  });

  it("hands on the error of a function that makes wrong options", async () => {
    const app = makeApp();
    app.register(sessions(() => ({ secret: "short" })));
    addRoutes(app, ROUTES);
    const response = await askOf(await listen(app))("/text");
    assert.equal(response.status, 500);
    assert.match(await response.text(), /secret/i);
  });

  it("refuses wrong options at set-up, by name", () => {
    const secret = generateSecret();
    assert.throws(() => sessions({ secret: "short" }), RangeError);
    assert.throws(
      () => sessions({ secret, idleTimout: 3 } as never),
      (error) => error instanceof TypeError && /idleTimout/.test(error.message),
    );
    assert.throws(() => sessions(undefined as never), TypeError);
    assert.throws(
      () => sessions({ secret })({} as never, {}, undefined as never),
      TypeError,
    );
  });

  it("is refused beside a plugin of the same property", async () => {
    for (const isFirst of [true, false]) {
      const app = makeApp();
      const other = () =>
        app.register(async (app) => {
          await undefined;
          app.decorateRequest("session", null);
        });
      if (isFirst) app.decorateRequest("session", null);
      app.register(sessions({ secret: generateSecret() }));
      if (!isFirst) other();
      await assert.rejects(async () => await app.ready(), {
        code: "FST_ERR_DEC_ALREADY_PRESENT",
      });
    }
  });

  it("has its types: Fastify takes it, and requests have a session", async () => {
    const app = makeApp();
    app.register(sessions({ secret: generateSecret(), lazy: true }));
    await app.register(sessions(() => ({ secret: generateSecret() })));
    await app.ready();
    await app.close();
  });

  it("answers what is injected", async () => {
    const { options } = setUp();
    const app = makeApp();
    app.register(sessions(options));
    addRoutes(app, ROUTES);
    const first = await app.inject("/text");
    const [cookie] = `${first.headers["set-cookie"]}`.split(";");
    const second = await app.inject({ url: "/text", headers: { cookie } });
    assert.equal(second.body, "2");
    await app.close();
  });
});
