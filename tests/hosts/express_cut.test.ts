// When a connection is cut whose response is held.

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
} from "node:http";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import express4 from "express4";
import express5 from "express";
import { sessions } from "../../express.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  answerError,
  closeServers,
  cookieOf,
  count,
  listen,
  slowStore,
} from "./_express.ts";

after(closeServers);

// Both take the same, by different types.
const APPS_OF = Object.entries({
  "Express 5": express5,
  "Express 4": express4 as unknown as typeof express5,
});

/** Fails in several ways after it has answered. */
const failing: Record<string, Act> = {
  "by `next` and a throw": (_req, _res, next) => {
    next(new Error("late"));
    throw new Error("later");
  },
  "by `next`, and later": async (_req, _res, next) => {
    next(new Error("late"));
    await null;
    next(new Error("later"));
  },
  "three times": (_req, _res, next) => {
    next(new Error("late"));
    next(new Error("later"));
    throw new Error("at last");
  },
};

describe("an answer leaves whole with its session", () => {
  for (const [version, express] of APPS_OF) {
    for (const [how, fail] of Object.entries(failing)) {
      it(`though its handler fails again, ${how}: ${version}`, async () => {
        const app = express();
        // Express's own page is not written to the log then.
        app.set("env", "test");
        const store = slowStore({ ms: 20 });
        app.use(sessions(setUp({ store }).options) as never);
        app.get(
          "/",
          ((...args) => {
            count(args[0]);
            args[1].end("answered");
            return fail(...args);
          }) as Act as never,
        );
        const response = await fetch(await listen(createServer(app as never)));
        assert.equal(await response.text(), "answered");
        assert.ok(cookieOf(response));
      });
    }
  }
});

it("a handler that fails once another answer has left cuts no other request", async () => {
  const app = express5();
  app.set("env", "test");
  const store = slowStore({ ms: 5, isDown: true });
  app.use(sessions(setUp({ store }).options) as never);
  app.get(
    "/",
    (async (req, res) => {
      count(req);
      res.write("x");
      await delay(60);
      throw new Error("late");
    }) as Act as never,
  );
  app.get("/slow", async (_req, res) => {
    await delay(200);
    res.end("slow");
  });
  app.use(
    ((error: unknown, req: never, res: never, next: never) => {
      if ((res as { headersSent: boolean }).headersSent) {
        return (next as (error: unknown) => void)(error);
      }
      answerError(error, req, res, next);
    }) as never,
  );
  const url = await listen(createServer(app));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path: string) => {
    const request = httpRequest(`${url}${path}`, { agent }).end();
    const [response] = await once(request, "response") as [IncomingMessage];
    return await text(response);
  };
  try {
    assert.equal(await ask("/"), "error: store-failed");
    assert.equal(await ask("/slow"), "slow");
  } finally {
    agent.destroy();
  }
});

// Bun and Deno do not cut a connection by the server's timeout.
if (!("Bun" in globalThis) && !("Deno" in globalThis)) {
  it("a server's timeout cuts a connection, though its answer waits", async () => {
    const app = express5();
    const store = slowStore({ ms: 3000 });
    app.use(sessions(setUp({ store }).options) as never);
    app.get(
      "/",
      ((req, res) => {
        count(req);
        res.end("answered");
      }) as Act as never,
    );
    const server = createServer(app);
    server.timeout = 100;
    const url = await listen(server);
    const began = performance.now();
    await assert.rejects(fetch(url));
    assert.ok(performance.now() - began < 2000);
  });
}
