import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
} from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, describe, it } from "node:test";
import compression from "compression";
import express5 from "express";
import helmet from "helmet";
import { sessions } from "../../express.ts";
import type { Session } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
import {
  type Act,
  answerError,
  type AppName,
  APPS,
  closeServers,
  cookieOf,
  count,
  kinds,
  listen,
  type Req,
  start,
} from "./_express.ts";

after(closeServers);

/** Ways to answer, each after the session was changed. */
const ANSWERS: Readonly<Record<string, Act>> = {
  "end()": (req, res) => res.end(`${count(req)}`),
  "write() and end()": (req, res) => {
    const n = count(req);
    res.write(`${n}`);
    res.end();
  },
  "writeHead()": (req, res) => {
    const n = count(req);
    res.writeHead(200, { "x-a": "b", "content-type": "text/plain" });
    res.end(`${n}`);
  },
  "writeHead() with a list": (req, res) => {
    const n = count(req);
    res.writeHead(200, "Fine", ["x-a", "b", "set-cookie", "a=1"]);
    res.end(`${n}`);
  },
  "flushHeaders()": (req, res) => {
    const n = count(req);
    res.flushHeaders();
    setTimeout(() => res.end(`${n}`), 5);
  },
  "a pipe": (req, res) => {
    Readable.from([`${count(req)}`]).pipe(res);
  },
  "a pipeline": (req, res) => pipeline(Readable.from([`${count(req)}`]), res),
  "writes that wait": async (req, res) => {
    const n = count(req);
    if (!res.write(`${n}`)) await once(res, "drain");
    res.end();
  },
  "a callback": (req, res) => {
    const n = count(req);
    res.write(`${n}`, () => res.end());
  },
};

for (const app of Object.keys(APPS) as AppName[]) {
  for (const [kind, more] of Object.entries(kinds)) {
    describe(`${app}, data ${kind},`, () => {
      for (const [name, act] of Object.entries(ANSWERS)) {
        it(`keeps the session before it answers by ${name}`, async () => {
          const { get } = await start(app, act, more());
          const first = await get();
          assert.equal(await first.text(), "1");
          const cookie = cookieOf(first);
          assert.ok(cookie);
          assert.match(`${first.headers.get("vary")}`, /Cookie/);
          assert.equal(first.headers.get("cache-control"), "no-store");
          const second = await get(cookie);
          assert.equal(await second.text(), "2");
          if (/writeHead/.test(name)) {
            assert.equal(first.headers.get("x-a"), "b");
          }
          if (/list/.test(name)) {
            assert.ok(first.headers.getSetCookie().includes("a=1"));
            assert.equal(first.headers.getSetCookie().length, 2);
          }
        });
      }

      it("keeps nothing of a handler that throws", async () => {
        const { get, events } = await start(app, (req, _res, next) => {
          count(req);
          next(new Error("broken"));
        }, more());
        const response = await get();
        assert.equal(response.status, 500);
        assert.equal(await response.text(), "error: broken");
        assert.equal(cookieOf(response), undefined);
        assert.match(`${response.headers.get("vary")}`, /Cookie/);
        assert.deepEqual(typesOf(events), ["local"]);
      });

      it("ends a session though its handler throws", async () => {
        let isEnd = false;
        const { get } = await start(app, (req, res, next) => {
          const { session } = req;
          if (session.isNew && isEnd) res.end("nobody");
          else if (isEnd) {
            req.session.destroy();
            next(new Error("broken"));
          } else res.end(`${count(req)}`);
        }, more());
        const cookie = cookieOf(await get());
        isEnd = true;
        const response = await get(cookie);
        assert.equal(response.status, 500);
        assert.match(`${cookieOf(response)}`, /^sid-\d+=$/);
        assert.equal(await (await get(cookie)).text(), "nobody");
      });

      it("holds nothing if the session is not used", async () => {
        const { get } = await start(app, (_req, res) => {
          res.end("static");
          assert.equal(res.headersSent, true);
        }, more());
        const response = await get();
        assert.equal(await response.text(), "static");
        assert.equal(response.headers.get("vary"), null);
        assert.equal(response.headers.get("cache-control"), null);
        assert.deepEqual(response.headers.getSetCookie(), []);
      });

      it("marks what was read as private", async () => {
        const { get } = await start(app, (req, res) => {
          res.setHeader("vary", "Accept");
          res.setHeader("cache-control", "max-age=60");
          res.setHeader("cdn-cache-control", "max-age=600");
          res.end(`${req.session.userId}`);
        }, more());
        const { headers } = await get();
        assert.equal(headers.get("vary"), "Accept, Cookie");
        assert.equal(headers.get("cache-control"), "max-age=60, private");
        assert.equal(headers.get("cdn-cache-control"), null);
      });

      it("leaves the response as it was", async () => {
        let patched: string[] = [];
        const { get } = await start(app, (req, res) => {
          count(req);
          const before = Object.getPrototypeOf(res);
          res.once("finish", () => {
            patched = Object.getOwnPropertyNames(res).filter((name) =>
              name in before && !/^[_$]/.test(name) &&
              typeof before[name] === "function" &&
              Reflect.get(res, name) !== before[name]
            ).concat(
              ["headersSent", "writableEnded"].filter((name) =>
                Object.hasOwn(res, name)
              ),
            );
          });
          res.end();
        }, more());
        await (await get()).text();
        assert.deepEqual(patched, []);
      });

      it("refuses headers and a change once the answer has begun", async () => {
        const seen: unknown[] = [];
        const { get } = await start(app, (req, res) => {
          count(req);
          res.write("a");
          for (
            const late of [
              () => res.setHeader("x-late", "1"),
              () => res.removeHeader("x"),
              () => res.writeHead(500),
            ]
          ) {
            assert.throws(late, { code: "ERR_HTTP_HEADERS_SENT" });
          }
          seen.push(res.headersSent, res.writableEnded);
          res.end();
          seen.push(res.headersSent, res.writableEnded);
        }, more());
        assert.equal(await (await get()).text(), "a");
        assert.deepEqual(seen, [true, false, true, true]);
      });
    });
  }

  describe(`${app}`, () => {
    it("drops a response whose session cannot be kept", async () => {
      const store = new MemoryStore({ now: () => START });
      let isDown = false;
      const broken = new Proxy(store, {
        get(target, name) {
          const member = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return isDown
            ? () => Promise.reject(new Error("down"))
            : member.bind(target);
        },
      });
      const { get } = await start(app, async (req, res) => {
        count(req);
        res.setHeader("etag", "x");
        res.setHeader("content-length", "5");
        res.write("hello", () => {});
        await new Promise((resolve) => setTimeout(resolve, 20));
        // Nobody hears this any more.
        res.write("more");
        res.end("and more");
      }, { store: broken });
      isDown = true;
      const response = await get();
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "error: store-failed");
      assert.equal(response.headers.get("etag"), null);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.match(`${response.headers.get("vary")}`, /Cookie/);
      isDown = false;
      assert.equal((await get()).status, 200);
    });

    it("hands on an error of a store that cannot be asked", async () => {
      const store = new MemoryStore({ now: () => START });
      store.get = () => Promise.reject(new Error("down"));
      const { get } = await start(app, (req, res) => {
        res.end(`${count(req)}`);
      }, { store });
      const response = await get(cookieOf(await get()));
      assert.equal(await response.text(), "error: store-failed");
    });

    it("keeps a session before compression and after it", async () => {
      const text = "x".repeat(5000);
      const act: Act = (req, res) => {
        res.setHeader("content-type", "text/plain");
        res.write(`${count(req)}`);
        res.end(text);
      };
      const press = compression() as unknown as Act;
      const safe = helmet() as unknown as Act;
      for (
        const around of [
          { before: [press, safe] },
          { after: [press, safe] },
          { before: [safe], after: [press] },
        ]
      ) {
        const { get } = await start(app, act, {}, around);
        const first = await get();
        assert.equal(await first.text(), `1${text}`);
        assert.match(`${first.headers.get("content-encoding")}`, /^(br|gzip)$/);
        assert.ok(first.headers.get("x-content-type-options"));
        assert.match(`${first.headers.get("vary")}`, /Accept-Encoding/i);
        assert.match(`${first.headers.get("vary")}`, /Cookie/);
        assert.equal(await (await get(cookieOf(first))).text(), `2${text}`);
      }
    });

    it("waits for a slow reader", async () => {
      const size = 8 * 2 ** 20;
      const block = "x".repeat(2 ** 16);
      let most = 0;
      const { url } = await start(app, (req, res) => {
        count(req);
        let left = size;
        const source = new Readable({
          read() {
            left -= block.length;
            this.push(left < 0 ? null : block);
          },
        });
        source.on("data", () => most = Math.max(most, res.writableLength));
        source.pipe(res);
      });
      const response = await new Promise<IncomingMessage>((resolve) => {
        httpRequest(url, resolve).end();
      });
      let got = 0;
      for await (const chunk of response) {
        got += chunk.length;
        await new Promise((resolve) => setTimeout(resolve));
      }
      assert.equal(got, size);
      assert.ok(most < 2 ** 20, `${most} bytes were waiting`);
    });

    it("sends the beginning of a stream before its end", async () => {
      const { get } = await start(app, async (req, res) => {
        count(req);
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write("data: 1\n\n");
        await new Promise((resolve) => setTimeout(resolve, 300));
        res.end("data: 2\n\n");
      });
      const response = await get();
      assert.ok(cookieOf(response));
      const texts: string[] = [];
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        texts.push(decoder.decode(chunk));
      }
      assert.deepEqual(texts, ["data: 1\n\n", "data: 2\n\n"]);
    });

    it("answers a HEAD request, and a client that has gone", async () => {
      const answered = Promise.withResolvers<void>();
      const { url, get, events } = await start(app, (req, res) => {
        count(req);
        res.on("close", () => answered.resolve());
        res.end("x");
      });
      const head = await get("", { method: "HEAD" });
      assert.ok(cookieOf(head));
      const gone = httpRequest(url).on("error", () => {});
      gone.end(() => gone.destroy());
      await answered.promise;
      assert.equal((await get()).status, 200);
      assert.ok(events.length >= 2);
    });

    it("refuses a request of another site with csrf", async () => {
      const { get } = await start(app, (req, res) => {
        res.end(`${count(req)}`);
      }, { csrf: true });
      const response = await get("", {
        method: "POST",
        headers: { "sec-fetch-site": "cross-site" },
      });
      assert.equal(response.status, 403);
      assert.match(await response.text(), /^Forbidden: another site/);
      assert.equal(response.headers.get("vary"), "Sec-Fetch-Site, Origin");
    });

    it("gives one session to a middleware that is used twice", async () => {
      const { options } = setUp();
      const middleware = sessions(options) as unknown as Act;
      const url = await listen(
        APPS[app]([middleware, middleware], (req, res) => {
          res.end(`${count(req)}`);
        }),
      );
      const first = await fetch(url);
      assert.equal(first.headers.getSetCookie().length, 1);
    });
  });
}

describe("Express 5, as it answers", () => {
  const WAYS: Readonly<Record<string, (req: Req, res: never) => void>> = {
    "json()": (req, res: express5.Response) => res.json({ n: count(req) }),
    "send()": (req, res: express5.Response) => res.send(`${count(req)}`),
    "sendStatus()": (req, res: express5.Response) => {
      count(req);
      res.sendStatus(204);
    },
    "redirect()": (req, res: express5.Response) => {
      count(req);
      res.redirect(303, "/next");
    },
    "sendFile()": (req, res: express5.Response) => {
      count(req);
      res.sendFile(new URL(import.meta.url).pathname);
    },
    "cookie()": (req, res: express5.Response) => {
      count(req);
      res.cookie("theme", "dark").send("x");
    },
  };
  for (const [name, act] of Object.entries(WAYS)) {
    it(`sets the cookie with ${name}`, async () => {
      const { get } = await start("Express 5", act as unknown as Act);
      const response = await get();
      await response.arrayBuffer();
      assert.ok(cookieOf(response), response.headers.getSetCookie().join());
      if (name === "cookie()") {
        assert.equal(response.headers.getSetCookie().length, 2);
      }
    });
  }

  it("keeps a session that is answered with 304", async () => {
    const { get, url } = await start("Express 5", (req, res) => {
      count(req);
      (res as express5.Response).send("always the same");
    });
    const first = await get();
    const etag = `${first.headers.get("etag")}`;
    // `fetch` would ask for a new one.
    const headers = { "if-none-match": etag, cookie: `${cookieOf(first)}` };
    const second = await new Promise<IncomingMessage>((resolve) => {
      httpRequest(url, { headers }, resolve).end();
    });
    assert.equal(second.statusCode, 304);
    assert.equal(second.headers["set-cookie"]?.length, 1);
  });

  it("leaves to a file what it says to caches, unless it says nothing", async () => {
    for (const cacheControl of [true, false]) {
      const { get } = await start("Express 5", (req, res) => {
        if (req.session.isNew) req.session.login("ada");
        const path = new URL(import.meta.url).pathname;
        (res as express5.Response).sendFile(path, { cacheControl });
      });
      const first = await get();
      await first.arrayBuffer();
      assert.equal(first.headers.get("cache-control"), "no-store");
      const second = await get(cookieOf(first));
      await second.arrayBuffer();
      assert.equal(second.headers.get("vary"), "Cookie");
      assert.equal(
        second.headers.get("cache-control"),
        cacheControl ? "public, max-age=0" : "no-store",
      );
    }
  });

  it("believes a proxy as far as the program does", async () => {
    for (const trust of [true, false]) {
      const { options } = setUp();
      const app = express5();
      app.set("trust proxy", trust);
      app.use(sessions(options));
      app.get("/", (req, res) => {
        count(req as never);
        res.end();
      });
      const url = await listen(createServer(app));
      const response = await fetch(url, {
        headers: {
          "x-forwarded-proto": "https",
          "x-forwarded-for": "203.0.113.1",
        },
      });
      const [line] = response.headers.getSetCookie();
      assert.match(`${line}`, /^__Host-sid=.*; Secure/);
      const plain = await fetch(url, {
        headers: { "x-forwarded-for": "203.0.113.1" },
      });
      assert.deepEqual(plain.headers.getSetCookie(), []);
    }
  });

  it("drops what failed, whatever an error handler answers", async () => {
    const { options, events } = setUp();
    const middleware = sessions(options);
    const app = express5();
    app.use(middleware);
    app.get("/", (req) => {
      count(req as never);
      throw Object.assign(new Error("not here"), { status: 404 });
    });
    app.use(middleware.failed);
    app.use(answerError as never);
    const response = await fetch(await listen(createServer(app)));
    assert.equal(response.status, 404);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.deepEqual(typesOf(events), ["local"]);
  });

  it("opens a session when it is asked for, with lazy", async () => {
    const { options } = setUp();
    const app = express5();
    app.use(sessions({ ...options, lazy: true }));
    app.get("/none", (_req, res) => void res.end("x"));
    app.get("/", async (req, res) => {
      const session = await (req as never as {
        session: () => Promise<Session>;
      }).session();
      res.end(`${count({ session })}`);
    });
    const url = await listen(createServer(app));
    const none = await fetch(`${url}/none`);
    assert.equal(none.headers.get("vary"), null);
    const first = await fetch(url);
    const second = await fetch(url, {
      headers: { cookie: `${cookieOf(first)}` },
    });
    assert.equal(await second.text(), "2");
  });

  it("has a cookie's path behind a router", async () => {
    const { options } = setUp({ cookie: { path: "/admin" } });
    const app = express5();
    const router = express5.Router();
    router.use(sessions(options));
    router.get("/page", (req, res) => void res.end(`${count(req as never)}`));
    app.use("/admin", router);
    const url = await listen(createServer(app));
    const response = await fetch(`${url}/admin/page`);
    assert.equal(await response.text(), "1");
    assert.equal(response.headers.getSetCookie().length, 1);
  });
});
