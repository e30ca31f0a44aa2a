// A response with a session is one of Node: it shows, takes and refuses what a
// bare one does.

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { connect as connect2, createServer as createServer2 } from "node:http2";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sessions } from "../../express.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  type AppName,
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

/** What no network takes at once. */
const MUCH = "x".repeat(16 * 2 ** 20);

/**
 * What a response shows, but what is internal to Node: by an underscore, how the
 * body is framed, and what Node itself holds back until the next tick.
 */
function shownBy(res: ServerResponse): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const isHttp2 = "stream" in res;
  let each = res;
  for (; !Object.hasOwn(each, "emit"); each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) {
      if (/^(_|chunkedEncoding$|writableCorked$)/.test(name)) continue;
      // Node warns of each look.
      if (isHttp2 && name === "statusMessage") continue;
      const value = Reflect.get(res, name);
      if (value === null || !/^(object|function)$/.test(typeof value)) {
        shown[name] = name === "writableLength" ? value > 0 : value;
      }
    }
  }
  return shown;
}

/** Has a response shown at each step, and read when all is written. */
function showSteps(res: ServerResponse, done: (steps: unknown) => void): void {
  const steps: unknown[] = [];
  const show = () => steps.push(shownBy(res));
  show();
  res.write(MUCH);
  show();
  res.end("end");
  show();
  res.once("finish", () => {
    show();
    done(steps);
  });
}

// Bun's own response has other properties, and refuses less.
const isBun = "Bun" in globalThis;

describe("a response with a session shows what a bare one does,", () => {
  if (!isBun) {
    it("before, while it is held and after", async () => {
      const all = [];
      for (const isBare of [true, false]) {
        const { options } = setUp({ store: slowStore({ ms: 20 }) });
        const middleware = sessions(options);
        const shown = Promise.withResolvers<unknown>();
        const url = await listen(createServer((req, res) => {
          if (isBare) return showSteps(res, shown.resolve);
          middleware(req, res, () => {
            count(req as Req);
            showSteps(res, shown.resolve);
          });
        }));
        const request = httpRequest(url).end();
        const [response] = await once(request, "response") as [IncomingMessage];
        await delay(20);
        assert.equal((await text(response)).length, MUCH.length + 3);
        all.push(await shown.promise);
      }
      assert.deepEqual(all[1], all[0]);
    });
  }

  it("over HTTP/2", async () => {
    const all = [];
    for (const isBare of [true, false]) {
      const { options } = setUp({ store: slowStore({ ms: 20 }) });
      const middleware = sessions(options);
      const shown = Promise.withResolvers<unknown>();
      const server = createServer2((req, res) => {
        const answer = () => showSteps(res as never, shown.resolve);
        if (isBare) return answer();
        middleware(req as never, res as never, () => {
          count(req as never);
          answer();
        });
      });
      const client = connect2(await listen(server as never));
      try {
        const request = client.request({ ":path": "/" });
        await once(request, "response");
        assert.equal((await text(request)).length, MUCH.length + 3);
        all.push(await shown.promise);
      } finally {
        client.close();
        server.close();
      }
    }
    assert.deepEqual(all[1], all[0]);
  });

  it("and keeps nothing of it once it is not held any more", async () => {
    const names: string[][] = [];
    for (const isUsed of [false, true]) {
      const { get } = await start("node:http", (req, res) => {
        if (isUsed) count(req);
        res.once("finish", () => {
          names.push(
            Object.getOwnPropertyNames(res).filter((name) =>
              typeof Reflect.get(res, name) !== "function"
            ).sort(),
          );
        });
        res.end("x");
      }, { store: slowStore({ ms: 5 }) });
      await (await get()).text();
    }
    assert.deepEqual(names[1], names[0]);
  });

  for (const app of Object.keys(APPS) as AppName[]) {
    it(`so that what looks whether it was answered is right: ${app}`, async () => {
      let isReached = false;
      const guard: Act = (req, res, next) => {
        count(req);
        res.statusCode = 401;
        res.end("Sign in");
        // Polka goes on only if the response is not finished.
        if (app === "Polka" || !(res as { finished?: boolean }).finished) {
          next();
        }
      };
      const { get } = await start(
        app,
        (_req, res) => {
          isReached = true;
          res.end("secret");
        },
        { store: slowStore({ ms: 5 }) },
        { after: [guard] },
      );
      const response = await get();
      assert.equal(response.status, 401);
      assert.equal(await response.text(), "Sign in");
      assert.equal(isReached, false);
    });
  }

  it("and leaves whole from a server that closes meanwhile", async () => {
    const { options } = setUp({ store: slowStore({ ms: 30 }) });
    const middleware = sessions(options);
    const server = createServer((req, res) => {
      middleware(req, res, () => {
        count(req as Req);
        res.end("whole");
        server.close();
      });
    });
    const response = await fetch(await listen(server));
    assert.equal(await response.text(), "whole");
    assert.ok(cookieOf(response));
  });
});

/** What a program may say, and what Node does with it. */
const WAYS: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  "a status and fields": (res) => res.writeHead(302, { location: "/a" }).end(),
  "fields in third place": (res) =>
    res.writeHead(302, undefined, { location: "/a", "x-a": ["1", "2"] }).end(),
  "fields after null": (res) =>
    res.writeHead(302, null as never, { "x-a": "1" }).end(),
  "fields after a text": (res) =>
    res.writeHead(302, "Gone on", { location: "/a" }).end(),
  "a list in third place": (res) =>
    res.writeHead(302, undefined, ["x-a", "1", "x-a", "2"]).end(),
  // Deno sends the text "undefined", where Node refuses it, as we do.
  ...!("Deno" in globalThis) && {
    "a field without a value": (res: ServerResponse) => {
      res.writeHead(200, { "x-a": undefined as never }).end();
    },
  },
  "trailers": (res) => {
    res.setHeader("trailer", "x-sum");
    res.write("a");
    res.addTrailers({ "x-sum": "1" });
    res.end("b");
  },
  "trailers after writeHead()": (res) => {
    res.writeHead(200, { trailer: "x-sum" });
    res.addTrailers([["x-sum", "1"]]);
    res.end("b");
  },
  "a text that is Latin-1": (res) => {
    res.statusMessage = "Zo\xeb";
    res.end("x");
  },
  ...!isBun && {
    "a text with other characters": (res: ServerResponse) => {
      res.statusMessage = "\u65e5";
      res.end("x");
    },
  },
  "a text with a line break": (res) => res.writeHead(200, "a\nb").end("x"),
  "an empty encoding": (res) => res.end("x", "" as never),
  "bytes from a stream": (res) => {
    res.write(new Uint8Array([97]), "buffer" as never);
    res.end();
  },
};

describe("a response with a session takes what a bare one does:", () => {
  for (const [name, act] of Object.entries(WAYS)) {
    it(name, async () => {
      const all = [];
      for (const kind of ["bare", "unused", "used"]) {
        const { options } = setUp({ store: slowStore({ ms: 5 }) });
        const middleware = sessions(options);
        const url = await listen(createServer((req, res) => {
          const answer = () => {
            if (kind === "used") count(req as Req);
            try {
              act(res);
            } catch (error) {
              res.statusCode = 500;
              res.statusMessage = "";
              res.end((error as { code: string }).code);
            }
          };
          if (kind === "bare") answer();
          else middleware(req, res, answer);
        }));
        const request = httpRequest(url).end();
        const [response] = await once(request, "response") as [IncomingMessage];
        const { statusCode, statusMessage, headers, trailers } = response;
        const body = await text(response);
        // A refusal keeps nothing.
        const isKept = kind === "used" && statusCode !== 500;
        assert.equal(!!headers["set-cookie"], isKept);
        for (const field of ["set-cookie", "vary", "cache-control", "date"]) {
          delete headers[field];
        }
        all.push({ statusCode, statusMessage, headers, body, ...trailers });
      }
      assert.deepEqual(all[1], all[0]);
      assert.deepEqual(all[2], all[0]);
    });
  }

  it("but a refusal is in time for a page that says so", async () => {
    for (
      const act of [
        (res: ServerResponse) => res.write("x", "none" as never),
        (res: ServerResponse) => res.end("x", "none" as never),
        (res: ServerResponse) => res.write(new Uint8Array(1), "none" as never),
      ]
    ) {
      const { get } = await start("Express 5", (req, res) => {
        count(req);
        act(res);
        res.end();
      }, { store: slowStore() });
      const response = await get();
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "error: ERR_UNKNOWN_ENCODING");
      assert.equal(cookieOf(response), undefined);
    }
  });
});
