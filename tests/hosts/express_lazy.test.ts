// A lazy session that is opened after the handler has begun to answer.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import compression from "compression";
import { type LazySessionRequest, sessions } from "../../express.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  listen,
  slowStore,
} from "./_express.ts";

after(closeServers);

type Lazy = LazySessionRequest;
type Handler = (req: Lazy, res: ServerResponse) => unknown;
const NAMES = ["Express 5", "node:http"] as const;

/** Starts an app whose handler may reject. */
async function start(
  name: AppName,
  handler: Handler,
  { store = slowStore(), first = [] as Act[] } = {},
): Promise<string> {
  const { options } = setUp();
  const session = sessions({ ...options, store, lazy: true });
  const act: Act = async (req, res, next) => {
    try {
      await handler(req as unknown as Lazy, res);
    } catch (error) {
      next(error);
    }
  };
  return await listen(APPS[name]([...first, session as never], act));
}

function* endless(): Generator<string> {
  for (;;) yield "a".repeat(30_000);
}

describe("a lazy session", () => {
  const refused: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
    "a number": (res) => res.end(5 as never),
    "nothing": (res) => res.write(null as never),
    "an encoding": (res) => res.write("x", "none" as never),
    "a status": (res) => {
      res.statusCode = 9999;
      res.end("x");
    },
    "a field": (res) => res.writeHead(200, { "x-name": "a\nb" }),
  };
  for (const name of NAMES) {
    for (const [what, answer] of Object.entries(refused)) {
      it(`is still there after Node has refused ${what}, ${name}`, async () => {
        const url = await start(name, async (req, res) => {
          assert.throws(() => answer(res));
          res.statusCode = 303;
          (await req.session()).flash("notice", "No such name");
          res.end("sorry");
        });
        const response = await fetch(url, { redirect: "manual" });
        assert.equal(response.status, 303);
        assert.equal(response.headers.getSetCookie().length, 1);
        assert.equal(await response.text(), "sorry");
      });
    }

    it(`closes what was piped before, if it cannot be kept, ${name}`, async () => {
      const source = Readable.from(endless());
      const store = slowStore({ isDown: true });
      const url = await start(name, async (req, res) => {
        source.pipe(res);
        (await req.session()).set("n", 1);
      }, { store });
      const response = await fetch(url);
      assert.equal(await response.text(), "error: store-failed");
      while (!source.destroyed) await delay(1);
    });
  }

  it("lets those go on who wait for drain behind compression()", async () => {
    const url = await start("Express 5", async (req, res) => {
      res.setHeader("content-type", "text/plain");
      let parts = 0;
      const more = () => {
        while (parts < 5) if (!res.write(`${parts++}`.repeat(2000))) return;
        res.end();
      };
      res.on("drain", more);
      (await req.session()).set("n", 1);
      more();
    }, { first: [compression() as never] });
    const text = await (await fetch(url)).text();
    assert.equal(text.length, 10_000);
  });
});
