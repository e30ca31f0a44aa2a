// An app that is called in a function of a cloud: there is no connection, and
// what calls it takes the body once the response has ended.

import assert from "node:assert/strict";
import { once } from "node:events";
import { IncomingMessage, ServerResponse } from "node:http";
import { describe, it } from "node:test";
import express5 from "express";
import express4 from "express4";
import { sessions } from "../../express.ts";
import type { SessionOptions } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import { answerError, kinds, slowStore } from "./_express.ts";

/** What is taken of a response. */
interface Taken {
  status: number;
  body: string;
  headers: ReturnType<ServerResponse["getHeaders"]>;
}

/** What stands in for a connection, as in the package `serverless-http`. */
function makeSocket(chunks: string[]): object {
  const none = () => {};
  return {
    _writableState: {},
    writable: true,
    on: none,
    removeListener: none,
    destroy: none,
    cork: none,
    uncork: none,
    write(
      chunk: Uint8Array | string,
      encoding?: unknown,
      callback?: () => void,
    ): boolean {
      chunks.push(
        typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk),
      );
      const called = typeof encoding === "function" ? encoding : callback;
      called?.();
      return true;
    },
  };
}

/** Calls an app, as that package does. */
async function call(
  app: (req: IncomingMessage, res: ServerResponse) => unknown,
): Promise<Taken> {
  const socket = { encrypted: true, destroy() {} };
  const req = new IncomingMessage(socket as never);
  const headers = { host: "shop.example.com" };
  Object.assign(req, { method: "GET", url: "/", headers, complete: true });
  const res = new ServerResponse(req);
  res.useChunkedEncodingByDefault = false;
  const chunks: string[] = [];
  res.assignSocket(makeSocket(chunks) as never);
  app(req, res);
  // The packages look at one or the other.
  if (!res.finished && !res.writableEnded) await once(res, "finish");
  const [, body = ""] = chunks.join("").split("\r\n\r\n");
  return { status: res.statusCode, body, headers: res.getHeaders() };
}

/** Calls an app of Express with the middleware. */
async function visit(
  express: typeof express5,
  more: Partial<SessionOptions>,
): Promise<{ taken: Taken; thrown: unknown }> {
  const app = express();
  let thrown: unknown;
  app.use(sessions(setUp(more as object).options) as never);
  app.get("/", (req, res) => {
    try {
      Object(req).session.login("ada");
      res.send("Welcome");
    } catch (error) {
      thrown = error;
    }
  });
  app.use(answerError as never);
  return { taken: await call(app as never), thrown };
}

describe("a response without a connection", () => {
  // Bun takes nothing else for a connection.
  if ("Bun" in globalThis) return;
  for (
    const [version, express] of Object.entries({
      "Express 5": express5,
      "Express 4": express4 as unknown as typeof express5,
    })
  ) {
    for (const [kind, more] of Object.entries(kinds)) {
      it(`is taken once its session is kept: ${version}, ${kind}`, async () => {
        const { taken, thrown } = await visit(express, more());
        assert.equal(thrown, undefined);
        assert.equal(taken.status, 200);
        assert.equal(taken.body, "Welcome");
        assert.match(`${taken.headers["set-cookie"]}`, /^__Host-sid=/);
      });
    }

    it(`is an error if it cannot be kept: ${version}`, async () => {
      const store = slowStore({ ms: 5, isDown: true });
      const { taken, thrown } = await visit(express, { store });
      assert.equal(thrown, undefined);
      assert.equal(taken.status, 500);
      assert.equal(taken.body, "error: store-failed");
      assert.equal(taken.headers["set-cookie"], undefined);
    });
  }
});
