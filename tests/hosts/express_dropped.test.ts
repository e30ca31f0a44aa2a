// What an answer to an error says in place of a response that could not be kept.

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sessions } from "../../express.ts";
import type { Session } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  count,
  listen,
  type Req,
  slowStore,
  start,
} from "./_express.ts";

after(closeServers);

/** Says something of an answer that is dropped, and of what stays. */
const sayMuch = (res: ServerResponse) => {
  res.statusCode = 201;
  res.statusMessage = "Saved";
  for (
    const [name, value] of Object.entries({
      "cache-control": "public, max-age=3600",
      "cdn-cache-control": "max-age=3600",
      "surrogate-control": "max-age=3600",
      "expires": "Thu, 01 Jan 2099 00:00:00 GMT",
      "location": "/account/ada",
      "refresh": "0; url=/account/ada",
      "link": "</ada.css>; rel=preload",
      "x-accel-redirect": "/files/ada",
      "content-type": "text/csv",
      "content-disposition": "attachment",
      "content-language": "de",
      "etag": '"ada"',
      "last-modified": "Thu, 01 Jan 1999 00:00:00 GMT",
      "age": "5",
      "pragma": "cache",
      "digest": "sha-256=YWRh",
      "repr-digest": "sha-256=:YWRh:",
      "hx-redirect": "/account/ada",
      "content-security-policy": "default-src 'self'",
      "access-control-allow-origin": "*",
      "x-request-id": "7",
    })
  ) res.setHeader(name, value);
  res.appendHeader("set-cookie", "welcome=ada");
};

/** What the answer to the error says then. */
const left = ({ headers }: Response) =>
  Object.fromEntries(
    [...headers].filter(([name]) =>
      !/^(date|connection|keep-alive|x-powered-by|content-length)$/.test(name)
    ),
  );

describe("a response that could not be kept", () => {
  const store = slowStore({ isDown: true });

  for (const app of Object.keys(APPS) as AppName[]) {
    it(`takes back what it has said of itself: ${app}`, async () => {
      const { get } = await start(app, (req, res) => {
        count(req);
        sayMuch(res);
        res.end("saved");
      }, { store });
      const response = await get();
      assert.equal(response.status, 500);
      assert.equal(response.statusText, "Internal Server Error");
      assert.deepEqual(left(response), {
        "access-control-allow-origin": "*",
        "cache-control": "private",
        "content-security-policy": "default-src 'self'",
        "content-type": "text/plain",
        "vary": "Cookie",
        "x-request-id": "7",
      });
    });
  }

  it("takes back what it says at its end", async () => {
    const middleware = sessions(setUp({ store }).options);
    const url = await listen(createServer((req, res) => {
      middleware(req, res, (error) => {
        if (error) {
          res.write("sor");
          return void res.end("ry");
        }
        count(req as Req);
        res.setHeader("trailer", "x-saved");
        res.addTrailers({ "x-saved": "5" });
        res.end("saved");
      });
    }));
    const request = httpRequest(url).end();
    const [response] = await once(request, "response") as [IncomingMessage];
    assert.equal(await text(response), "sorry");
    assert.equal(response.headers.trailer, undefined);
    assert.deepEqual({ ...response.trailers }, {});
  });

  it("takes back that its connection becomes another one", async () => {
    const middleware = sessions(setUp({ store }).options);
    const said: unknown[] = [];
    const url = await listen(createServer((req, res) => {
      res.setHeader("connection", "close");
      middleware(req, res, (error) => {
        if (error) {
          said.push(res.getHeader("connection"), res.getHeader("upgrade"));
          return void res.end("sorry");
        }
        count(req as Req);
        res.setHeader("connection", "upgrade");
        res.setHeader("upgrade", "websocket");
        res.end("saved");
      });
    }));
    assert.equal(await (await fetch(url)).text(), "sorry");
    assert.deepEqual(said, ["close", undefined]);
  });

  it("means an error, if whoever answers says no status", async () => {
    const middleware = sessions(setUp({ store }).options);
    const url = await listen(createServer((req, res) => {
      middleware(req, res, (error) => {
        if (error) return void res.end("sorry");
        count(req as Req);
        res.writeHead(302, "Gone on", { location: "/next" }).end();
      });
    }));
    const response = await fetch(url, { redirect: "manual" });
    assert.equal(response.status, 500);
    assert.equal(response.statusText, "Internal Server Error");
    assert.equal(response.headers.get("location"), null);
  });

  it("says what was said in front of the sessions", async () => {
    const front: Act = (_req, res, next) => {
      res.setHeader("set-cookie", ["lang=de"]);
      res.setHeader("cache-control", "no-store");
      res.setHeader("link", "</all.css>; rel=preload");
      next();
    };
    const { get } = await start(
      "Express 5",
      (req, res) => {
        count(req);
        sayMuch(res);
        res.end("saved");
      },
      { store },
      { before: [front] },
    );
    const { headers } = await get();
    assert.deepEqual(headers.getSetCookie(), ["lang=de"]);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("link"), "</all.css>; rel=preload");
    assert.equal(headers.get("location"), null);
  });

  for (const isRead of [false, true]) {
    it(`leaves what another session has said, which was ${isRead ? "read" : "kept"}`, async () => {
      const { options } = setUp();
      const inner = sessions({ ...options, cookie: { name: "__Host-inner" } });
      const move: Act = (req, _res, next) => {
        Object.assign(req, { outer: req.session });
        next();
      };
      const { get } = await start(
        "Express 5",
        (req, res) => {
          const { outer } = req as unknown as { outer: Session };
          count({ session: outer });
          if (isRead) req.session.get("n");
          else count(req);
          res.setHeader("cache-control", "public, max-age=60");
          res.setHeader("location", "/next");
          res.end("saved");
        },
        { store },
        { after: [move, inner as unknown as Act] },
      );
      const { status, headers } = await get();
      assert.equal(status, 500);
      const lines = headers.getSetCookie().join();
      assert.match(lines, isRead ? /^$/ : /^inner-\d+=[^,]+$/);
      const said = isRead ? "private" : "no-store";
      assert.equal(headers.get("cache-control"), said);
      assert.equal(headers.get("location"), null);
    });
  }

  describe("beside one that was kept", () => {
    /** Asks an app of two sessions, whose outer one is not kept. */
    const ask = async (
      act: Act,
      answer: (res: ServerResponse) => unknown,
      innerStore?: typeof store,
    ) => {
      const { options } = setUp(innerStore ? { store: innerStore } : {});
      const inner = sessions({ ...options, cookie: { name: "__Host-inner" } });
      const outer = sessions(setUp({ store }).options);
      let calls = 0;
      const url = await listen(createServer((req, res) => {
        const next = (error?: unknown) => {
          if (!error) return void run();
          calls++;
          answer(res);
        };
        const steps: Act[] = [
          outer as unknown as Act,
          (req, _res, next) => {
            Object.assign(req, { outer: req.session });
            next();
          },
          inner as unknown as Act,
          (req, res, next) => {
            count({ session: (req as unknown as { outer: Session }).outer });
            act(req, res, next);
          },
        ];
        const run = (): unknown => steps.shift()?.(req as Req, res, next);
        run();
      }));
      const response = await fetch(url, {
        redirect: "manual",
        signal: AbortSignal.timeout(5000),
      });
      return { response, text: await response.text(), calls };
    };
    const answer = (res: ServerResponse) => {
      res.statusCode = 409;
      res.setHeader("cache-control", "public, max-age=60");
      res.setHeader("cdn-cache-control", "max-age=60");
      res.end("later");
    };

    it("is in no cache with the cookie of that, whatever the answer says", async () => {
      const { response, text } = await ask((req, res) => {
        req.session.login("ada");
        sayMuch(res);
        res.end("saved");
      }, answer);
      assert.deepEqual([response.status, text], [409, "later"]);
      const { headers } = response;
      const names = headers.getSetCookie().map((line) => line.split("=")[0]);
      assert.match(names.join(), /^inner-\d+$/);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("cdn-cache-control"), null);
      assert.equal(headers.get("vary"), "Cookie");
      assert.equal(headers.get("location"), null);
    });

    for (
      const [how, act] of Object.entries<(res: ServerResponse) => void>({
        "has ended": (res) => void res.end("saved"),
        "goes on": (res) => {
          const timer = setInterval(() => res.write("more"), 5);
          res.on("close", () => clearInterval(timer));
          res.write("saved");
        },
        "pipes": (res) => {
          Readable.from(
            (async function* () {
              for (let i = 0; i < 50; i++) yield await delay(5, "chunk");
            })(),
          ).pipe(res);
        },
      })
    ) {
      it(`is answered once, if that is not kept either and its handler ${how}`, async () => {
        const { response, text, calls } = await ask(
          (req, res) => {
            count(req);
            act(res);
          },
          (res) => {
            answer(res);
            // It is over, and says more by mistake.
            res.write("more");
          },
          store,
        );
        assert.deepEqual([response.status, text], [
          500,
          "Internal Server Error",
        ]);
        assert.equal(response.headers.get("cache-control"), "private");
        assert.equal(calls, 1);
      });
    }
  });
});
