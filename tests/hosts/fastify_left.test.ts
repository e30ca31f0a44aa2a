// A reply passes the plugin by.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, it, mock } from "node:test";
import { typesOf } from "../shared/support.ts";
import { cookieOf, count } from "./_express.ts";
import { type Act, closeApps, start } from "./_fastify.ts";

after(closeApps);

describe("a change that passes the plugin by", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  /** Waits without timers. */
  const turn = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  };

  const WAYS: Readonly<Record<string, Act>> = {
    "hijack()": (_request, reply) => {
      reply.hijack();
      reply.raw.end("raw");
    },
    "raw": (_request, reply) => {
      reply.raw.end("raw");
      return reply;
    },
  };
  for (const [name, act] of Object.entries(WAYS)) {
    it(`is told after 10 s, once: ${name}`, async () => {
      const { get, events } = await start({
        "/": (request, reply) => {
          count(request);
          return act(request, reply);
        },
        "/read": (request, reply) => {
          request.session.get("n");
          return act(request, reply);
        },
        "/kept": (request) => `${count(request)}`,
      });
      for (const path of ["/read", "/kept", "/"]) {
        const response = await get(path);
        await response.text();
        assert.equal(
          response.headers.getSetCookie().length,
          Number(path === "/kept"),
        );
        await turn();
      }
      typesOf(events);
      mock.timers.tick(9_999);
      assert.deepEqual(typesOf(events), []);
      mock.timers.tick(1);
      assert.deepEqual(typesOf(events), ["uncommitted"]);
      mock.timers.tick(60_000);
      assert.deepEqual(typesOf(events), []);
    });

    it(`ends what was ended, at once: ${name}`, async () => {
      const { get } = await start({
        "/": (request, reply) => {
          request.session.destroy();
          return act(request, reply);
        },
        "/in": ({ session }) => {
          session.login("ada");
          return "in";
        },
        "/user": ({ session }) => `${session.userId}`,
      });
      const cookie = cookieOf(await get("/in"));
      await (await get("/", cookie)).text();
      await turn();
      assert.equal(await (await get("/user", cookie)).text(), "undefined");
    });
  }
});
