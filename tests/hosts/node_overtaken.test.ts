// Who signs out while an answer to an earlier request waits, for another session
// or in the hooks of others, stays signed out: the cookie of that answer would be
// the newer one in the browser.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import express5 from "express";
import { sessions } from "../../express.ts";
import { sessions as plugin } from "../../fastify.ts";
import type { Session } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START } from "../shared/support.ts";
import {
  answerError,
  closeServers,
  count,
  kinds,
  listen,
  type Req,
} from "./_express.ts";
import {
  addRoutes,
  askOf,
  closeApps,
  listen as listenFastify,
  makeApp,
  type Started,
} from "./_fastify.ts";

after(async () => {
  closeServers();
  await closeApps();
});

/** What an answer waits for. */
class Gate {
  readonly reached = Promise.withResolvers<void>();
  readonly opened = Promise.withResolvers<void>();
  isShut = false;

  async pass(): Promise<void> {
    if (!this.isShut) return;
    this.isShut = false;
    this.reached.resolve();
    await this.opened.promise;
  }
}

/** A store whose writes wait at a gate, and may fail from there on. */
function storeBehind(gate: Gate, isDown: boolean): MemoryStore {
  let isReached = false;
  return new Proxy(new MemoryStore({ now: () => START }), {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: never[]) => {
        isReached ||= gate.isShut;
        await gate.pass();
        if (isReached && isDown) throw new Error("down");
        return await member.apply(target, args);
      };
    },
  });
}

const acts: Readonly<Record<string, (session: Session) => unknown>> = {
  "/in": (session) => session.login("ada"),
  "/out": (session) => session.destroy(),
  "/change": (session) => count({ session }),
  "/renew": (session) => session.regenerate(),
};

/** The lines of a response for the user's session: `undefined` if one removes it. */
const userOf = (response: Response): (string | undefined)[] =>
  response.headers.getSetCookie().filter((line) => /user/.test(line))
    .map((line) => line.includes("Max-Age=0") ? undefined : line.split(";")[0]);

/** Signs in, and out while a change waits; gives the answer to that. */
async function signOutMeanwhile(
  get: Started["get"],
  gate: Gate,
  path: string,
): Promise<Response> {
  const [cookie] = userOf(await get("/in"));
  assert.ok(cookie);
  const kept = userOf(await get(path, cookie));
  assert.deepEqual(
    kept.length,
    1,
    "the cookie of an answer that waits for none",
  );
  const newest = kept[0] as string;
  gate.isShut = true;
  const late = get(path, newest);
  await gate.reached.promise;
  assert.deepEqual(userOf(await get("/out", newest)), [undefined]);
  gate.opened.resolve();
  return await late;
}

for (const isDown of [false, true]) {
  const what = isDown ? "fails" : "is kept";
  for (const path of ["/change", "/renew"]) {
    describe(`behind another session, which ${what} later, ${path}`, () => {
      it("a cookie does not go out after a logout", async () => {
        const gate = new Gate();
        const { options } = setUp();
        const { options: others } = setUp();
        const app = express5();
        const store = storeBehind(gate, isDown);
        const shop = sessions({ ...others, store, cookie: { name: "shop" } });
        app.use(shop, (req, _res, next) => {
          Object.assign(req, { shop: Object(req).session });
          next();
        });
        app.use(sessions({ ...options, cookie: { name: "user" } }));
        for (const [path, act] of Object.entries(acts)) {
          app.get(path, (req, res) => {
            const { session, shop } = req as unknown as Req & { shop: Session };
            act(session);
            if (gate.isShut) count({ session: shop });
            res.send("done");
          });
        }
        app.use(answerError as never);
        const get = askOf(await listen(createServer(app)));
        const late = await signOutMeanwhile(get, gate, path);
        assert.equal(late.status, isDown ? 500 : 200);
        assert.deepEqual(userOf(late), []);
        assert.equal(late.headers.get("cache-control"), "no-store");
      });
    });
  }
}

describe("behind another session, which is still being read", () => {
  it("a cookie does not go out after a logout", async () => {
    const gate = new Gate();
    const { options } = setUp();
    const { options: others } = setUp();
    const app = express5();
    const store = storeBehind(gate, false);
    const cookie = { name: "shop" };
    app.use(sessions({ ...others, store, cookie, lazy: true }));
    app.use((req, _res, next) => {
      Object.assign(req, { shop: Object(req).session });
      next();
    });
    app.use(sessions({ ...options, cookie: { name: "user" } }));
    for (const [path, act] of Object.entries(acts)) {
      app.get(path, async (req, res) => {
        const { session, shop } = req as unknown as Req & {
          shop: () => Promise<Session>;
        };
        act(session);
        // Whoever reads it is not waited for.
        const opened = shop();
        if (path === "/in") count({ session: await opened });
        res.send("done");
      });
    }
    const get = askOf(await listen(createServer(app)));
    const both = (await get("/in")).headers.getSetCookie()
      .map((line) => line.split(";")[0]).join("; ");
    gate.isShut = true;
    const late = get("/renew", both);
    await gate.reached.promise;
    assert.deepEqual(userOf(await get("/out", both)), [undefined]);
    gate.opened.resolve();
    assert.deepEqual(userOf(await late), []);
    assert.equal((await late).headers.get("cache-control"), "no-store");
  });
});

for (const [kind, more] of Object.entries(kinds)) {
  for (const wait of ["a hook", "a stream"]) {
    describe(`before ${wait} that waits, data ${kind}`, () => {
      it("a cookie of Fastify does not go out after a logout", async () => {
        const gate = new Gate();
        const { options } = setUp(more() as object);
        const app = makeApp();
        app.register(plugin({ ...options, cookie: { name: "user" } }));
        app.after(() => {
          if (wait === "a hook") app.addHook("onSend", () => gate.pass());
          const routes = Object.entries(acts).map(([path, act]) => [
            path,
            ({ session }: { session: Session }) => {
              act(session);
              return wait === "a hook"
                ? "done"
                : Readable.from((async function* () {
                  await gate.pass();
                  yield "done";
                })());
            },
          ]);
          addRoutes(app, Object.fromEntries(routes));
        });
        const get = askOf(await listenFastify(app));
        const late = await signOutMeanwhile(get, gate, "/renew");
        assert.equal(await late.text(), "done");
        assert.deepEqual(userOf(late), []);
        assert.equal(late.headers.get("cache-control"), "no-store");
      });
    });
  }
}
