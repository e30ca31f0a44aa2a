// How a response is held until its session is kept: what others do with it
// meanwhile.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import {
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import {
  connect as connect2,
  createSecureServer as createSecureServer2,
  createServer as createServer2,
} from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import compression from "compression";
import { sessions } from "../../express.ts";
import type { Session } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { certificate } from "../project/certificate.ts";
import { setUp, START } from "../shared/support.ts";
import {
  type Act,
  APPS,
  closeServers,
  cookieOf,
  count,
  listen,
  type Req,
  slowStore,
  start,
} from "./_express.ts";

after(closeServers);

/** Changes the head when it is asked for, as the package `on-headers` does. */
function onHead(res: ServerResponse, change: () => void): void {
  const { writeHead } = res;
  let isDone = false;
  res.writeHead = function (this: ServerResponse, ...args: never[]) {
    if (!isDone) change();
    isDone = true;
    return (writeHead as (...args: never[]) => ServerResponse)
      .apply(this, args);
  } as never;
}

/** A response as Node reads it, with its trailers. */
async function read(url: string, headers = {}) {
  const request = httpRequest(url, { headers }).end();
  const hints: unknown[] = [];
  request.on("information", ({ statusCode }) => hints.push(statusCode));
  const [response] = await once(request, "response") as [IncomingMessage];
  return { response, hints, body: await text(response) };
}

describe("a response that is held", () => {
  it("goes on where compression in front keeps the listeners", async () => {
    for (const more of [{}, { store: slowStore({ ms: 5 }) }]) {
      const parts = Array.from({ length: 50 }, (_, n) => `${n}`.repeat(1000));
      const { get } = await start(
        "Express 5",
        (req, res) => {
          count(req);
          res.setHeader("content-type", "text/plain");
          return pipeline(Readable.from(parts), res);
        },
        more,
        { before: [compression() as unknown as Act] },
      );
      const response = await get("", { signal: AbortSignal.timeout(5000) });
      assert.equal(await response.text(), parts.join(""));
      assert.ok(cookieOf(response));
    }
  });

  it("has the headers that others set at the last moment", async () => {
    for (const more of [{}, { store: slowStore() }]) {
      let times = 0;
      const hook: Act = (req, res, next) => {
        onHead(res, () => {
          times++;
          res.setHeader("cache-control", "public, max-age=60");
          res.setHeader("cdn-cache-control", "max-age=600");
          count(req);
        });
        next();
      };
      const { get } = await start(
        "Express 5",
        (req, res) => res.end(`${count(req)}`),
        more,
        { after: [hook] },
      );
      const first = await get();
      assert.equal(await first.text(), "1");
      assert.equal(times, 1);
      assert.equal(first.headers.get("cache-control"), "no-store");
      assert.equal(first.headers.get("cdn-cache-control"), null);
      const second = await get(cookieOf(first));
      assert.equal(await second.text(), "3", "The hook has counted, too");
    }
  });

  it("keeps its length", async () => {
    const { url } = await start("node:http", (req, res) => {
      count(req);
      res.end("hello");
    });
    const { response } = await read(url);
    assert.equal(response.headers["content-length"], "5");
  });

  it("bears a middleware that asks for the head twice", async () => {
    const twice: Act = (_req, res, next) => {
      const { end } = res;
      res.end = function (this: ServerResponse, ...args: never[]) {
        // As `express-session` does.
        const { _header: header } = this as never as { _header: unknown };
        if (!header) this.writeHead(this.statusCode);
        return (end as (...args: never[]) => ServerResponse).apply(this, args);
      } as never;
      next();
    };
    const { get } = await start(
      "Express 5",
      (req, res) => {
        count(req);
        res.write("a");
        res.end("b");
      },
      { store: slowStore() },
      { after: [twice] },
    );
    const response = await get();
    assert.equal(await response.text(), "ab");
    assert.ok(cookieOf(response));
  });

  it("calls back who writes", async () => {
    const heard: string[] = [];
    const { get } = await start("node:http", (req, res) => {
      count(req);
      res.write(new Uint8Array([97]), () => heard.push("write"));
      res.write("Yg==", "base64", () => heard.push("encoded"));
      res.end("c", () => heard.push("end"));
      res.on("finish", () => heard.push("finish"));
    });
    assert.equal(await (await get()).text(), "abc");
    assert.deepEqual(heard.sort(), ["encoded", "end", "finish", "write"]);
    const other = await start("node:http", (req, res) => {
      count(req);
      res.end(() => heard.push("end alone"));
    });
    await (await other.get()).text();
    assert.ok(heard.includes("end alone"));
  });

  it("refuses at once what Node would refuse later", async () => {
    for (
      const [act, code] of [
        [(res: ServerResponse) => res.write(1), "ERR_INVALID_ARG_TYPE"],
        [(res: ServerResponse) => res.end({}), "ERR_INVALID_ARG_TYPE"],
        [
          (res: ServerResponse) => {
            res.statusCode = 9999;
            res.end();
          },
          "ERR_HTTP_INVALID_STATUS_CODE",
        ],
        [
          (res: ServerResponse) => res.writeHead(42),
          "ERR_HTTP_INVALID_STATUS_CODE",
        ],
      ] as const
    ) {
      const { get } = await start("Express 5", (req, res) => {
        count(req);
        act(res);
      }, { store: slowStore() });
      const response = await get();
      assert.equal(response.status, 500);
      assert.equal(await response.text(), `error: ${code}`);
      assert.equal(cookieOf(response), undefined);
    }
  });

  it("is cut off if Node refuses it once it is written", async () => {
    const { url } = await start("node:http", (req, res) => {
      count(req);
      res.strictContentLength = true;
      res.setHeader("content-length", "3");
      res.end("much more");
    });
    await assert.rejects(read(url), { code: "ECONNRESET" });
  });

  it("sends hints at once, and trailers at its end", async () => {
    const { url } = await start("node:http", async (req, res) => {
      count(req);
      res.setHeader("trailer", "x-sum");
      res.writeEarlyHints({ link: "</a.css>; rel=preload" });
      res.write("a");
      res.cork();
      res.write("b");
      res.uncork();
      await delay(5);
      res.addTrailers({ "x-sum": "2" });
      res.end();
    }, { store: slowStore({ ms: 20 }) });
    const { response, hints, body } = await read(url);
    assert.deepEqual(hints, [103]);
    assert.equal(body, "ab");
    assert.equal(response.trailers["x-sum"], "2");
    assert.ok(response.headers["set-cookie"]);
  });

  it("is a stream that may save() what comes later", async () => {
    const store = new MemoryStore({ now: () => START });
    const { get } = await start("Express 5", async (req, res) => {
      if (req.method === "POST") {
        res.end(`${req.session.get("n")}`);
        return;
      }
      res.write(`${count(req)}`);
      await delay(20);
      count(req);
      await req.session.save();
      res.end();
    }, { store });
    const first = await get();
    assert.equal(await first.text(), "1");
    const second = await get(cookieOf(first), { method: "POST" });
    assert.equal(await second.text(), "2");
  });

  it("opens no session any more once it has begun", async () => {
    const { options } = setUp({ store: slowStore() });
    const late = Promise.withResolvers<unknown>();
    const middleware = sessions({ ...options, lazy: true });
    const url = await listen(APPS["Express 5"]([middleware as never], (
      req,
      res,
    ) => {
      const open = req.session as unknown as () => Promise<Session>;
      res.write("a");
      open().then((session) => session.set("n", 1)).catch(late.resolve);
      res.end();
    }));
    const response = await fetch(url);
    assert.equal(await response.text(), "a");
    assert.equal(response.headers.get("vary"), null);
    const { code } = await late.promise as { code: string };
    assert.equal(code, "late-write");
  });

  it("is held by two sessions in turn", async () => {
    const store = slowStore({ ms: 5 });
    const { options } = setUp();
    const moved: Act = (req, _res, next) => {
      Object.assign(req, { first: req.session });
      next();
    };
    const { get } = await start(
      "Express 5",
      (req, res) => {
        const { first } = req as unknown as { first: Session };
        const counted = [count({ session: first }), count(req)];
        return pipeline(Readable.from([counted.join(), "."]), res);
      },
      { store },
      {
        before: [
          sessions({ ...options, cookie: { name: "__Host-prefs" } }) as never,
          moved,
        ],
      },
    );
    const first = await get();
    assert.equal(await first.text(), "1,1.");
    const lines = first.headers.getSetCookie();
    assert.equal(lines.length, 2);
    const cookie = lines.map((line) => line.split(";")[0]).join("; ");
    const second = await get(cookie);
    assert.equal(await second.text(), "2,2.");
  });

  it("leaves whole if its handler throws after it has answered", async () => {
    for (const app of ["Express 5", "Express 4"] as const) {
      const { get } = await start(
        app,
        (req, res, next) => {
          count(req);
          res.end("answered");
          next(new Error("late"));
        },
        { store: slowStore({ ms: 5 }) },
      );
      const response = await get();
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "answered");
      assert.ok(cookieOf(response));
      assert.equal((await get()).status, 200);
    }
  });

  it("ends once", async () => {
    const { get } = await start("node:http", (req, res) => {
      count(req);
      res.end("a");
      res.end("b");
      res.on("error", () => {});
    });
    assert.equal(await (await get()).text(), "a");
  });

  it("keeps the session of a client that leaves meanwhile, and lets go", async () => {
    for (const way of ["client", "server", "client, once it was answered"]) {
      const store = slowStore({ ms: 30 });
      const begun = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<void>();
      const { url, get } = await start("node:http", async (req, res) => {
        if (req.url === "/leave") {
          count(req);
          res.on("close", closed.resolve);
          if (/answered/.test(way)) {
            begun.resolve();
            res.end("a");
            return;
          }
          const source = new Readable({ read() {} });
          source.push("a");
          const piped = pipeline(source, res);
          begun.resolve();
          if (way === "server") res.destroy();
          await assert.rejects(piped, { code: "ERR_STREAM_PREMATURE_CLOSE" });
          return;
        }
        res.end(`${count(req)}`);
      }, { store });
      const cookie = `${cookieOf(await get())}`;
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname).on("error", () => {});
      socket.write(
        `GET /leave HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
          `Cookie: ${cookie}\r\n\r\n`,
      );
      await begun.promise;
      await delay(5);
      if (way !== "server") socket.destroy();
      await closed.promise;
      await delay(60);
      const response = await get(cookie);
      assert.equal(await response.text(), "3");
    }
  });

  for (const isSecure of [false, true]) {
    it(`is one of HTTP/2, ${isSecure ? "over TLS" : "in the open"}`, async () => {
      const { options } = setUp({ store: slowStore() });
      const middleware = sessions(options);
      const answer = (req: Req, res: ServerResponse) => {
        middleware(req, res, () => {
          const n = count(req);
          if (req.url === "/pipe") {
            Readable.from([`${n}`]).pipe(res);
          } else if (req.url === "/head") {
            res.writeHead(200, { "x-a": "b" });
            res.end(`${n}`);
          } else {
            res.write(`${n}`, () => {});
            res.end();
          }
        });
      };
      const server = isSecure
        ? createSecureServer2({ ...certificate, allowHTTP1: true })
        : createServer2();
      server.on("request", answer as never);
      const address = new URL(await listen(server as never));
      const url = isSecure ? `https://localhost:${address.port}` : address;
      const client = connect2(url, { rejectUnauthorized: false });
      try {
        let cookie = "";
        for (const [index, path] of ["/pipe", "/head", "/"].entries()) {
          const request = client.request({ ":path": path, cookie });
          const [headers] = await once(request, "response");
          assert.equal(await text(request), `${index + 1}`);
          assert.match(headers["vary"], /Cookie/);
          assert.match(headers["cache-control"], /no-store|private/);
          cookie ||= headers["set-cookie"][0].split(";")[0];
        }
        assert.match(cookie, isSecure ? /^__Host-sid=/ : /^sid-/);
        if (!isSecure) return;
        const rejectUnauthorized = false;
        const request = httpsRequest(url, {
          rejectUnauthorized,
          headers: { cookie },
        }).end();
        const [old] = await once(request, "response") as [IncomingMessage];
        assert.equal(old.httpVersion, "1.1");
        assert.equal(await text(old), "4");
      } finally {
        client.close();
        server.close();
      }
    });
  }
});

describe("a response that could not be kept", () => {
  const store = slowStore({ isDown: true });

  it("lets go of what is piped into it", async () => {
    const ended = Promise.withResolvers<unknown>();
    const sources: Readable[] = [];
    for (const way of ["pipe", "pipeline"]) {
      const { get } = await start("node:http", async (req, res, next) => {
        count(req);
        const source = new Readable({
          read() {
            setImmediate(() => this.push("x".repeat(1000)));
          },
        });
        sources.push(source);
        if (way === "pipe") source.pipe(res);
        else await pipeline(source, res).catch(ended.resolve);
        void next;
      }, { store });
      const response = await get();
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "error: store-failed");
    }
    assert.equal(
      (await ended.promise as { code: string }).code,
      "ERR_STREAM_PREMATURE_CLOSE",
    );
    assert.deepEqual(sources.map(({ destroyed }) => destroyed), [true, true]);
  });

  it("does not let a writer spin who never waits", async () => {
    const written = Promise.withResolvers<number>();
    const { get } = await start("node:http", async (req, res) => {
      count(req);
      res.write("a");
      await delay(20);
      let most = 0;
      while (res.write("b") && most < 10) most++;
      written.resolve(most);
    }, { store });
    assert.equal(await (await get()).text(), "error: store-failed");
    assert.equal(await written.promise, 0);
  });

  it("is answered from where the context was lost", async () => {
    const pool = new EventEmitter();
    let isAsked = false;
    const timer = setInterval(() => isAsked && pool.emit("answer"), 5);
    const middleware = sessions(setUp({ store }).options);
    const url = await listen(APPS["node:http"]([], (req, res) => {
      pool.once("answer", () => res.end("from the pool"));
      middleware(req, res, (error) => {
        if (!error) return void res.end(`${count(req as Req)}`);
        res.statusCode = 503;
        isAsked = true;
      });
    }));
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      assert.equal(response.status, 503);
      assert.equal(await response.text(), "from the pool");
    } finally {
      clearInterval(timer);
    }
  });

  it("is answered by a stream", async () => {
    const middleware = sessions(setUp({ store }).options);
    const url = await listen(APPS["node:http"]([], (req, res) => {
      middleware(req, res, (error) => {
        if (error) {
          res.writeHead(503, { "content-type": "text/plain" });
          return void Readable.from(["sorry, ", "later"]).pipe(res);
        }
        count(req as Req);
        res.writeHead(200, { "content-length": "5" });
        Readable.from(["hello"]).pipe(res);
      });
    }));
    const response = await fetch(url);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), "sorry, later");
  });
});
