// What a program may do with a session once a handler has failed.

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { after, describe, it } from "node:test";
import express5 from "express";
import { sessions } from "../../express.ts";
import type { Session, SessionError } from "../../mod.ts";
import { setUp, typesOf } from "../shared/support.ts";
import { closeServers, cookieOf, kinds, listen, type Req } from "./_express.ts";

after(closeServers);

describe("a handler that has failed, with `failed` behind it,", () => {
  for (const [kind, more] of Object.entries(kinds)) {
    const serve = async (
      act: (req: Req, res: ServerResponse) => unknown,
      answer: (req: Req, res: ServerResponse) => unknown,
      lazy = false,
    ) => {
      const { options, events } = setUp(more());
      const middleware = sessions({ ...options, lazy });
      const app = express5();
      app.use(middleware as never);
      app.get("/boom", act as never);
      app.get("/", (req, res) => {
        const { session } = req as never as Req;
        if (session.isNew) session.login("ada");
        res.json({ n: session.get("n"), notices: session.flashes("notice") });
      });
      app.use(middleware.failed as never);
      app.use(
        ((_error: unknown, req: never, res: never, _next: unknown) =>
          answer(req, res)) as never,
      );
      const url = await listen(createServer(app));
      return { url, events };
    };
    const fail = ({ session }: Req) => {
      session.set("n", 1);
      throw new Error("broken");
    };

    it(`refuses what the answer writes, data ${kind}`, async () => {
      const codes: string[] = [];
      const { url, events } = await serve(fail, ({ session }, res) => {
        for (
          const write of [
            () => session.flash("notice", "Something went wrong"),
            () => session.login("eve"),
            () => session.destroy(),
            () => session.reset(),
          ]
        ) {
          assert.throws(write, (error: SessionError) => {
            codes.push(error.code);
            return /: its request has failed /.test(error.message);
          });
        }
        res.statusCode = 303;
        res.setHeader("location", "/");
        res.end();
      });
      const cookie = `${cookieOf(await fetch(url))}`;
      typesOf(events);
      const headers = { cookie };
      const init: RequestInit = { headers, redirect: "manual" };
      const response = await fetch(`${url}/boom`, init);
      assert.equal(response.status, 303);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.deepEqual(codes, Array(4).fill("late-write"));
      const seen = typesOf(events);
      assert.equal(seen.filter((type) => type === "late-write").length, 4);
      assert.equal(
        await (await fetch(url, { headers })).text(),
        `{"notices":[]}`,
      );
    });

    it(`lets the answer read what nobody has read before, data ${kind}`, async () => {
      const { url } = await serve(() => {
        throw new Error("broken");
      }, ({ session }, res) => {
        res.statusCode = 404;
        res.end(`Not here, ${session.userId}`);
      });
      const cookie = `${cookieOf(await fetch(url))}`;
      const response = await fetch(`${url}/boom`, { headers: { cookie } });
      assert.equal(await response.text(), "Not here, ada");
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(response.headers.get("cache-control"), "no-store");
    });

    it(`lets the answer open it, data ${kind}`, async () => {
      const { url } = await serve(
        () => {
          throw new Error("broken");
        },
        async (req, res) => {
          const open = req.session as unknown as () => Promise<Session>;
          const session = await open();
          assert.throws(() => session.set("n", 1), { code: "late-write" });
          res.statusCode = 404;
          res.end(`${session.isNew}`);
        },
        true,
      );
      const response = await fetch(`${url}/boom`);
      assert.equal(await response.text(), "true");
      assert.equal(response.headers.get("vary"), "Cookie");
    });

    it(`leaves a response as it is that uses no session, data ${kind}`, async () => {
      const { url } = await serve(() => {
        throw new Error("broken");
      }, (_req, res) => {
        res.statusCode = 404;
        res.end("Not here");
      });
      const response = await fetch(`${url}/boom`);
      assert.equal(response.headers.get("vary"), null);
    });

    it(`is read too late once its answer has left, data ${kind}`, async () => {
      const read = Promise.withResolvers<unknown>();
      const { url } = await serve(() => {
        throw new Error("broken");
      }, ({ session }, res) => {
        res.statusCode = 404;
        res.end("Not here");
        try {
          read.resolve(session.userId);
        } catch (error) {
          read.resolve((error as SessionError).code);
        }
      });
      await fetch(`${url}/boom`);
      assert.equal(await read.promise, "late-read");
    });

    it(`keeps what has answered before it failed, data ${kind}`, async () => {
      const { url } = await serve((req, res) => {
        req.session.set("n", 1);
        res.end("answered");
        throw new Error("late");
      }, () => {});
      const response = await fetch(`${url}/boom`);
      const cookie = `${cookieOf(response)}`;
      const page = await fetch(url, { headers: { cookie } });
      assert.equal(await page.text(), `{"n":1,"notices":[]}`);
    });
  }
});
