import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import express from "express";
import Fastify, { type FastifyInstance } from "fastify";
import { sessions as middleware } from "../../express.ts";
import { sessions } from "../../fastify.ts";
import type { SessionOptions } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import { answerError, cookieOf, count, type Req } from "./_express.ts";

// Apps of Express behind a plugin of Fastify, as `@fastify/express` calls them:
// what they answer passes by the reply.

const apps: FastifyInstance[] = [];
after(() => apps.forEach((app) => void app.close()));

/** Counts in Express, with a middleware of these options. */
async function start(
  more: Partial<SessionOptions>,
  hear: (error: unknown) => void = () => {},
): Promise<string> {
  const { options } = setUp();
  const inner = express();
  inner.use(middleware({ ...options, ...more } as never) as never);
  inner.get("/", (req, res) => {
    res.end(`${count(req as unknown as Req)}`);
  });
  const answer: typeof answerError = (error, ...rest) => {
    hear(error);
    answerError(error, ...rest);
  };
  // Express counts the arguments.
  inner.use(
    ((error: unknown, req: never, res: never, next: never) =>
      answer(error, req, res, next)) as never,
  );
  const app = Fastify();
  apps.push(app);
  app.register(sessions(options));
  app.addHook("onRequest", (request, reply, done) => {
    (inner as (...args: unknown[]) => void)(request.raw, reply.raw, done);
  });
  app.get("/", () => "");
  return await app.listen({ port: 0, host: "127.0.0.1" });
}

describe("a middleware behind a plugin of Fastify", () => {
  it("keeps its session if it has a cookie of its own", async () => {
    const url = await start({ cookie: { name: "other" } } as never);
    const first = await fetch(url);
    assert.equal(await first.text(), "1");
    const [line = ""] = first.headers.getSetCookie();
    const cookie = line.split(";")[0] ?? "";
    const second = await fetch(url, { headers: { cookie } });
    assert.equal(await second.text(), "2");
    assert.equal(cookieOf(first), undefined);
  });

  it("is refused for the same cookie, as nothing would be kept", async () => {
    let seen: unknown;
    const response = await fetch(await start({}, (error) => seen = error));
    assert.equal(await response.text(), "error: unsupported");
    assert.match(
      `${seen}`,
      /with-session\/fastify keeps .* use one of the two/,
    );
    assert.equal(response.status, 500);
  });
});
