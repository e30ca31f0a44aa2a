// What a reply of Fastify says to caches, whoever has its fields after and before
// the plugin; on the newest version of Fastify, and on the first one that counts.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import { connect } from "node:http2";
import { after, describe, it } from "node:test";
import Fastify, { type FastifyInstance } from "fastify";
import fastify50 from "fastify50";
import { sessions } from "../../fastify.ts";
import { setUp } from "../shared/support.ts";
import { cookieOf, count, kinds, slowStore } from "./_express.ts";
import { addRoutes, askOf, closeApps, listen, type Req } from "./_fastify.ts";

after(closeApps);

const VERSIONS = {
  "5.0": fastify50 as unknown as typeof Fastify,
  newest: Fastify,
};

/** A hook of `onSend` that says this to caches. */
const saying = (name: string, value: string) =>
(
  _request: unknown,
  reply: { header(name: string, value: string): unknown },
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void => {
  reply.header(name, value);
  done(null, payload);
};

const makeApp = (make: typeof Fastify): FastifyInstance =>
  make({ forceCloseConnections: true });

for (const [version, make] of Object.entries(VERSIONS)) {
  for (const [kind, more] of Object.entries(kinds)) {
    describe(`the last word of Fastify ${version}, data ${kind}`, () => {
      const PAYLOADS: Readonly<Record<string, () => unknown>> = {
        text: () => "text",
        stream: () => Readable.from(["text"]),
        "empty stream": () => Readable.from([]),
        web: () => new Response("text").body,
      };
      for (const [name, payload] of Object.entries(PAYLOADS)) {
        it(`is the session's, over a route's own hook: ${name}`, async () => {
          const { options } = setUp(more() as object);
          const app = makeApp(make);
          app.register(sessions(options));
          const add = (url: string, field: string, value: string) => {
            app.get(url, { onSend: saying(field, value) as never }, (given) => {
              const { session } = given as Req;
              if (url === "/in") session.login("ada");
              else if (url !== "/none") session.get("n");
              return payload();
            });
          };
          add("/in", "cache-control", "public, max-age=600");
          add("/me", "cache-control", "max-age=600");
          add("/cdn", "cdn-cache-control", "max-age=600");
          add("/vary", "vary", "Accept");
          add("/none", "cache-control", "max-age=600");
          const get = askOf(await listen(app));
          const first = await get("/in");
          assert.equal(first.headers.get("cache-control"), "no-store");
          assert.equal(first.headers.getSetCookie().length, 1);
          const cookie = cookieOf(first);
          const me = await get("/me", cookie);
          const caching = me.headers.get("cache-control");
          assert.equal(caching, "max-age=600, private");
          const cdn = await get("/cdn", cookie);
          assert.equal(cdn.headers.get("cdn-cache-control"), null);
          assert.equal(cdn.headers.get("cache-control"), "no-store");
          const vary = await get("/vary", cookie);
          assert.equal(vary.headers.get("vary"), "Accept, Cookie");
          const none = await get("/none", cookie);
          assert.equal(none.headers.get("cache-control"), "max-age=600");
          assert.equal(none.headers.get("vary"), null);
        });
      }

      it("is the session's, over hooks behind it that wait", async () => {
        const { options } = setUp(more() as object);
        const app = makeApp(make);
        app.register(sessions(options));
        app.after(() => {
          app.addHook("onSend", async (_request, reply, payload) => {
            await undefined;
            reply.removeHeader("set-cookie");
            reply.header("set-cookie", "theme=dark");
            reply.header("cache-control", "public");
            return payload;
          });
        });
        addRoutes(app, { "/": (request) => `${count(request)}` });
        const get = askOf(await listen(app));
        const first = await get("/");
        assert.equal(first.headers.get("cache-control"), "no-store");
        const [theme, ...ours] = first.headers.getSetCookie();
        assert.equal(theme, "theme=dark");
        assert.equal(ours.length, 1);
        const [line = ""] = ours;
        const second = await get("/", line.split(";")[0]);
        assert.equal(await second.text(), "2");
      });

      it("is the session's, over an error that a hook answers", async () => {
        const { options } = setUp(more() as object);
        const app = makeApp(make);
        app.register(sessions(options));
        const onSend = saying("cache-control", "public") as never;
        app.get("/", { onSend }, (request) => {
          count(request as Req);
          throw new Error("broken");
        });
        app.get("/end", { onSend }, (request) => {
          (request as Req).session.destroy();
          throw new Error("broken");
        });
        app.get("/in", (request) => `${count(request as Req)}`);
        const get = askOf(await listen(app));
        const { headers, status } = await get("/");
        assert.equal(status, 500);
        assert.equal(headers.get("vary"), "Cookie");
        const cookie = cookieOf(await get("/in"));
        const ended = await get("/end", cookie);
        assert.equal(ended.status, 500);
        assert.equal(ended.headers.get("cache-control"), "no-store");
        assert.equal(ended.headers.getSetCookie().length, 1);
      });

      it("is the session's, over a head that is written at once", async () => {
        const { options } = setUp(more() as object);
        const app = makeApp(make);
        app.register(sessions(options));
        app.after(() => {
          app.addHook("onSend", (_request, reply, payload, done) => {
            // As `on-headers` does, at the last moment.
            const { raw } = reply;
            const { writeHead } = raw;
            const late = (...args: Parameters<typeof writeHead>) => {
              raw.setHeader("cdn-cache-control", "public");
              return writeHead.apply(raw, args);
            };
            raw.writeHead = late as never;
            done(null, payload);
          });
        });
        addRoutes(app, { "/": (request) => `${count(request)}` });
        const { headers } = await askOf(await listen(app))("/");
        assert.equal(headers.get("cache-control"), "no-store");
        assert.equal(headers.get("cdn-cache-control"), null);
      });

      it("is not that of the response behind the reply", async () => {
        const { options } = setUp(more() as object);
        const app = makeApp(make);
        app.addHook("onRequest", (_request, { raw }, done) => {
          raw.setHeader("CDN-Cache-Control", "public, max-age=3600");
          raw.setHeader("set-cookie", "raw=1");
          done();
        });
        app.register(sessions(options));
        addRoutes(app, {
          "/in": ({ session }) => {
            session.login("ada");
            return "in";
          },
          "/me": ({ session }) => `${session.userId}`,
          "/response": (request) => {
            count(request);
            return new Response("text", { headers: { "set-cookie": "x=1" } });
          },
        });
        const get = askOf(await listen(app));
        const first = await get("/in");
        const cookie = cookieOf(first);
        const response = await get("/response", cookie);
        const all = [first, await get("/me", cookie), response];
        for (const { headers } of all) {
          assert.equal(headers.get("cdn-cache-control"), null);
          const lines = headers.getSetCookie();
          const names = lines.map((line) => line.split("=")[0]);
          assert.equal(new Set(names).size, names.length, `${names}`);
        }
      });
    });
  }

  describe(`a reply of Fastify ${version} that cannot be kept`, () => {
    it("says to caches what hooks in front have said", async () => {
      const { options } = setUp({ store: slowStore({ isDown: true }) });
      for (const policy of ["no-store", undefined]) {
        const app = makeApp(make);
        app.addHook("onRequest", (_request, reply, done) => {
          if (policy) reply.header("cache-control", policy);
          done();
        });
        app.register(sessions(options));
        addRoutes(app, {
          "/": (request, reply) => {
            count(request);
            reply.header("cache-control", "public, max-age=600");
            return "saved";
          },
          "/none": (request, reply) => {
            count(request);
            reply.removeHeader("cache-control");
            return "saved";
          },
        });
        const get = askOf(await listen(app));
        for (const path of ["/", "/none"]) {
          const { headers, status } = await get(path);
          assert.equal(status, 500);
          assert.equal(headers.get("cache-control"), policy ?? "private");
        }
      }
    });

    it("says nothing of what the response behind it has said", async () => {
      const { options } = setUp({ store: slowStore({ isDown: true }) });
      const app = makeApp(make);
      app.register(sessions(options));
      addRoutes(app, {
        "/": (request, { raw }) => {
          count(request);
          raw.setHeader("etag", '"saved"');
          raw.setHeader("location", "/saved");
          return "saved";
        },
      });
      const { headers, status } = await askOf(await listen(app))("/");
      assert.equal(status, 500);
      assert.equal(headers.get("etag"), null);
      assert.equal(headers.get("location"), null);
    });
  });
}

describe("the last word of Fastify on HTTP/2", () => {
  it("is the session's", async () => {
    const { options } = setUp();
    const app = Fastify({ http2: true });
    app.register(sessions(options) as never);
    app.get(
      "/:kind",
      { onSend: saying("cache-control", "public") as never },
      (request) => {
        const { kind } = request.params as { kind: string };
        const n = `${count(request as unknown as Req)}`;
        return kind === "text" ? n : Readable.from([n]);
      },
    );
    const client = connect(await app.listen({ port: 0, host: "127.0.0.1" }));
    for (const kind of ["text", "stream"]) {
      const stream = client.request({ ":path": `/${kind}` });
      const [headers] = await once(stream, "response");
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["set-cookie"].length, 1);
      stream.resume();
      await once(stream, "close");
    }
    client.close();
    await app.close();
  });
});
