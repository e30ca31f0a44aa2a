// Who is asked to answer if a session cannot be kept, or not be handed out.

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { after, describe, it } from "node:test";
import express4 from "express4";
import express5 from "express";
import { sessions } from "../../express.ts";
import { setUp } from "../shared/support.ts";
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

// Both take the same, by different types.
const APPS_OF = Object.entries({
  "Express 5": express5,
  "Express 4": express4 as unknown as typeof express5,
});

const store = slowStore({ isDown: true });
const signal = () => AbortSignal.timeout(5000);

describe("a session that cannot be kept is answered", () => {
  for (const [version, express] of APPS_OF) {
    /** Says who answers an error. */
    const say = (name: string) =>
      ((error: { code: string }, _req: unknown, res: ServerResponse, next) => {
        if (res.headersSent) return next(error);
        res.statusCode = 503;
        res.end(`${name}: ${error.code}`);
      }) as express5.ErrorRequestHandler as never;
    const touch: Act = (req, _res, next) => {
      count(req);
      next();
    };
    const answer: Act = (_req, res) => void res.end("saved");
    const ask = async (app: unknown, path = "/") => {
      const url = await listen(createServer(app as never));
      const response = await fetch(`${url}${path}`, { signal: signal() });
      return [response.status, await response.text()];
    };
    const middleware = () =>
      sessions(setUp({ store }).options) as unknown as Act;

    it(`by a router's own error handler: ${version}`, async () => {
      const app = express();
      const inner = express.Router();
      const router = express.Router();
      app.use(middleware() as never, touch as never);
      inner.get("/x", answer as never);
      router.use("/in", inner);
      router.use(say("router"));
      app.use("/api", router, say("app"));
      assert.deepEqual(await ask(app, "/api/in/x"), [
        503,
        "router: store-failed",
      ]);
    });

    it(`by that of an app within the app: ${version}`, async () => {
      const app = express();
      const inner = express();
      app.use(middleware() as never, touch as never);
      inner.get("/x", answer as never);
      inner.use(say("inner"));
      app.use("/api", inner as never, say("app"));
      assert.deepEqual(await ask(app, "/api/x"), [503, "inner: store-failed"]);
    });

    it(`by the app's, of what its own handler has not found: ${version}`, async () => {
      const app = express();
      app.use(middleware() as never, touch as never);
      app.use(
        ((_req, res) => {
          res.statusCode = 404;
          res.end("nowhere");
        }) as Act as never,
      );
      app.use(say("app"));
      assert.deepEqual(await ask(app), [503, "app: store-failed"]);
    });

    it(`by the app's, though its \`next\` was for one call: ${version}`, async () => {
      const app = express();
      const act = middleware();
      app.use(
        ((req, res, next) => {
          new Promise<void>((resolve, reject) => {
            act(req, res, (error) => error ? reject(error) : resolve());
          }).then(() => next(), next);
        }) as Act as never,
      );
      app.get("/", touch as never, answer as never);
      app.use(say("app"));
      assert.deepEqual(await ask(app), [503, "app: store-failed"]);
    });
  }

  for (
    const [how, fail] of Object.entries<() => unknown>({
      "throws": () => {
        throw new Error("called twice");
      },
      "rejects": () => Promise.reject(new Error("called twice")),
    })
  ) {
    it(`by 500, if \`next\` ${how} that is for one call`, async () => {
      const middleware = sessions(setUp({ store }).options);
      const url = await listen(createServer((req, res) => {
        middleware(req, res, (error) => {
          if (error) return fail() as void;
          count(req as Req);
          res.setHeader("content-type", "text/csv");
          res.end("saved");
        });
      }));
      const response = await fetch(url, { signal: signal() });
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "Internal Server Error");
      assert.equal(response.headers.get("cache-control"), "private");
    });
  }
});

describe("a request that takes no `session`", () => {
  for (const app of Object.keys(APPS) as (keyof typeof APPS)[]) {
    it(`is an error, with a cookie and without: ${app}`, async () => {
      let isOn = false;
      const { get } = await start(
        app,
        (req, res) => void res.end(`${count(req)}`),
        {},
        {
          before: [(req, _res, next) => {
            if (isOn) {
              Object.defineProperty(req, "session", { get: () => undefined });
            }
            next();
          }],
        },
      );
      const cookie = cookieOf(await get());
      isOn = true;
      for (const each of [undefined, cookie]) {
        const response = await get(each, { signal: signal() });
        assert.equal(response.status, 500);
        assert.match(await response.text(), /^error: /);
      }
    });
  }
});
