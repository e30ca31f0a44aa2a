// Requests that the option `when` leaves out, and addresses that a router
// changes.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Session } from "../../mod.ts";
import { typesOf } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  cookieOf,
  count,
  start,
} from "./_express.ts";

after(closeServers);

/** The session of a request, opened by now or not. */
async function opened(given: unknown): Promise<Session> {
  return typeof given === "function" ? await given() : given as Session;
}

const isPost = { method: "POST" };

for (const app of Object.keys(APPS) as AppName[]) {
  for (const lazy of [false, true]) {
    describe(`${app}, ${lazy ? "lazy" : "opened"},`, () => {
      it("leaves out what `when` leaves out, also if that fails", async () => {
        const asked: string[] = [];
        const { get, events } = await start(app, async (req, res, next) => {
          const session = await opened(req.session);
          if (req.method === "GET") {
            return void res.end(`${count({ session })}`);
          }
          try {
            session.set("n", 9);
          } catch (error) {
            next(error);
          }
        }, {
          when: ({ url, method }: Request) => {
            asked.push(`${method} ${new URL(url).pathname}`);
            return method === "GET";
          },
          lazy,
        } as object);
        const first = await get();
        assert.equal(await first.text(), "1");
        const cookie = cookieOf(first);
        typesOf(events);
        const out = await get(cookie, isPost);
        assert.equal(await out.text(), "error: left-out");
        assert.equal(out.status, 500);
        assert.deepEqual(out.headers.getSetCookie(), []);
        assert.equal(out.headers.get("vary"), null);
        assert.equal(out.headers.get("cache-control"), null);
        assert.deepEqual(typesOf(events), []);
        assert.equal(await (await get(cookie)).text(), "2");
        assert.deepEqual(asked, ["GET /", "POST /", "GET /"]);
      });
    });
  }
}

it("what `when` leaves out is not checked for another site, either", async () => {
  const { get } = await start("Express 5", (_req, res) => void res.end("in"), {
    when: ({ headers }) => !headers.has("x-hook"),
    csrf: true,
  });
  const headers = { "sec-fetch-site": "cross-site" };
  const refused = await get("", { ...isPost, headers });
  assert.equal(refused.status, 403);
  const hook = { ...headers, "x-hook": "1" };
  const left = await get("", { ...isPost, headers: hook });
  assert.equal(left.status, 200);
  assert.equal(left.headers.get("vary"), null);
});

// Polka routes by what is left of the address.
for (const app of ["Express 5", "Express 4", "node:http"] as const) {
  it(`a session is that of the address that was asked for: ${app}`, async () => {
    const route: Act = (req, _res, next) => {
      // As a router does that has taken its part of it, before it is opened.
      Object.assign(req, { url: "/" });
      next();
    };
    const { url } = await start(
      app,
      async (req, res) => {
        const session = await opened(req.session);
        res.end(`${count({ session })}`);
      },
      { cookie: { name: "sid-at", path: "/shop" }, lazy: true } as object,
      { after: [route] },
    );
    const response = await fetch(`${url}/shop/1`);
    assert.equal(await response.text(), "1");
    assert.match(`${response.headers.getSetCookie()}`, /Path=\/shop/);
  });
}
