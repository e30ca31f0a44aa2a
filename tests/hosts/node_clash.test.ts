// Two doors into Node's frameworks that keep two sessions in one cookie.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { sessions as middleware } from "../../express.ts";
import { sessions as plugin } from "../../fastify.ts";
import { markedSecret, setUp } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  count,
  listen as serve,
  slowStore,
} from "./_express.ts";
import { addRoutes, askOf, closeApps, listen, makeApp } from "./_fastify.ts";

after(closeApps);
after(closeServers);

const { options } = setUp();
const PAIRS = {
  "two stores": [{ store: slowStore() }, { store: slowStore() }],
  "two secrets": [{}, { secret: markedSecret() }],
};

for (const [name, [outer, inner]] of Object.entries(PAIRS)) {
  describe(`two sessions of one request in one cookie: ${name}`, () => {
    for (const app of Object.keys(APPS) as AppName[]) {
      it(`are refused by ${app}, and nothing is kept`, async () => {
        for (const lazy of [false, true]) {
          const all = [
            middleware({ ...options, ...outer, lazy }) as unknown as Act,
            ((req, _res, next) => {
              if (!lazy) count(req);
              next();
            }) as Act,
            middleware({ ...options, ...inner, lazy }) as unknown as Act,
          ];
          const url = await serve(APPS[app](all, (_req, res) => res.end("in")));
          const response = await fetch(url);
          assert.equal(await response.text(), "error: unsupported");
          assert.equal(response.status, 500);
          assert.deepEqual(response.headers.getSetCookie(), []);
        }
      });
    }

    it("are refused by Fastify, where both are", async () => {
      for (const lazy of [false, true]) {
        const app = makeApp();
        app.register(plugin({ ...options, ...outer, lazy }));
        app.register((app, _options, done) => {
          app.register(plugin({ ...options, ...inner, lazy }));
          addRoutes(app, { "/in": () => "in" });
          done();
        });
        addRoutes(app, { "/": () => "around" });
        const get = askOf(await listen(app));
        const response = await get("/in");
        assert.equal(await response.text(), "error: unsupported");
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(await (await get("/")).text(), "around");
      }
    });
  });
}
