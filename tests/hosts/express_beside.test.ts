// Another library's sessions in the same program, as docs/frameworks/express.md says.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, it } from "node:test";
// @ts-ignore: its types would claim `session` of all requests for themselves.
import cookieSession from "cookie-session";
import express from "express";
// @ts-ignore: the same.
import expressSession from "express-session";
import { sessions } from "../../express.ts";
import type { Session } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import { closeServers, kinds, listen } from "./_express.ts";

after(closeServers);

/** A request that has both. */
type Both = express.Request & {
  session?: Session | { n?: number };
  visitor: Session;
};

const keys = ["a secret of theirs, for this test"];
const others: Readonly<Record<string, () => unknown>> = {
  "express-session": () =>
    expressSession({
      secret: keys[0] as string,
      resave: true,
      saveUninitialized: true,
    }),
  "cookie-session": () => cookieSession({ keys }),
};

for (const [name, other] of Object.entries(others)) {
  for (const [kind, more] of Object.entries(kinds)) {
    describe(`${name} behind a session that was moved over, ${kind}`, () => {
      it("keeps its own, and so does the visitor's", async () => {
        const app = express();
        app.use(
          sessions(setUp(more() as object).options),
          (req, _res, next) => {
            const both = req as unknown as Both;
            both.visitor = both.session as Session;
            delete both.session;
            next();
          },
        );
        app.use(other() as express.RequestHandler);
        app.get("/", (req, res) => {
          const { session, visitor } = req as unknown as Both & {
            session: { n?: number };
          };
          session.n = (session.n ?? 0) + 1;
          res.json([session.n, visitor.update("n", (n = 0) => n + 1)]);
        });
        const url = await listen(createServer(app));
        const jar = new Map<string, string>();
        for (const n of [1, 2, 3]) {
          const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
          const response = await fetch(url, { headers: { cookie } });
          assert.deepEqual(await response.json(), [n, n]);
          for (const line of response.headers.getSetCookie()) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ??
              [];
            jar.set(name, value);
          }
        }
      });
    });
  }
}
