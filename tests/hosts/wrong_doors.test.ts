// A door that is given to another framework, or used in another one's way, says
// so; what throws as it is registered would end some programs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Fastify, { type FastifyInstance } from "fastify";
import fastify50 from "fastify50";
import express from "express";
import Koa from "koa";
import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { sessions as inExpress } from "../../express.ts";
import { sessions as inFastify } from "../../fastify.ts";
import { generateSecret } from "../../mod.ts";

const secret = generateSecret();
const middleware = inExpress({ secret });
const plugin = inFastify({ secret });

const NO_RESPONSE =
  "with-session/express was not called with (req, res, next) of Node: docs/frameworks/ says what others use";
const NO_APP =
  "with-session/fastify was not called by app.register() of Fastify: docs/frameworks/ says what others use";

/** What an app of Fastify says when it is ready. */
async function ready(use: (app: FastifyInstance) => unknown): Promise<void> {
  for (const make of [Fastify, fastify50 as unknown as typeof Fastify]) {
    const app = make();
    use(app);
    try {
      await app.ready();
    } finally {
      await app.close();
    }
  }
}

/** What an app answers, and the error that it was handed. */
async function answer(
  app: { listen(port: number, host: string): ReturnType<Koa["listen"]> },
): Promise<number> {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { status } = await fetch(`http://127.0.0.1:${port}/`);
  server.closeAllConnections?.();
  server.close();
  return status;
}

/** The message that an app of Express is handed. */
async function told(handler: unknown): Promise<string> {
  const app = express();
  let message = "";
  app.use(handler as never);
  app.use(
    ((error: Error, _req: unknown, res: { end(): void }, _next: unknown) => {
      assert.equal(error.name, "TypeError");
      message = error.message;
      res.end();
    }) as never,
  );
  await answer(app as never);
  return message;
}

describe("a door that is given to another framework", () => {
  it("says so in Fastify: the middleware of Express", async () => {
    await assert.rejects(
      ready((app) => app.register(middleware as never)),
      { name: "TypeError", message: NO_RESPONSE },
    );
  });

  it("says so in a hook of Fastify: both", async () => {
    for (const door of [middleware, plugin]) {
      const app = Fastify();
      app.addHook("onRequest", door as never);
      app.get("/", () => "");
      const { statusCode, body } = await app.inject("/");
      assert.equal(statusCode, 500);
      assert.match(
        JSON.parse(body).message,
        /^with-session\/\w+ was not called/,
      );
      await app.close();
    }
  });

  it("says so in Express: the plugin of Fastify", async () => {
    assert.equal(await told(plugin), NO_APP);
  });

  it("says so with what stands in for a response: the middleware", () => {
    class Handshake extends EventEmitter {
      setHeader() {}
      getHeader() {}
      removeHeader() {}
      writeHead() {}
      write() {}
      end() {}
    }
    const mock = { on() {}, getHeaders: () => ({}), writeHead() {}, end() {} };
    const req = { method: "GET", url: "/", headers: {} };
    for (const res of [new Handshake(), mock]) {
      let error: unknown;
      middleware(req as never, res as never, (given) => error = given);
      assert.match(
        `${error}`,
        /^TypeError: with-session\/express was not called/,
      );
    }
  });

  it("says so in Koa, and where nobody takes an error: both", async () => {
    for (const door of [middleware, plugin]) {
      const app = new Koa();
      const errors: Error[] = [];
      app.on("error", (error) => void errors.push(error));
      app.use(door as never);
      assert.equal(await answer(app), 500);
      assert.match(
        `${errors[0]}`,
        /^TypeError: with-session\/\w+ was not called/,
      );
      const event = { req: new Request("http://localhost") };
      assert.throws(() => (door as (event: unknown) => void)(event), {
        name: "TypeError",
        message: /^with-session\/\w+ was not called/,
      });
    }
  });
});

describe("sessions() in place of what it returns", () => {
  const message =
    "sessions() takes options, and what it returns is used: sessions({ secret })";

  it("says so in Fastify", async () => {
    await assert.rejects(
      ready((app) => app.register(inFastify as never, { secret } as never)),
      { name: "TypeError", message },
    );
  });

  it("says so in Express, and in Koa", async () => {
    assert.equal(await told(inExpress), message);
    const next = () => Promise.resolve();
    for (const door of [inExpress, inFastify]) {
      assert.throws(
        () => (door as (...args: unknown[]) => void)({}, next),
        { name: "TypeError", message },
      );
    }
  });

  it("may be called for each of several options", () => {
    for (const door of [inExpress, inFastify]) {
      const all = [{ secret }, { secret, lazy: true }];
      const made = all.map(door as (options: object) => unknown);
      assert.equal(made.filter((each) => typeof each === "function").length, 2);
    }
  });
});

describe("options beside a plugin of Fastify", () => {
  it("are refused by name if they are the session's", async () => {
    for (const name of ["lazy", "csrf", "store", "secret"]) {
      await assert.rejects(
        ready((app) =>
          app.register(plugin as never, { [name]: true } as never)
        ),
        {
          name: "TypeError",
          message:
            `Option ${name} is for sessions(), and not for register(): ` +
            `app.register(sessions({ ${name} }))`,
        },
      );
    }
  });

  it("may be those of Fastify, and of whoever registers all alike", async () => {
    const options = {
      prefix: "/a",
      logLevel: "warn",
      logSerializers: {},
      own: 1,
    };
    await ready((app) => app.register(plugin, options as never));
    await ready((app) => app.register(plugin, (() => options) as never));
  });
});
