// What the body of a response writes while its session is on its way to a store
// that takes its time.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { type SessionEnv, sessions as honoSessions } from "../../hono.ts";
import {
  createSessions,
  type Session,
  type SessionError,
  withSession,
  withSessions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { Browser } from "../../testing/browser.ts";
import { requestWith, setUp, tokenOf, typesOf } from "../shared/support.ts";

const SLOW = 30;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A store whose writes take some time, and may fail. */
function slowStore(clock: { now: number }): MemoryStore & { fails?: boolean } {
  const store: MemoryStore & { fails?: boolean } = new MemoryStore({
    now: () => clock.now,
  });
  for (const name of ["create", "update"] as const) {
    const write = store[name].bind(store) as (...args: unknown[]) => unknown;
    Object.defineProperty(store, name, {
      value: async (...args: unknown[]) => {
        await pause(SLOW);
        if (store.fails) throw new Error("Down");
        return await write(...args);
      },
    });
  }
  return store;
}

/** A response whose body writes after some ms, read or not. */
function streamAfter(ms: number, act: () => Promise<unknown>): Response {
  const start = async (controller: ReadableStreamDefaultController) => {
    await pause(ms);
    const said = await act().then(
      () => "done",
      ({ code }: SessionError) => code,
    );
    controller.enqueue(new TextEncoder().encode(said));
    controller.close();
  };
  return new Response(
    new ReadableStream({ start: (controller) => void start(controller) }),
  );
}

async function answer(session: Session): Promise<void> {
  session.update("answers", (n = 0) => n + 1);
  await session.save();
}

function handle(session: Session, url: string): Response {
  const { pathname, searchParams } = new URL(url);
  if (pathname === "/show") return Response.json(session.toJSON());
  session.update("asked", (n = 0) => n + 1);
  return streamAfter(Number(searchParams.get("ms")), () => answer(session));
}

type Fetch = (request: Request) => Promise<Response>;
type Options = ReturnType<typeof setUp>["options"];

const WAYS: Record<string, (options: Options) => Fetch> = {
  "withSession()": (options) =>
    withSession((request, session) => handle(session, request.url), options),
  "withSessions()": (options) =>
    withSessions(
      { other: { secret: options.secret }, chat: options },
      (request, { other, chat }) => {
        other.get("n");
        return handle(chat, request.url);
      },
    ),
  "createSessions()"(options) {
    const sessions = createSessions(options);
    return async (request) => {
      const session = await sessions.open(request);
      return await sessions.commit(session, handle(session, request.url));
    };
  },
  "Hono"(options) {
    const app = new Hono<SessionEnv>();
    app.use(honoSessions(options));
    app.all("*", (c) => handle(c.var.session, c.req.url));
    return async (request) => await app.fetch(request);
  },
};

describe("Streams and a slow store", () => {
  for (const [name, wrap] of Object.entries(WAYS)) {
    it(`${name} keeps what a body saves early`, async () => {
      const { options, clock, events } = setUp();
      const browser = new Browser(
        wrap({ ...options, store: slowStore(clock) }),
        { now: () => clock.now },
      );
      for (const [i, ms] of [0, 5, 2 * SLOW, 0].entries()) {
        const response = await browser.get(`/?ms=${ms}`);
        assert.equal(await response.text(), "done", `after ${ms} ms`);
        assert.deepEqual(
          await (await browser.get("/show")).json(),
          { asked: i + 1, answers: i + 1 },
        );
      }
      assert.ok(!typesOf(events).includes("late-write"));
    });
  }

  it("what needs a cookie is refused meanwhile", async () => {
    const { options, clock } = setUp();
    const handler = withSession((_request, session) => {
      session.set("a", 1);
      return streamAfter(5, async () => await session.login("ada"));
    }, { ...options, store: slowStore(clock) });
    const response = await handler(new Request("https://example.com/"));
    assert.equal(await response.text(), "late-write");
  });

  it("reload() shows what was written meanwhile", async () => {
    const { options, clock } = setUp();
    const seen: unknown[] = [];
    const handler = withSession((request, session) => {
      if (request.method === "POST") session.update("n", (n = 0) => n + 1);
      else {
        session.get("n");
        return streamAfter(2 * SLOW, async () => {
          await session.reload();
          seen.push(session.get("n"));
        });
      }
      return new Response();
    }, { ...options, store: slowStore(clock) });
    const url = "https://example.com/";
    const post = (cookie = "") =>
      handler(requestWith(cookie, url, { method: "POST" }));
    const cookie = `__Host-sid=${tokenOf(await post())}`;
    const response = await handler(requestWith(cookie, url));
    await post(cookie);
    assert.equal(await response.text(), "done");
    assert.deepEqual(seen, [2]);
  });

  it("save() fails where the session could not be kept", async () => {
    const { options, clock } = setUp();
    const store = slowStore(clock);
    let said: string | undefined;
    const handler = withSession((_request, session) => {
      session.set("a", 1);
      return streamAfter(
        5,
        () => answer(session).catch((error) => said = error.code),
      );
    }, { ...options, store });
    store.fails = true;
    const request = new Request("https://example.com/");
    await assert.rejects(handler(request), { code: "store-failed" });
    await pause(10);
    assert.equal(said, "late-write");
    store.fails = false;
    assert.equal(await createSessions({ ...options, store }).count(), 0);
  });

  it("save() is refused where no cookie went out", async () => {
    const { options, clock, events } = setUp();
    const store = slowStore(clock);
    const handler = withSession((_request, session) => {
      session.set("a", 1);
      return streamAfter(0, () => answer(session));
    }, { ...options, store });
    const request = new Request("http://shop.example/");
    assert.equal(await (await handler(request)).text(), "late-write");
    assert.deepEqual(typesOf(events).slice(0, 1), ["insecure"]);
    assert.equal(await createSessions({ ...options, store }).count(), 0);
  });

  it("what was written meanwhile and not saved is told", async () => {
    const { options, clock, events } = setUp();
    const handler = withSession((_request, session) => {
      session.set("a", 1);
      return streamAfter(5, async () => await session.set("b", 1));
    }, { ...options, store: slowStore(clock) });
    const response = await handler(new Request("https://example.com/"));
    assert.equal(await response.text(), "done");
    assert.deepEqual(typesOf(events), ["created"]);
    await pause(1_100);
    assert.deepEqual(typesOf(events), ["late-write"]);
  });

  it("no session is opened unmarked while another one is kept", async () => {
    const { options, clock } = setUp();
    const { secret } = options;
    const handler = withSessions({
      late: { secret, lazy: true },
      chat: { ...options, store: slowStore(clock) },
    }, (_request, { late, chat }) => {
      chat.set("a", 1);
      return streamAfter(5, async () => (await late()).set("b", 1));
    });
    const response = await handler(new Request("https://example.com/"));
    assert.equal(await response.text(), "late-write");
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  for (const status of [302, 303]) {
    it(`a redirect streams nothing: ${status}`, async () => {
      const { options, clock } = setUp();
      let later: Promise<unknown> = Promise.resolve();
      const handler = withSession((_request, session) => {
        session.set("a", 1);
        later = assert.rejects(
          pause(5).then(() => session.set("b", 1)),
          { code: "late-write" },
        );
        return new Response(null, { status, headers: { location: "/" } });
      }, { ...options, store: slowStore(clock) });
      await handler(new Request("https://example.com/"));
      await later;
    });
  }

  it("what was saved at once is refused later where no cookie went out", async () => {
    const { options, clock } = setUp();
    const handler = withSession(async (_request, session) => {
      session.set("a", 1);
      await session.save();
      return streamAfter(2 * SLOW, () => answer(session));
    }, { ...options, store: slowStore(clock) });
    const request = new Request("http://shop.example/");
    assert.equal(await (await handler(request)).text(), "late-write");
  });

  it("each change that is not saved is told, and none that is", async () => {
    const { options, events } = setUp();
    const { setTimeout } = globalThis;
    const looks: (() => void)[] = [];
    const lookAgain = () => looks.splice(0).forEach((look) => look());
    globalThis.setTimeout =
      ((task: () => void, ms?: number) =>
        ms === 1000 ? looks.push(task) : setTimeout(task, ms)) as never;
    try {
      const left = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      const handler = withSession((_request, session) => {
        session.set("a", 0);
        void left.promise.then(async () => {
          await answer(session);
          lookAgain();
          assert.deepEqual(typesOf(events), []);
          for (let n = 1; n < 3; n++) {
            session.set("a", n);
            session.set("a", -n);
            lookAgain();
            assert.deepEqual(typesOf(events), ["late-write"]);
          }
        }).then(over.resolve, over.reject);
        return new Response("streams");
      }, { ...options, store: new MemoryStore() });
      await handler(new Request("https://example.com/"));
      typesOf(events);
      left.resolve();
      await over.promise;
    } finally {
      Object.assign(globalThis, { setTimeout });
    }
  });
});

describe("a body whose request has failed", () => {
  it("writes to its session no more, also if nobody has discarded it", async () => {
    const { options, clock } = setUp();
    const store = slowStore(clock);
    const sessions = createSessions({ ...options, store });
    const first = sessions.create();
    first.set("n", 1);
    const cookie = `__Host-sid=${await sessions.seal(first)}`;
    const session = await sessions.open(requestWith(cookie));
    session.set("n", 2);
    store.fails = true;
    await assert.rejects(
      sessions.commit(session, new Response("streams")),
      { code: "store-failed" },
    );
    store.fails = false;
    assert.throws(() => session.set("n", 3), { code: "late-write" });
  });

  it("writes to its session no more", async () => {
    const { options } = setUp();
    const store = new MemoryStore();
    const cookie = (await withSession((_request, session) => {
      session.set("n", 1);
      return new Response();
    }, { ...options, store })(new Request("https://example.com/")))
      .headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const headers = { cookie };
    let later: Promise<unknown> | undefined;
    const handle = withSession((_request, session) => {
      session.login("ada");
      later = pause(SLOW).then(async () => {
        session.set("n", 2);
        await session.save();
      }).catch(({ code }) => code);
      const response = new Response("used up");
      return response.text().then(() => response);
    }, { ...options, store });
    const request = new Request("https://example.com/", { headers });
    await assert.rejects(handle(request), TypeError);
    assert.equal(await later, "late-write");
  });
});
