import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, it } from "node:test";
import express from "express";
import { sessions } from "../../express.ts";
import { createSessions, type Session } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  cookieOf,
  count,
  kinds,
  listen,
  type Req,
} from "./_express.ts";

// Several doors of one cookie in one program: middlewares that were made apart,
// and layers that open the session themselves.

after(closeServers);

for (const app of Object.keys(APPS) as AppName[]) {
  for (const [kind, more] of Object.entries(kinds)) {
    describe(`doors of one request of ${app}, ${kind}`, () => {
      const start = async (
        make: (options: ReturnType<typeof setUp>["options"]) => [Act[], Act],
      ) => {
        const { options } = setUp(more() as object);
        const url = await listen(APPS[app](...make(options)));
        return (cookie = "") =>
          fetch(url, { headers: cookie ? { cookie } : {} });
      };
      const door = (options: object) =>
        sessions(options as never) as unknown as Act;

      it("have one session: two middlewares that were made apart", async () => {
        const get = await start((options) => {
          let first: Session;
          return [
            [
              door(options),
              (req, _res, next) => {
                first = req.session;
                count(req);
                next();
              },
              door({ ...options }),
            ],
            (req, res) => {
              assert.equal(req.session, first);
              req.session.login("ada");
              res.end(`${count(req)}`);
            },
          ];
        });
        const response = await get();
        assert.equal(await response.text(), "2");
        assert.equal(response.headers.getSetCookie().length, 1);
        const again = await get(cookieOf(response));
        assert.equal(await again.text(), "4");
      });

      it("have one session: one of them opens it later", async () => {
        const get = await start((options) => [
          [
            door(options),
            (req, _res, next) => {
              count(req);
              next();
            },
            door({ ...options, lazy: true }),
          ],
          async (req, res) => {
            const open = req.session as unknown as () => Promise<Session>;
            const session = await open();
            res.end(`${count({ session })}`);
          },
        ]);
        const response = await get();
        assert.equal(await response.text(), "2");
        assert.equal(response.headers.getSetCookie().length, 1);
      });

      it("hand out their own again where another was used between", async () => {
        const get = await start((options) => {
          let first: Session;
          const middleware = door(options);
          const other = door({ ...options, cookie: { name: "other" } });
          return [
            [
              middleware,
              (req, _res, next) => {
                first = req.session;
                next();
              },
              other,
              (req, _res, next) => {
                assert.notEqual(req.session, first);
                next();
              },
              middleware,
            ],
            (req, res) => {
              assert.equal(req.session, first);
              res.end(`${count(req)}`);
            },
          ];
        });
        const response = await get();
        assert.equal(await response.text(), "1");
        assert.ok(cookieOf(response));
      });

      it("drop what has failed, whoever of them says so", async () => {
        const get = await start((options) => {
          const inner = sessions({ ...options });
          return [
            [door(options), inner as unknown as Act],
            (req, res) => {
              req.session.login("ada");
              inner.failed(new Error("failed"), req, res, () => {
                res.statusCode = 404;
                res.end();
              });
            },
          ];
        });
        const response = await get();
        assert.equal(response.status, 404);
        assert.deepEqual(response.headers.getSetCookie(), []);
      });

      for (const which of [0, 1]) {
        it(`drop what has failed within a layer, as the ${which ? "inner" : "outer"} one says`, async () => {
          const get = await start((options) => {
            const layers = createSessions(options);
            const both = [sessions(options), sessions({ ...options })];
            const layer: Act = async (req, _res, next) => {
              assert.equal((await layers.open(req)).userId, undefined);
              next();
            };
            return [
              [layer, ...both as unknown as Act[]],
              (req, res) => {
                req.session.login("ada");
                both[which]!.failed(new Error("failed"), req, res, () => {
                  res.statusCode = 404;
                  res.end("failed");
                });
              },
            ];
          });
          const response = await get();
          assert.equal(response.status, 404);
          assert.equal(await response.text(), "failed");
          assert.deepEqual(response.headers.getSetCookie(), []);
        });
      }

      it("have one session: a layer inside, which the middleware keeps", async () => {
        const get = await start((options) => {
          const layers = createSessions(options);
          return [[door(options)], async (req, res) => {
            count(req);
            const session = await layers.open(req);
            assert.equal(session, req.session);
            session.set("inner", 1);
            const { cookies, headers } = await layers.commit(session);
            assert.deepEqual(cookies, []);
            assert.equal(new Headers(headers as never).get("vary"), "Cookie");
            await assert.rejects(layers.discard(session), {
              code: "unsupported",
            });
            res.end(JSON.stringify(session));
          }];
        });
        const response = await get();
        assert.deepEqual(await response.json(), { n: 1, inner: 1 });
        assert.equal(response.headers.getSetCookie().length, 1);
        const again = await get(cookieOf(response));
        assert.deepEqual(await again.json(), { n: 2, inner: 1 });
      });

      it("have one session: a layer around, whether it commits or not", async () => {
        for (const isBefore of [true, false]) {
          const get = await start((options) => {
            const layers = createSessions(options);
            let outer: Session;
            const open: Act = (req, res, next) => {
              layers.open(req).then(async (session) => {
                outer = session;
                session.set("outer", 1);
                if (!isBefore) return;
                const { cookies } = await layers.commit(session);
                for (const { line } of cookies) {
                  res.appendHeader("set-cookie", line);
                }
              }).then(() => next(), next);
            };
            const twice = [door(options), door({ ...options })];
            return [[open, ...twice], (req, res) => {
              assert.equal(req.session, outer);
              count(req);
              res.end(JSON.stringify(req.session));
            }];
          });
          const response = await get();
          assert.deepEqual(await response.json(), { outer: 1, n: 1 });
          assert.equal(response.headers.getSetCookie().length, 1);
          const again = await get(cookieOf(response));
          assert.deepEqual(await again.json(), { outer: 1, n: 2 });
        }
      });

      it("keep nothing of a response that failed, within a layer", async () => {
        const get = await start((options) => {
          const layers = createSessions(options);
          const open: Act = (req, _res, next) => {
            layers.open(req).then(() => next(), next);
          };
          const twice = [door(options), door({ ...options })];
          return [[open, ...twice], (req, res) => {
            req.session.login("ada");
            res.statusCode = 500;
            res.end();
          }];
        });
        const response = await get();
        assert.equal(response.status, 500);
        assert.deepEqual(response.headers.getSetCookie(), []);
      });

      it("sign out whom a layer before them has signed in", async () => {
        for (const act of ["destroy", "reset"] as const) {
          const get = await start((options) => {
            const layers = createSessions(options);
            const remember: Act = async (req, res, next) => {
              const session = await layers.open(req);
              session.login("ada");
              const { cookies } = await layers.commit(session);
              for (const { line } of cookies) {
                res.setHeader("set-cookie", line);
              }
              next();
            };
            return [[remember, door(options)], ({ session }, res) => {
              session[act]();
              res.end();
            }];
          });
          const lines = (await get()).headers.getSetCookie();
          assert.equal(lines.length, 1);
          assert.match(`${lines}`, /^[\w-]+=; Max-Age=0; /);
        }
      });

      it("keep nothing of what comes after it, within a layer", async () => {
        const { promise, resolve } = Promise.withResolvers<Session>();
        const get = await start((options) => {
          const layers = createSessions(options);
          const look: Act = (req, res, next) => {
            layers.open(req).then((session) => {
              res.once("finish", () => resolve(session));
              next();
            }, next);
          };
          return [[look, door(options), door({ ...options })], (req, res) => {
            req.session.login("ada");
            res.end();
          }];
        });
        const response = await get();
        assert.equal(response.headers.getSetCookie().length, 1);
        const late = await promise;
        assert.equal(late.userId, "ada");
        assert.throws(() => late.login("eve"), { code: "late-write" });
        assert.throws(() => late.destroy(), { code: "late-write" });
      });

      it("let a layer around commit what has left, and add nothing", async () => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        const get = await start((options) => {
          const layers = createSessions(options);
          const around: Act = async (req, res, next) => {
            const session = await layers.open(req);
            res.once("finish", () => resolve(layers.commit(session)));
            next();
          };
          return [[around, door(options)], (req, res) => {
            req.session.login("ada");
            res.end();
          }];
        });
        await get();
        assert.deepEqual(await promise, {
          cookies: [],
          headers: [["cache-control", "no-store"], ["vary", "Cookie"]],
        });
      });

      it("read what has left with the response, and do not write it", async () => {
        const { promise, resolve } = Promise.withResolvers<Session>();
        const get = await start((options) => {
          const layers = createSessions(options);
          return [[door(options)], (req: Req, res) => {
            req.session.login("ada");
            res.once("finish", () => resolve(layers.open(req)));
            res.end();
          }];
        });
        await get();
        const late = await promise;
        assert.equal(late.userId, "ada");
        assert.throws(() => late.login("eve"), { code: "late-write" });
      });
    });
  }
}

describe("Express 5, on a part of an app", () => {
  it("keeps nothing after `failed` of either, within a layer", async () => {
    for (const lazy of [false, true]) {
      for (const which of [0, 1]) {
        const { options } = setUp();
        const layers = createSessions(options);
        const doors = [sessions({ ...options, lazy }), sessions(options)];
        const app = express();
        app.use((req, _res, next) => {
          layers.open(req).then(() => next(), next);
        });
        app.use(...doors as never[]);
        app.get("/", (req, _res, next) => {
          (req as unknown as Req).session.set("n", 1);
          next(new Error("broken"));
        });
        app.use(doors[which]?.failed as never);
        app.use(
          ((
            _error: unknown,
            req: Req,
            res: express.Response,
            _next: unknown,
          ) => {
            assert.throws(() => req.session.set("n", 2), {
              code: "late-write",
            });
            res.status(404).end("none");
          }) as never,
        );
        const response = await fetch(await listen(createServer(app)));
        assert.equal(response.status, 404);
        assert.deepEqual(response.headers.getSetCookie(), []);
      }
    }
  });

  it("has the session of the app, and a logout there is one", async () => {
    const { options } = setUp();
    const app = express();
    app.use(sessions(options));
    const part = express.Router();
    part.use(sessions({ ...options }));
    part.get("/in", (req, res) => {
      (req as unknown as Req).session.login("ada");
      res.end();
    });
    part.get("/out", (req, res) => {
      (req as unknown as Req).session.destroy();
      res.end();
    });
    app.use("/part", part);
    const url = await listen(createServer(app));
    const cookie = `${cookieOf(await fetch(`${url}/part/in`))}`;
    const response = await fetch(`${url}/part/out`, { headers: { cookie } });
    assert.equal(response.headers.getSetCookie().length, 1);
    assert.match(`${response.headers.getSetCookie()}`, /=; Max-Age=0; /);
  });
});
