// The client leaves, and the handler says no more.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect as connect2, createServer as createServer2 } from "node:http2";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, afterEach, beforeEach, describe, it, mock } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sessions } from "../../express.ts";
import {
  createSessions,
  type Session,
  type SessionOptions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
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
  start,
  type Started,
} from "./_express.ts";

after(closeServers);

/** Asks for a page and leaves once its handler has begun. */
async function leave(
  { url }: Started,
  cookie: string,
  begun: Promise<void>,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => {});
  socket.write(
    `POST / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${cookie}\r\n` +
      "Content-Length: 0\r\n\r\n",
  );
  await begun;
  socket.destroy();
}

/** Runs a handler whose client leaves, and gives who is signed in then. */
async function visit(
  app: AppName,
  more: Partial<SessionOptions>,
  act: (req: Req, res: ServerResponse, left: Promise<unknown>) => unknown,
) {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const started = await start(app, async (req, res) => {
    if (req.method === "GET") {
      const { userId, isNew } = req.session;
      if (isNew) req.session.login("ada");
      res.end(`${userId} ${req.session.get("n")}`);
      return;
    }
    const left = once(res, "close");
    begun.resolve();
    await act(req, res, left);
    over.resolve();
  }, more);
  const cookie = `${cookieOf(await started.get())}`;
  typesOf(started.events);
  await leave(started, cookie, begun.promise);
  await over.promise;
  await delay(20);
  const seen = typesOf(started.events);
  const user = await (await started.get(cookie)).text();
  return { user, seen };
}

for (const app of Object.keys(APPS) as AppName[]) {
  for (const [kind, more] of Object.entries(kinds)) {
    describe(`a client of ${app} that leaves, data ${kind},`, () => {
      it("is signed out, though nobody answers", async () => {
        const { user, seen } = await visit(
          app,
          more(),
          async (req, _res, left) => {
            req.session.destroy();
            await left;
          },
        );
        assert.equal(user, "undefined undefined");
        assert.deepEqual(seen, ["opened", "destroyed"]);
      });

      it("is signed out, also after it has left", async () => {
        const { user } = await visit(app, more(), async (req, _res, left) => {
          await left;
          req.session.reset();
          req.session.flash("notice", "You have signed out");
        });
        assert.equal(user, "undefined undefined");
      });

      it("is signed out if the server cuts the connection", async () => {
        const { user } = await visit(app, more(), async (req, res, left) => {
          req.session.destroy();
          res.destroy();
          await left;
        });
        assert.equal(user, "undefined undefined");
      });

      it("is signed out once if somebody answers", async () => {
        const { user, seen } = await visit(
          app,
          more(),
          async (req, res, left) => {
            req.session.destroy();
            await left;
            await delay(5);
            res.end("You have signed out");
          },
        );
        assert.equal(user, "undefined undefined");
        assert.deepEqual(seen, ["opened", "destroyed"]);
      });
    });
  }
}

describe("a client that leaves", () => {
  const store = () => new MemoryStore({ now: () => START });

  it("has its session kept if somebody answers", async () => {
    const { user, seen } = await visit(
      "Express 5",
      { store: store() },
      async (req, res, left) => {
        count(req);
        await left;
        await delay(5);
        count(req);
        res.end("counted");
      },
    );
    assert.equal(user, "ada 2");
    assert.deepEqual(seen, ["opened"]);
  });

  for (const [kind, more] of Object.entries(kinds)) {
    for (const place of ["in front", "within a layer", "lazy"]) {
      it(`is signed out, though it left before: ${place}, ${kind}`, async () => {
        const { options } = setUp(more() as object);
        const layers = createSessions(options);
        const isLazy = place === "lazy";
        const middleware = sessions({ ...options, lazy: isLazy });
        const begun = Promise.withResolvers<void>();
        const over = Promise.withResolvers<void>();
        const server = createServer(async (req, res) => {
          const isInside = place === "within a layer";
          if (isInside) await layers.open(req);
          else {
            begun.resolve();
            await once(res, "close");
          }
          middleware(req, res, async () => {
            begun.resolve();
            if (isInside) await once(res, "close");
            // Its `close` has been noted by then.
            await delay(1);
            const { session } = req as unknown as { session: unknown };
            const opened = isLazy
              ? await (session as () => Promise<Session>)()
              : session as Session;
            opened.destroy();
            over.resolve();
          });
        });
        const url = await listen(server);
        const session = await layers.open(new Request(url));
        session.login("ada");
        const first = await layers.commit(session, new Response());
        const cookie = `${cookieOf(first)}`;
        const userOf = async () => {
          const request = new Request(url, { headers: { cookie } });
          return (await layers.open(request)).userId;
        };
        assert.equal(await userOf(), "ada");
        await leave({ url } as Started, cookie, begun.promise);
        await over.promise;
        await delay(20);
        assert.equal(await userOf(), undefined);
      });
    }
  }

  for (const path of ["/out", "/before"]) {
    it(`of HTTP/2 is signed out, though nobody answers: ${path}`, async () => {
      const { options } = setUp({ store: store() });
      const middleware = sessions(options);
      const closed = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const server = createServer2(async (req, res) => {
        if (req.url === "/before") {
          begun.resolve();
          await once(res, "close");
        }
        middleware(req as never, res as never, () => {
          const { session } = req as never as Req;
          if (req.url === "/before") {
            session.destroy();
            return closed.resolve();
          }
          if (req.url === "/out") {
            session.destroy();
            res.once("close", closed.resolve);
            return begun.resolve();
          }
          const { userId, isNew } = session;
          if (isNew) session.login("ada");
          res.end(`${userId}`);
        });
      });
      const url = await listen(server as never);
      const get = async (cookie: string) => {
        const client = connect2(url);
        try {
          const request = client.request({ ":path": "/", cookie });
          const [headers] = await once(request, "response");
          return { headers, user: await text(request) };
        } finally {
          client.close();
        }
      };
      const { headers } = await get("");
      const cookie = headers["set-cookie"][0].split(";")[0];
      assert.equal((await get(cookie)).user, "ada");
      const client = connect2(url);
      client.request({ ":path": path, cookie }).on("error", () => {});
      await begun.promise;
      client.destroy();
      await closed.promise;
      await delay(20);
      assert.equal((await get(cookie)).user, "undefined");
      server.close();
    });
  }
});

describe("a change of a client that has left", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  /** Waits without timers. */
  const turn = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  };

  const change = async (more: Partial<SessionOptions>, act: Act) => {
    const begun = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const started = await start("Express 5", async (req, res, next) => {
      res.once("close", closed.resolve);
      await act(req, res, next);
      begun.resolve();
    }, more);
    await leave(started, "", begun.promise);
    await closed.promise;
    await turn();
    return started;
  };

  it("is told after 10 s, once", async () => {
    const { events } = await change({}, (req) => count(req));
    mock.timers.tick(9_999);
    assert.deepEqual(typesOf(events), ["local"]);
    mock.timers.tick(1);
    assert.deepEqual(typesOf(events), ["uncommitted"]);
    mock.timers.tick(60_000);
    assert.deepEqual(typesOf(events), []);
  });

  it("is told once if it was changed later, with a layer or without", async () => {
    for (const isLayer of [false, true]) {
      const { options, events } = setUp({});
      const layers = createSessions(options);
      const middleware = sessions(options);
      const begun = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      const url = await listen(createServer(async (req, res) => {
        if (isLayer) await layers.open(req);
        middleware(req, res, async () => {
          begun.resolve();
          await once(res, "close");
          await turn();
          count(req as Req);
          over.resolve();
        });
      }));
      await leave({ url } as Started, "", begun.promise);
      await over.promise;
      await turn();
      typesOf(events);
      mock.timers.tick(20_000);
      assert.deepEqual(typesOf(events), ["uncommitted"]);
    }
  });

  it("is none if it was not changed, or dropped, or kept", async () => {
    const ways: Act[] = [
      ({ session }) => session.get("n"),
      (req, _res, next) => {
        count(req);
        next(new Error("broken"));
      },
      (req, res) => {
        count(req);
        res.end("kept");
      },
    ];
    for (const act of ways) {
      const { events } = await change({}, act);
      mock.timers.tick(60_000);
      assert.ok(!typesOf(events).includes("uncommitted"));
    }
  });

  it("leaves no record that no cookie refers to", async () => {
    const store = new MemoryStore({ now: () => START });
    const { events } = await change({ store }, async (req) => {
      count(req);
      await req.session.save();
    });
    assert.ok(typesOf(events).includes("created"));
    assert.equal(await store.count(), 1);
    mock.timers.tick(10_000);
    await turn();
    assert.equal(await store.count(), 0);
  });
});
