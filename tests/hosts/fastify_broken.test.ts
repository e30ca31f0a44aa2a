// A reply of Fastify that breaks, or is followed by another one, while its
// session is kept.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sessions } from "../../fastify.ts";
import { setUp } from "../shared/support.ts";
import { cookieOf, count, slowStore } from "./_express.ts";
import {
  type Act,
  addRoutes,
  askOf,
  closeApps,
  listen,
  makeApp,
  start,
} from "./_fastify.ts";

after(closeApps);

/** Shows the session that a cookie has. */
const show: Record<string, Act> = {
  "/": ({ session }) => `${session.userId} ${session.get("n")}`,
};

describe("a stream of Fastify that breaks while its session is kept", () => {
  const STREAMS: Readonly<Record<string, () => unknown>> = {
    "a file that is not there": () => createReadStream("/does/not/exist"),
    "a stream": () => {
      const stream = new Readable({ read() {} });
      setImmediate(() => stream.destroy(new Error("broken")));
      return stream;
    },
    "a web stream": () =>
      new ReadableStream({
        start(controller) {
          setImmediate(() => controller.error(new Error("broken")));
        },
      }),
  };
  for (const [name, make] of Object.entries(STREAMS)) {
    it(`is an error of its request alone: ${name}`, async () => {
      const { get } = await start({
        ...show,
        "/send": (request, reply) => {
          count(request);
          return reply.send(make());
        },
      }, { store: slowStore({ ms: 20 }) });
      const response = await get("/send");
      assert.equal(response.status, 500);
      assert.match(await response.text(), /^error: (ENOENT|broken)$/);
      assert.equal(response.headers.get("cache-control"), "no-store");
      // The session was kept.
      const kept = await get("/", cookieOf(response));
      assert.equal(await kept.text(), "undefined 1");
    });
  }
});

describe("a second answer of Fastify while the session is kept", () => {
  const SECONDS: Readonly<Record<string, [Act, number, string]>> = {
    "a throw": [
      (_request, reply) => {
        reply.send("first");
        throw new Error("late");
      },
      500,
      "error: late",
    ],
    "a rejection": [
      async (_request, reply) => {
        reply.send("first");
        await undefined;
        throw Object.assign(new Error("late"), { statusCode: 404 });
      },
      404,
      "error: late",
    ],
    "a second reply": [
      (_request, reply) => {
        reply.send("first");
        reply.send("second");
      },
      200,
      "second",
    ],
    "a third reply": [
      (_request, reply) => {
        for (const text of ["first", "second", "third"]) reply.send(text);
      },
      200,
      "third",
    ],
    "the time limit": [
      async () => {
        await delay(200);
        return "first";
      },
      503,
      "error: FST_ERR_HANDLER_TIMEOUT",
    ],
  };
  for (const [name, [act, status, text]] of Object.entries(SECONDS)) {
    for (const isDown of [false, true]) {
      it(`says what was kept: ${name}, store down: ${isDown}`, async () => {
        const { options } = setUp();
        const isLimit = name === "the time limit";
        const app = makeApp(isLimit ? { handlerTimeout: 300 } : {});
        const store = slowStore({ ms: isLimit ? 200 : 20, isDown });
        app.register(sessions({ ...options, store }));
        addRoutes(app, {
          ...show,
          "/in": (request, reply) => {
            request.session.login("ada");
            count(request);
            return act(request, reply);
          },
        });
        const get = askOf(await listen(app));
        const response = await get("/in");
        const body = await response.text();
        if (isDown) {
          // A handler of errors that has answered is not asked again.
          assert.equal(response.status, status === 200 ? 500 : status);
          assert.match(body, /store-failed/);
          assert.deepEqual(response.headers.getSetCookie(), []);
          assert.equal(response.headers.get("vary"), "Cookie");
          return;
        }
        assert.equal(response.status, status);
        assert.equal(body, text);
        assert.equal(response.headers.get("cache-control"), "no-store");
        assert.equal(response.headers.getSetCookie().length, 1);
        const kept = await get("/", cookieOf(response));
        assert.equal(await kept.text(), "ada 1");
      });
    }
  }

  it("is the answer of Fastify's own error handler, too", async () => {
    const { options } = setUp();
    const { default: Fastify } = await import("fastify");
    for (const isDown of [false, true]) {
      const app = Fastify();
      const store = slowStore({ ms: 20, isDown });
      app.register(sessions({ ...options, store }));
      addRoutes(app, {
        "/": (request, reply) => {
          count(request);
          reply.header("cache-control", "public").send("first");
          throw new Error("late");
        },
      });
      const response = await askOf(await listen(app))("/");
      assert.equal(response.status, 500);
      const { message, code } = await response.json();
      assert.equal(isDown ? code : message, isDown ? "store-failed" : "late");
      assert.equal(response.headers.getSetCookie().length, isDown ? 0 : 1);
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(
        response.headers.get("cache-control"),
        isDown ? "private" : "no-store",
      );
    }
  });
});

describe("a payload of Fastify that does not leave", () => {
  it("is closed: a stream, a web stream, the body of a Response", async () => {
    for (const isDown of [true, false]) {
      let closed = 0;
      const note = () => void closed++;
      const stream = () =>
        new Readable({
          read() {},
          destroy(_error, done) {
            note();
            done(null);
          },
        });
      const web = () => new ReadableStream({ cancel: note });
      const makes = [stream, web, () => new Response(web())];
      for (const make of makes) {
        const { get } = await start({
          "/": (request, reply) => {
            count(request);
            reply.send(make());
            if (!isDown) reply.send("second");
          },
        }, { store: slowStore({ ms: 5, isDown }) });
        const response = await get("/");
        const text = await response.text();
        assert.equal(text, isDown ? "error: store-failed" : "second");
      }
      assert.equal(closed, makes.length);
    }
  });
});

describe("a head of Fastify that Node refuses", () => {
  const HEADS: Readonly<Record<string, Act>> = {
    "a value": (_request, reply) => reply.header("x-name", "a\nb").send("bad"),
    "one of several cookies": (_request, reply) =>
      reply.header("set-cookie", ["a=1", "b=\n"]).send("bad"),
    "a name": (_request, reply) => reply.header("a name", "1").send("bad"),
    "a text beside the status": (_request, reply) => {
      reply.raw.statusMessage = "a\nb";
    },
    "a status": (_request, reply) => {
      reply.raw.statusCode = 1000;
    },
    "a status of a Response": (_request, reply) => reply.send(Response.error()),
  };
  for (const [name, act] of Object.entries(HEADS)) {
    it(`is an error before the session is kept: ${name}`, async () => {
      const { get } = await start({
        ...show,
        "/in": (request) => {
          count(request);
          return "in";
        },
        "/bad": (request, reply) => {
          request.session.login("eve");
          return act(request, reply) ?? "bad";
        },
      }, { store: slowStore() });
      const cookie = cookieOf(await get("/in"));
      const response = await get("/bad", cookie);
      assert.equal(response.status, 500);
      assert.match(await response.text(), /^error: \w*(ERR|HTTP)_\w+$/);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(await (await get("/", cookie)).text(), "undefined 1");
    });
  }

  it("closes what is behind the payload", async () => {
    const stream = new Readable({ read() {} });
    const { get } = await start({
      "/": (request, reply) => {
        count(request);
        return reply.header("x-name", "a\nb").send(stream);
      },
    });
    assert.equal((await get("/")).status, 500);
    assert.equal(stream.destroyed, true);
  });
});
