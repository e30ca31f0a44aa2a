// Several doors of one request of Fastify.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, it } from "node:test";
import express from "express";
import type { FastifyInstance } from "fastify";
import { sessions as inFront } from "../../express.ts";
import { sessions } from "../../fastify.ts";
import { createSessions, type Session } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import {
  closeServers,
  cookieOf,
  count,
  kinds,
  listen as serveNode,
  slowStore,
} from "./_express.ts";
import {
  addRoutes,
  askOf,
  closeApps,
  type LazyReq,
  listen,
  makeApp,
  type Req,
} from "./_fastify.ts";

after(closeApps);
after(closeServers);

type Options = ReturnType<typeof setUp>["options"];

for (const [kind, more] of Object.entries(kinds)) {
  describe(`doors of one request of Fastify, data ${kind},`, () => {
    const serve = async (
      make: (app: FastifyInstance, options: Options) => unknown,
    ) => {
      const { options } = setUp(more() as object);
      const app = makeApp();
      await make(app, options);
      return askOf(await listen(app));
    };
    /** Adds a hook that sees the session. */
    const look = (app: FastifyInstance, act: (request: Req) => unknown) =>
      app.addHook("onRequest", async (request) => {
        await act(request as Req);
      });

    it("have one session: two plugins that were made apart", async () => {
      const get = await serve((app, options) => {
        let first: Session;
        app.register(sessions(options));
        app.register((app, _options, done) => {
          look(app, (request) => {
            first = request.session;
            count(request);
          });
          app.register(sessions({ ...options }));
          addRoutes(app, {
            "/": (request) => {
              assert.equal(request.session, first);
              request.session.login("ada");
              return `${count(request)}`;
            },
          });
          done();
        });
      });
      const response = await get("/");
      assert.equal(await response.text(), "2");
      assert.equal(response.headers.getSetCookie().length, 1);
      assert.equal(await (await get("/", cookieOf(response))).text(), "4");
    });

    it("have one session: the same plugin twice", async () => {
      const get = await serve((app, options) => {
        const plugin = sessions(options);
        app.register(plugin);
        app.register(plugin);
        addRoutes(app, { "/": (request) => `${count(request)}` });
      });
      const response = await get("/");
      assert.equal(response.headers.getSetCookie().length, 1);
      assert.equal(await (await get("/", cookieOf(response))).text(), "2");
    });

    it("have one session: one of them opens it later", async () => {
      const get = await serve((app, options) => {
        app.register(sessions(options));
        app.after(() => look(app, count));
        app.register(sessions({ ...options, lazy: true }));
        addRoutes(app, {
          "/": async (request) => {
            const { session: open } = request as unknown as LazyReq;
            return `${count({ session: await open() })}`;
          },
        });
      });
      const response = await get("/");
      assert.equal(await response.text(), "2");
      assert.equal(response.headers.getSetCookie().length, 1);
    });

    it("have two sessions by two cookies, each of which is kept", async () => {
      const get = await serve((app, options) => {
        const firsts = new WeakMap<object, Session>();
        app.register(sessions(options));
        app.after(() =>
          look(app, (request) => firsts.set(request, request.session))
        );
        const cookie = { name: "other" };
        app.register(sessions({ ...options, cookie }));
        addRoutes(app, {
          "/": (request) => {
            const first = firsts.get(request) as Session;
            assert.notEqual(first, request.session);
            count(request);
            return `${count({ session: first })} ${count(request)}`;
          },
        });
      });
      const response = await get("/");
      assert.equal(await response.text(), "1 2");
      const lines = response.headers.getSetCookie();
      assert.equal(lines.length, 2);
      const cookie = lines.map((line) => line.split(";")[0]).join("; ");
      assert.equal(await (await get("/", cookie)).text(), "2 4");
    });

    it("have one session: a layer inside, which the plugin keeps", async () => {
      const get = await serve((app, options) => {
        const layers = createSessions(options);
        app.register(sessions(options));
        addRoutes(app, {
          "/": async (request) => {
            count(request);
            const session = await layers.open(request);
            assert.equal(session, request.session);
            session.set("inner", 1);
            const { cookies } = await layers.commit(session);
            assert.deepEqual(cookies, []);
            await assert.rejects(layers.discard(session), {
              code: "unsupported",
            });
            return session;
          },
        });
      });
      const response = await get("/");
      assert.deepEqual(await response.json(), { n: 1, inner: 1 });
      assert.equal(response.headers.getSetCookie().length, 1);
      const again = await get("/", cookieOf(response));
      assert.deepEqual(await again.json(), { n: 2, inner: 1 });
    });

    it("have one session: a layer inside, before `lazy` opens it", async () => {
      const get = await serve((app, options) => {
        const layers = createSessions(options);
        app.register(sessions({ ...options, lazy: true }));
        addRoutes(app, {
          "/": async (request) => {
            const session = await layers.open(request);
            count({ session });
            const { session: open } = request as unknown as LazyReq;
            assert.equal(await open(), session);
            return `${session.get("n")}`;
          },
        });
      });
      const response = await get("/");
      assert.equal(response.headers.getSetCookie().length, 1);
      assert.equal(await (await get("/", cookieOf(response))).text(), "2");
    });

    it("have one session: a layer around, whether it commits or not", async () => {
      for (const isBefore of [true, false]) {
        const get = await serve((app, options) => {
          const layers = createSessions(options);
          let outer: Session;
          app.addHook("onRequest", async (request, reply) => {
            outer = await layers.open(request);
            outer.set("outer", 1);
            if (!isBefore) return;
            const { cookies } = await layers.commit(outer);
            for (const { line } of cookies) reply.header("set-cookie", line);
          });
          app.register(sessions(options));
          app.register(sessions({ ...options }));
          addRoutes(app, {
            "/": (request) => {
              assert.equal(request.session, outer);
              count(request);
              return request.session;
            },
          });
        });
        const response = await get("/");
        assert.deepEqual(await response.json(), { outer: 1, n: 1 });
        assert.equal(response.headers.getSetCookie().length, 1);
        const again = await get("/", cookieOf(response));
        assert.deepEqual(await again.json(), { outer: 1, n: 2 });
      }
    });

    it("keep nothing of a route that failed, within a layer", async () => {
      const get = await serve((app, options) => {
        const layers = createSessions(options);
        app.addHook("onRequest", async (request) => {
          await layers.open(request);
        });
        app.register(sessions(options));
        app.register(sessions({ ...options }));
        addRoutes(app, {
          "/": ({ session }) => {
            session.login("ada");
            throw Object.assign(new Error("missing"), { statusCode: 404 });
          },
        });
      });
      const response = await get("/");
      assert.equal(response.status, 404);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.equal(response.headers.get("vary"), "Cookie");
    });

    it("keep nothing of a route that failed, behind Express", async () => {
      const { options } = setUp(more() as object);
      const app = makeApp();
      app.register(sessions(options));
      const missing = Object.assign(new Error("missing"), { statusCode: 404 });
      addRoutes(app, {
        "/": (request) => `${count(request)}`,
        "/missing": (request) => {
          count(request);
          throw missing;
        },
        "/out": ({ session }) => {
          session.destroy();
          throw missing;
        },
      });
      await app.ready();
      const front = express();
      front.use(inFront(options));
      front.use((req, res) => app.routing(req, res));
      const get = askOf(await serveNode(createServer(front)));
      const cookie = cookieOf(await get("/"));
      const failed = await get("/missing", cookie);
      assert.equal(failed.status, 404);
      assert.deepEqual(failed.headers.getSetCookie(), []);
      assert.equal(await (await get("/", cookie)).text(), "2");
      const out = await get("/out", cookie);
      assert.equal(out.status, 404);
      assert.match(`${out.headers.getSetCookie()}`, /Max-Age=0/);
    });

    it("keep nothing of what comes after the reply", async () => {
      const { promise, resolve } = Promise.withResolvers<Session>();
      const get = await serve((app, options) => {
        const layers = createSessions(options);
        app.register(sessions(options));
        addRoutes(app, {
          "/": (request, reply) => {
            request.session.login("ada");
            reply.raw.once("finish", () => resolve(layers.open(request)));
            return "in";
          },
        });
      });
      await get("/");
      const late = await promise;
      assert.equal(late.userId, "ada");
      assert.throws(() => late.login("eve"), { code: "late-write" });
    });
  });
}

describe("two sessions of one request of Fastify", () => {
  for (const isFirst of [true, false]) {
    it(`keep the cookie of the one that was kept, with no-store: ${isFirst}`, async () => {
      const { options } = setUp();
      const app = makeApp();
      const down = { store: slowStore({ isDown: true }) };
      const cookie = { name: "other" };
      const firsts = new WeakMap<object, Session>();
      app.register(sessions({ ...options, ...isFirst ? down : {} }));
      app.after(() =>
        app.addHook("onRequest", (request, _reply, done) => {
          firsts.set(request, (request as Req).session);
          done();
        })
      );
      app.register(sessions({ ...options, cookie, ...isFirst ? {} : down }));
      addRoutes(app, {
        "/": (request, reply) => {
          count(request);
          count({ session: firsts.get(request) as Session });
          reply.headers({ "cache-control": "public", etag: '"page"' });
          return "counted";
        },
      });
      const response = await askOf(await listen(app))("/");
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "error: store-failed");
      // A reply that could not be kept is asked for once, and no other session
      // is kept after that.
      const lines = response.headers.getSetCookie();
      assert.equal(lines.length, isFirst ? 0 : 1);
      assert.equal(
        response.headers.get("cache-control"),
        isFirst ? "private" : "no-store",
      );
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(response.headers.get("etag"), null);
    });
  }
});
