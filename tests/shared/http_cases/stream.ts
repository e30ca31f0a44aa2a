import assert from "node:assert/strict";
import type { Session, SessionError } from "../../../mod.ts";
import { browse, type HttpCase } from "../harness.ts";
import { router, typesOf } from "../support.ts";

/**
 * A response whose body does this when it is read, or at once, and says how it
 * went.
 */
function stream(act: () => unknown, isEager = false): Response {
  const pull = async (controller: ReadableStreamDefaultController) => {
    let said = "done";
    try {
      await act();
    } catch (error) {
      const { code, message } = error as SessionError;
      said = `${code}: ${message}`;
    }
    controller.enqueue(new TextEncoder().encode(said));
    controller.close();
  };
  // Without a buffer nothing is pulled before somebody reads.
  const strategy = { highWaterMark: Number(isEager) };
  return new Response(new ReadableStream({ pull }, strategy));
}

/** Lets what has been begun go on for so many turns. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await null;
}

/**
 * A response that its server has taken: to look at it reads it, as with the one
 * that `@hono/node-server` puts in place of Node's.
 */
function own(act: () => unknown): Response {
  let isTaken = false;
  const response = stream(() => (isTaken = true, act()));
  for (const name of ["body", "headers", "status", "url"] as const) {
    const value = response[name];
    const get = () => {
      if (isTaken) throw new TypeError("Body is unusable");
      return value;
    };
    Object.defineProperty(response, name, { get });
  }
  return response;
}

async function answer(session: Session): Promise<void> {
  session.set("answer", "Hello");
  session.update("n", (n = 0) => n + 1);
  await session.save();
}

const routes = router({
  begin: (session) => session.set("n", 1),
  both(session) {
    session.set("begun", true);
    return stream(() => answer(session));
  },
  read(session) {
    session.get("n");
    return stream(() => answer(session));
  },
  early(session, request) {
    const count = Number(new URL(request.url).searchParams.get("turns"));
    session.update("asked", (asked = 0) => asked + 1);
    return stream(async () => {
      await turns(count);
      await answer(session);
    }, true);
  },
  own: (session) => (session.get("n"), own(() => answer(session))),
  unread: (session) => stream(() => answer(session)),
  unsaved: (session) => (session.get("n"), stream(() => session.set("n", 9))),
  ended: (session) => (session.destroy(), stream(() => answer(session))),
  get: (session) => session.toJSON(),
  ...Object.fromEntries(
    Object.entries({
      login: (session: Session) => session.login("ada"),
      regenerate: (session: Session) => session.regenerate(),
      persist: (session: Session) => session.persist(60),
      destroy: (session: Session) => session.destroy(),
      reset: (session: Session) => session.reset(),
    }).map(([name, act]) => [
      name,
      (session: Session) => (session.get("n"), stream(() => act(session))),
    ]),
  ),
});

const LATE = /^late-write: Cannot write: the response has left; .*store/;

/** What the body of a response writes, in a store that can compare and swap. */
export const streamCases: readonly HttpCase[] = [
  {
    name: "what a stream saves in a store is kept",
    strongOnly: true,
    async run(harness) {
      const browser = browse(harness, routes);
      const first = await browser.get("/both");
      assert.equal(await first.text(), "done");
      const kept = { begun: true, answer: "Hello", n: 1 };
      assert.deepEqual(await (await browser.get("/get")).json(), kept);
      for (const n of [2, 3]) {
        assert.equal(await (await browser.get("/read")).text(), "done");
        assert.deepEqual(await (await browser.get("/get")).json(), {
          ...kept,
          n,
        });
      }
      assert.deepEqual(
        typesOf(harness.events).filter((type) => type !== "opened"),
        ["created"],
      );
    },
  },
  {
    name: "what a stream saves while its session is being kept is kept",
    strongOnly: true,
    async run(harness) {
      for (const count of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55]) {
        const browser = browse(harness, routes);
        for (const n of [1, 2]) {
          const response = await browser.get(`/early?turns=${count}`);
          assert.equal(await response.text(), "done", `${count} turns`);
          assert.deepEqual(
            await (await browser.get("/get")).json(),
            { asked: n, answer: "Hello", n },
          );
        }
      }
      assert.deepEqual(
        new Set(typesOf(harness.events)),
        new Set(["created", "opened"]),
      );
    },
  },
  {
    name: "a stream writes without a look at a response that has been sent",
    strongOnly: true,
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/begin");
      assert.equal(await (await browser.get("/own")).text(), "done");
      assert.deepEqual(
        await (await browser.get("/get")).json(),
        { n: 2, answer: "Hello" },
      );
    },
  },
  {
    name: "a stream cannot change what needs a cookie, and says so",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/begin");
      const changes = ["login", "regenerate", "persist", "destroy", "reset"];
      for (const change of changes) {
        const response = await browser.get(`/${change}`);
        assert.match(await response.text(), LATE, change);
      }
      assert.deepEqual(await (await browser.get("/get")).json(), { n: 1 });
    },
  },
  {
    name:
      "a stream whose response was not marked, or is nobody's, writes nothing",
    async run(harness) {
      const browser = browse(harness, routes);
      const newcomer = await browser.get("/read");
      assert.match(await newcomer.text(), LATE);
      await browser.get("/begin");
      const unmarked = await browser.get("/unread");
      assert.equal(unmarked.headers.get("vary"), null);
      assert.match(await unmarked.text(), LATE);
      const ended = await browser.get("/ended");
      assert.match(await ended.text(), /^(late-write|destroyed): /);
      assert.deepEqual(await (await browser.get("/get")).json(), {});
    },
  },
  {
    name: "what a stream writes and does not save is told",
    strongOnly: true,
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/begin");
      typesOf(harness.events);
      assert.equal(await (await browser.get("/unsaved")).text(), "done");
      assert.deepEqual(typesOf(harness.events), ["opened"]);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      assert.deepEqual(typesOf(harness.events), ["late-write"]);
      assert.deepEqual(await (await browser.get("/get")).json(), { n: 1 });
    },
  },
  {
    name: "what a stream writes in a cookie, or a late store, is refused",
    strongOnly: false,
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/begin");
      for (const route of ["both", "read", "unsaved"]) {
        const response = await browser.get(`/${route}`);
        assert.match(await response.text(), LATE, route);
      }
      const kept = { n: 1, begun: true };
      assert.deepEqual(await (await browser.get("/get")).json(), kept);
    },
  },
];
