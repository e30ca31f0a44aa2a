import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
import { withGlobal, withNodeEnv, withTimers } from "../shared/surroundings.ts";

const url = "https://example.com/";

describe("a change that nobody commits", () => {
  it("is told after 10 s, once", () =>
    withTimers(async (advance) => {
      const { options, events } = setUp();
      const session = await createSessions(options).open(new Request(url));
      session.set("a", 1);
      session.set("b", 2);
      advance(9_999);
      assert.deepEqual(typesOf(events), []);
      advance(1);
      assert.deepEqual(events, [{ type: "uncommitted", id: session.id }]);
      advance(20_000);
      assert.equal(events.length, 1);
    }));

  it("may be a logout", () =>
    withTimers(async (advance) => {
      const { options, events } = setUp();
      const sessions = createSessions(options);
      const first = sessions.create();
      first.login("ada");
      const cookie = `__Host-sid=${await sessions.seal(first)}`;
      typesOf(events);
      const request = new Request(url, { headers: { cookie } });
      (await sessions.open(request)).destroy();
      advance(10_000);
      assert.deepEqual(typesOf(events), ["opened", "uncommitted"]);
    }));

  it("may come after a commit, from a body behind a layer that goes on", () =>
    withTimers(async (advance) => {
      const { options, events } = setUp();
      const sessions = createSessions(options);
      const request = new Request(url);
      await sessions.open(request);
      const session = await sessions.open(request);
      session.set("a", 1);
      await sessions.commit(session, new Response());
      advance(10_000);
      assert.deepEqual(typesOf(events), ["created"]);
      session.set("b", 2);
      advance(10_000);
      assert.deepEqual(typesOf(events), ["uncommitted"]);
    }));

  it("is none if it is committed, discarded, sealed or saved", () =>
    withTimers(async (advance) => {
      const store = new MemoryStore({ now: () => START });
      const { options, events } = setUp({ store });
      const sessions = createSessions(options);
      const open = async () => {
        const session = await sessions.open(new Request(url));
        session.set("a", 1);
        return session;
      };
      await sessions.commit(await open(), new Response());
      await sessions.discard(await open());
      await sessions.seal(await open());
      await (await open()).save();
      await sessions.open(new Request(url));
      sessions.create().set("a", 1);
      const cookies = createSessions({ ...options, store: undefined });
      const sealed = await cookies.open(new Request(url));
      sealed.set("a", 1);
      await cookies.seal(sealed);
      // What comes after the response stays in the user's record alone.
      const revocations = new MemoryStore({ now: () => START });
      const revoking = createSessions({
        ...options,
        store: undefined,
        revocations,
      });
      const left = await revoking.open(new Request(url));
      left.login("ada");
      await revoking.commit(left, new Response());
      await revoking.revokeAll("ada", { except: left });
      advance(60_000);
      assert.deepEqual(
        typesOf(events).filter((type) => type !== "created"),
        [],
      );
    }));

  it("is shown in development, with its place and without its value", () =>
    withTimers(async (advance) => {
      const own = console.warn;
      const said: string[] = [];
      console.warn = (text: string) => said.push(text);
      try {
        for (const environment of ["production", "development"]) {
          const { options, events } = setUp();
          await withNodeEnv(environment, async () => {
            const sessions = createSessions(options);
            const session = await sessions.open(new Request(url));
            session.set("a", "secret-value");
            advance(10_000);
          });
          assert.deepEqual(typesOf(events), ["uncommitted"]);
          // Deno would ask its user for the variable.
          const isShown = environment === "development" &&
            !("Deno" in globalThis);
          assert.equal(said.length, isShown ? 1 : 0);
        }
        for (const text of said) {
          assert.match(
            text,
            /^A session was changed and not committed in 10 s, so that the change is lost \(with-session: docs\/errors\/uncommitted\.md\)\. It was changed at \S.*\n {2}at \S/,
          );
          assert.doesNotMatch(text, /secret-value/);
        }
      } finally {
        console.warn = own;
      }
    }));

  it("is not what a process waits for", () =>
    withTimers(async (_advance, waitedFor) => {
      const { options } = setUp();
      const session = await createSessions(options).open(new Request(url));
      session.set("a", 1);
      assert.equal(waitedFor(), 0);
    }));

  it("is told as well where a timer is a number", async () => {
    const timers: (() => void)[] = [];
    const { options, events } = setUp();
    await withGlobal(
      "setTimeout",
      (fire: () => void) => timers.push(fire),
      async () => {
        const session = await createSessions(options).open(new Request(url));
        session.set("a", 1);
      },
    );
    for (const fire of timers) fire();
    assert.deepEqual(typesOf(events), ["uncommitted"]);
  });
});
