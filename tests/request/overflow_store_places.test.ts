import assert from "node:assert/strict";
import { Hono } from "hono";
import { describe, it } from "node:test";
import { type SessionEnv, sessions } from "../../hono.ts";
import {
  createSessions,
  type Session,
  type SessionReader,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { Browser } from "../../testing/browser.ts";
import { requestWith, tokenOf } from "../shared/support.ts";
import {
  cookieOf,
  fill,
  isReference,
  LARGE,
  NAME,
  note,
  open,
  seenBy,
} from "./_outgrown.ts";

describe("A session that may outgrow its cookie", () => {
  it("is on http from this machine, too", async () => {
    const { options, clock } = open();
    const browser = new Browser(
      withSession((request, session) => {
        const n = new URL(request.url).searchParams.get("n");
        if (n) fill(Number(n))(session);
        return Response.json(String(session.get("text")).length);
      }, options),
      { origin: "http://localhost:3000", now: () => clock.now },
    );
    for (const n of [10, LARGE, 20]) {
      await browser.get(`/?n=${n}`);
      assert.equal(await (await browser.get("/")).json(), n);
      assert.equal(isReference(browser.cookie("sid-3000") ?? ""), n === LARGE);
    }
  });

  it("is refused, and stays, where a program has no such store", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    for (const overflow of ["error", "parts"] as const) {
      const events: unknown[] = [];
      const onEvent = (event: unknown) => events.push(event);
      const answer = await withSession(
        (_request, session) => Response.json(session.isNew),
        { ...site.options, overflow, onEvent },
      )(
        new Request("https://example.com/", {
          headers: {
            cookie: `__Host-sid=${site.cookie()}`,
            "sec-fetch-dest": "document",
          },
        }),
      );
      assert.equal(await answer.json(), true);
      assert.deepEqual(answer.headers.getSetCookie(), []);
      assert.match(JSON.stringify(events), /"rejected","reason":"flags"/);
    }
  });

  it("is a token without a request", async () => {
    const { options, store } = open();
    const sessions = createSessions(options);
    const session = sessions.create();
    fill(LARGE)(session);
    const token = await sessions.seal(session);
    assert.ok(isReference(token));
    const again = await sessions.unseal(token);
    assert.equal(String(again?.get("text")).length, LARGE);
    assert.equal(again?.id, session.id);
    again?.set("n", 1);
    await again?.save();
    assert.equal((await sessions.unseal(token))?.get("n"), 1);
    assert.equal(await store.store.count?.(), 1);
  });

  it("is not in lists, and is cleaned up", async () => {
    const { options, clock } = open();
    const now = () => clock.now;
    const overflow = new MemoryStore({ now });
    const sessions = createSessions({ ...options, overflow });
    const session = sessions.create();
    fill(LARGE)(session);
    session.login("ann");
    await sessions.seal(session);
    for (
      const ask of [
        () => sessions.list("ann"),
        () => sessions.count(),
        () => sessions.revoke("ann", session.id),
        () => sessions.revokeAll("ann"),
      ]
    ) await assert.rejects(ask(), { code: "unsupported" });
    assert.equal(typeof await sessions.deleteExpired(), "number");
  });

  it("ends by revocations, wherever it is", async () => {
    const { options, clock } = open();
    const revocations = new MemoryStore({ now: () => clock.now });
    const sessions = createSessions({ ...options, revocations });
    for (const n of [10, LARGE]) {
      const session = sessions.create();
      fill(n)(session);
      session.login("ann");
      const token = await sessions.seal(session);
      assert.equal((await sessions.unseal(token))?.userId, "ann");
      clock.advance(1);
      await sessions.revokeAll("ann");
      assert.equal(await sessions.unseal(token), null);
    }
  });
});

describe("Layers of a request whose session outgrows its cookie", () => {
  it("go on where the one before has kept it", async () => {
    const { options, store, cookie } = open();
    const sessions = createSessions(options);
    let token = cookie();
    const sizes: [number, number, number][] = [
      [10, LARGE, LARGE],
      [LARGE, 10, LARGE],
      [10, LARGE, 20],
      [LARGE, LARGE, 30],
    ];
    for (const [first, second, third] of sizes) {
      const request = requestWith(`${NAME}=${token}`);
      const layers = [];
      for (let i = 0; i < 3; i++) layers.push(await sessions.open(request));
      let response = new Response("page");
      for (const [i, n] of [first, second, third].entries()) {
        const session = layers[i] as Session;
        fill(n)(session);
        note(n)(session);
        response = await sessions.commit(session, response);
      }
      token = tokenOf(response) || token;
      const next = await sessions.open(requestWith(`${NAME}=${token}`));
      assert.equal(String(next.get("text")).length, third);
    }
    assert.deepEqual(
      (await sessions.open(requestWith(`${NAME}=${token}`))).get("notes"),
      sizes.flat(),
    );
    assert.ok((await store.store.count?.() ?? 0) <= 2);
  });

  it("get another id by regenerate() once it is in the cookie", async () => {
    const { options, store } = open();
    const sessions = createSessions(options);
    const begun = sessions.create();
    fill(LARGE)(begun);
    const token = await sessions.seal(begun);
    const request = requestWith(`${NAME}=${token}`);
    const first = await sessions.open(request);
    const second = await sessions.open(request);
    fill(10)(first);
    await sessions.commit(first, new Response());
    const { id } = second;
    second.regenerate();
    assert.notEqual(second.id, id);
    await sessions.commit(second, new Response());
    assert.equal(store.calls.at(-1)?.method, "update");
  });

  it("keep the record of a failed one for nobody", async () => {
    const { options, store } = open();
    const sessions = createSessions(options);
    const session = await sessions.open(new Request("https://example.com/"));
    fill(LARGE)(session);
    await session.save();
    assert.equal(await store.store.count?.(), 1);
    await sessions.discard(session);
    assert.equal(await store.store.count?.(), 0);
  });
});

describe("Hono with a session that outgrows its cookie", () => {
  it("has it in the store", async () => {
    const { options, store } = open();
    const app = new Hono<SessionEnv>();
    app.use(sessions(options));
    app.get("/:n", (c) => {
      const session = c.get("session");
      fill(Number(c.req.param("n")))(session);
      return c.json(session.id);
    });
    let cookie = "";
    const ids = [];
    for (const n of [10, LARGE, LARGE + 1, 10]) {
      const answer = await app.request(`https://example.com/${n}`, {
        headers: { cookie: `${NAME}=${cookie}` },
      });
      ids.push(await answer.json());
      cookie = cookieOf(answer) || cookie;
      assert.equal(isReference(cookie), n >= LARGE);
    }
    assert.equal(new Set(ids).size, 1);
    assert.equal(await store.store.count?.(), 1);
  });
});

describe("A session of another library", () => {
  function openWithOld() {
    const reader: SessionReader = {
      name: "other",
      until: Infinity,
      keep: false,
      read: ({ valuesOf }) => {
        const [key] = valuesOf("old");
        const data = { text: "x".repeat(LARGE) };
        const theirs = key ? { key, data, user: "ann" } : undefined;
        return Promise.resolve(theirs);
      },
      clear: () => ["old=; Max-Age=0; Path=/"],
    };
    const { options, store } = open({ accept: [reader] });
    const waits = new Map<string, PromiseWithResolvers<void>>();
    const handler = withSession(async (request, session) => {
      const { pathname } = new URL(request.url);
      await waits.get(pathname)?.promise;
      if (pathname === "/out") {
        session.destroy();
        return new Response();
      }
      if (pathname === "/note") note(1)(session);
      return Response.json(seenBy(session));
    }, options);
    const ask = (cookie: string, path = "/") =>
      handler(
        new Request(`https://example.com${path}`, { headers: { cookie } }),
      );
    const ours = (answer: Response) => {
      const line = answer.headers.getSetCookie()
        .find((each) => each.startsWith(NAME));
      return line?.split(";")[0] ?? "";
    };
    const hold = (path: string) => {
      const wait = Promise.withResolvers<void>();
      waits.set(path, wait);
      return wait.resolve;
    };
    return { ask, ours, hold, store };
  }

  it("is too long for a cookie, and is taken over into the store", async () => {
    const { ask, ours, store } = openWithOld();
    const answers = await Promise.all([1, 2].map(() => ask("old=1")));
    for (const answer of answers) {
      assert.deepEqual(await answer.json(), [LARGE, [], "ann"]);
      const next = await ask(ours(answer));
      assert.deepEqual(await next.json(), [LARGE, [], "ann"]);
    }
    assert.equal(await store.store.count?.(), 2);
  });

  it("is taken over by each of two requests, however slow one is", async () => {
    const { ask, ours, hold } = openWithOld();
    const goOn = hold("/note");
    const slow = ask("old=1", "/note");
    assert.deepEqual(await (await ask("old=1")).json(), [LARGE, [], "ann"]);
    goOn();
    const answer = await slow;
    assert.deepEqual(await answer.json(), [LARGE, [1], "ann"]);
    const next = await ask(ours(answer));
    assert.deepEqual(await next.json(), [LARGE, [1], "ann"]);
  });

  it("ends for a slow request, too, once it has been taken over", async () => {
    for (const path of ["/", "/note"]) {
      const { ask, ours, hold } = openWithOld();
      const goOn = hold(path);
      const old = `old=${path}`;
      const slow = ask(old, path);
      const first = await ask(old, "/first");
      await ask(ours(first), "/out");
      goOn();
      const seen = await slow.then(ours, ({ code }) => code);
      assert.equal(seen, path === "/" ? "" : "gone");
    }
  });
});
