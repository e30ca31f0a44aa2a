import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionError,
  type SessionOptions,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { Browser } from "../../testing/browser.ts";
import {
  requestWith,
  router,
  setUp,
  tokenOf,
  typesOf,
} from "../shared/support.ts";

const url = "https://example.com/";

/**
 * A store for each request over one back end. As on Workers, none of them works
 * once its request is over.
 */
function perRequest() {
  const made: { isOver: boolean }[] = [];
  const bench = setUp();
  const inner = new MemoryStore({ now: () => bench.clock.now });
  const store = () => {
    const life = { isOver: false };
    made.push(life);
    const guard = <Args extends unknown[], Answer>(
      ask: (...args: Args) => Answer,
    ) =>
    (...args: Args) => {
      assert.equal(life.isOver, false, "The client is of another request");
      return ask.apply(inner, args);
    };
    return {
      consistency: "strong" as const,
      create: guard(inner.create),
      get: guard(inner.get),
      update: guard(inner.update),
      delete: guard(inner.delete),
      touch: guard(inner.touch),
      listByUser: guard(inner.listByUser),
      count: guard(inner.count),
    };
  };
  const options = { ...bench.options, store };
  let running = 0;
  const wrap = (handler: Parameters<typeof router>[0]) => {
    const handle = withSession(router(handler), options);
    return async (request: Request) => {
      running++;
      try {
        return await handle(request);
      } finally {
        if (!--running) { for (const life of made) life.isOver = true; }
      }
    };
  };
  return { made, wrap, inner, ...bench, options };
}

const routes: Parameters<typeof router>[0] = {
  nothing: () => null,
  read: (session) => session.get("n") ?? null,
  count: (session) => session.update("n", (n = 0) => n + 1),
  login: (session) => session.login("ada"),
  logout: (session) => session.destroy(),
  who: (session) => session.userId ?? null,
  save: async (session) => {
    session.update("n", (n = 0) => n + 1);
    await session.save();
    return session.update("n", (n = 0) => n + 1);
  },
};

describe("a store for each request", () => {
  it("is made once in each request that needs it, and in no other", async () => {
    const { made, wrap } = perRequest();
    const browser = new Browser(wrap(routes));
    await browser.get("/nothing");
    await browser.get("/read");
    assert.equal(made.length, 0);
    await browser.get("/count");
    assert.equal(made.length, 1);
    assert.equal(await (await browser.get("/count")).json(), 2);
    assert.equal(await (await browser.get("/save")).json(), 4);
    assert.equal(made.length, 3);
    const forged = requestWith(`__Host-sid=${"A".repeat(150)}`, `${url}read`);
    await wrap(routes)(forged);
    assert.equal(made.length, 3);
  });

  it("serves all of a session's life", async () => {
    const { wrap, events } = perRequest();
    const browser = new Browser(wrap(routes));
    await browser.get("/count");
    await browser.post("/login");
    assert.equal(await (await browser.get("/who")).json(), "ada");
    assert.equal(await (await browser.get("/count")).json(), 2);
    await browser.post("/logout");
    assert.equal(await (await browser.get("/who")).json(), null);
    assert.deepEqual(typesOf(events).filter((type) => type !== "opened"), [
      "created",
      "destroyed",
    ]);
  });

  it("lets a process know what it has ended in another request", async () => {
    const { wrap } = perRequest();
    const logout = wrap(routes);
    const browser = new Browser(logout);
    await browser.post("/login");
    const cookie = `__Host-sid=${browser.cookie("__Host-sid")}`;
    const slow = wrap({
      read: async (session) => {
        await logout(requestWith(cookie, `${url}logout`, { method: "POST" }));
        return session.userId;
      },
    });
    const late = await slow(requestWith(cookie, `${url}read`));
    assert.deepEqual(late.headers.getSetCookie(), []);
    // A moment after its end, what comes with it is refused and not replaced.
    await assert.rejects(
      logout(requestWith(cookie, `${url}count`)),
      { code: "gone" },
    );
  });

  it("keeps what many requests write at the same time", async () => {
    const { wrap } = perRequest();
    const handle = wrap(routes);
    const cookie = `__Host-sid=${
      tokenOf(await handle(new Request(`${url}count`)))
    }`;
    const all = Array.from(
      { length: 20 },
      () => handle(requestWith(cookie, `${url}count`)),
    );
    await Promise.all(all);
    const read = await handle(requestWith(cookie, `${url}read`));
    assert.equal(await read.json(), 21);
  });

  it("is made once for each call without a request", async () => {
    const { made, options, inner } = perRequest();
    const sessions = createSessions(options);
    for (let i = 0; i < 3; i++) {
      const session = sessions.create();
      session.login("ada");
      await sessions.seal(session);
    }
    made.splice(0);
    assert.equal((await sessions.list("ada")).length, 3);
    assert.equal(await sessions.count(), 3);
    assert.equal(made.length, 2);
    const [{ id } = { id: "" }] = await sessions.list("ada");
    made.splice(0);
    assert.equal(await sessions.revoke("ada", id), true);
    assert.equal(await sessions.revokeAll("ada"), 2);
    assert.equal(made.length, 2);
    assert.equal(await inner.count(), 0);
  });

  it("may be that of the revocations", async () => {
    let count = 0;
    const bench = setUp();
    const store = new MemoryStore({ now: () => bench.clock.now });
    const options = {
      ...bench.options,
      revocationsMaxAge: 5,
      revocations: () => {
        count++;
        return store;
      },
    };
    const browser = new Browser(withSession(router(routes), options));
    await browser.get("/read");
    assert.equal(count, 0);
    await browser.post("/login");
    assert.equal(count, 1);
    assert.equal(await (await browser.get("/who")).json(), "ada");
    const sessions = createSessions(options);
    bench.clock.advance(10);
    assert.equal(await sessions.revokeAll("ada"), undefined);
    assert.equal(await (await browser.get("/who")).json(), null);
  });

  it("that is none, or none for revocations, is refused by name", async () => {
    const { options } = setUp();
    const bad: [keyof SessionOptions, unknown][] = [
      ["store", undefined],
      ["store", {}],
      ["store", () => new MemoryStore()],
      ["store", Promise.resolve(new MemoryStore())],
      ["revocations", {}],
      ["revocations", Object.assign(new MemoryStore(), { evicts: true })],
    ];
    for (const [name, made] of bad) {
      const wrong = { ...options, [name]: () => made };
      const handle = withSession((_request, session) => {
        session.login("ada");
        return new Response();
      }, wrong as typeof options);
      await assert.rejects(
        handle(new Request(url)),
        (error: Error) => error.message.startsWith(`Option ${name} `),
        `${name}`,
      );
    }
  });

  it("that is made too late is called by its class", async () => {
    const { options } = setUp();
    const store = async () => await Promise.resolve(new MemoryStore());
    const handle = withSession((_request, session) => {
      session.login("ada");
      return new Response();
    }, { ...options, store: store as never });
    await assert.rejects(handle(new Request(url)), {
      code: "store-failed",
      message:
        /^Option store must return a store at once: .*: it is Promise \(with-session: docs\/errors\/option\.md\)$/,
    });
  });

  it("that cannot be made is an event, also for guests, and ends nothing", async () => {
    const fine = new MemoryStore();
    const broken = {
      get consistency() {
        throw new Error("postgres://user:hunter2@host");
      },
    };
    const makes: [string, () => unknown][] = [
      ["throws", () => {
        throw Object.assign(new Error("hunter2"), { code: "28P01" });
      }],
      ["is too late", () => Promise.reject(new Error("hunter2"))],
      ["has a getter", () => Object.assign(Object.create(fine), broken)],
      ["throws in a getter", () => broken],
      ["is none", () => ({})],
    ];
    for (const [name, make] of makes) {
      let isBroken = false;
      const { options, events } = setUp({ onStoreError: "anonymous" });
      const handle = withSession(router(routes), {
        ...options,
        store: (() => isBroken ? make() : fine) as never,
      });
      const first = await handle(new Request(`${url}count`));
      isBroken = true;
      events.splice(0);
      const request = requestWith(`__Host-sid=${tokenOf(first)}`, `${url}who`);
      assert.equal((await handle(request)).status, 200, name);
      assert.deepEqual(typesOf(events), ["store-error"], name);
    }
  });

  it("that cannot be made fails the request, and no other", async () => {
    let isDown = true;
    const { options } = setUp();
    const store = new MemoryStore();
    const handle = withSession(router(routes), {
      ...options,
      store: () => {
        if (isDown) throw new TypeError("postgres://user:hunter2@host");
        return store;
      },
    });
    await assert.rejects(handle(new Request(`${url}count`)), (error: Error) => {
      assert.equal(
        `${error} ${error.cause}`,
        "SessionError: Option store threw (with-session: docs/errors/store-failed.md) TypeError",
      );
      return (error as SessionError).code === "store-failed";
    });
    isDown = false;
    assert.equal(await (await handle(new Request(`${url}count`))).json(), 1);
  });
});
