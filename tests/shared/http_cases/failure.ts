import assert from "node:assert/strict";
import type { Session, SessionError } from "../../../mod.ts";
import { browse, type HttpCase } from "../harness.ts";
import {
  assertHarmless,
  assertNoCookie,
  lineOf,
  requestWith,
  router,
  typesOf,
} from "../support.ts";

/** More than a cookie holds. */
const HUGE = "x".repeat(4_000);

/** Errors, and what comes too late. */
export const failureCases: readonly HttpCase[] = [
  {
    name: "when the handler throws, its error passes and nothing is kept",
    async run(harness) {
      const failure = new Error("of the handler");
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("n", 1),
          fail(session) {
            session.set("n", 2);
            throw failure;
          },
          get: (session) => session.get("n"),
        }),
      );
      await browser.get("/set");
      const before = browser.cookie("__Host-sid");
      await assert.rejects(
        browser.get("/fail"),
        (error) => error === failure,
      );
      assert.equal(browser.cookie("__Host-sid"), before);
      assert.equal(await (await browser.get("/get")).json(), 1);
      assert.deepEqual(typesOf(harness.events), [
        "created",
        "opened",
        "opened",
      ]);
      const newcomer = browse(harness, (_request, session) => {
        session.set("n", 1);
        throw failure;
      });
      await assert.rejects(newcomer.get(), (error) => error === failure);
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: "when the handler throws at once, its error passes as a rejection",
    async run(harness) {
      const failure = new Error("of the handler");
      const handle = harness.wrap(() => {
        throw failure;
      });
      const promise = handle(new Request("https://example.com/"));
      await assert.rejects(promise, (error) => error === failure);
    },
  },
  {
    name: "a session is not written after its response has left",
    async run(harness) {
      let kept: Session | undefined;
      const browser = browse(harness, (_request, session) => {
        kept = session;
        session.login("bob");
        session.set("a", { n: 1 });
        session.flash("b", 1);
        return new Response(null, { status: 303 });
      });
      await browser.get();
      harness.events.splice(0);
      const session = kept as Session;
      const writes: (() => unknown)[] = [
        () => session.set("a", 2),
        () => session.delete("a"),
        () => session.clear(),
        () => session.update("a", () => 2),
        () => session.take("a"),
        () => session.flash("b", 2),
        () => session.flashes("b"),
        () => session.regenerate(),
        () => session.login("ada"),
        () => session.persist(60),
        () => session.destroy(),
      ];
      for (const write of writes) {
        assert.throws(write, { name: "SessionError", code: "late-write" });
        const [event, ...more] = harness.events.splice(0);
        assert.ok(event?.type === "late-write", `${write}`);
        assertHarmless([event]);
        assert.deepEqual(more, []);
      }
      await assert.rejects(session.save(), { code: "late-write" });
      assert.deepEqual(typesOf(harness.events), ["late-write"]);
      assert.deepEqual(session.get("a"), { n: 1 }, "it stays readable");
      assert.equal(session.userId, "bob");
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: "a session is not written from the body of its response",
    async run(harness) {
      const caught: unknown[] = [];
      const browser = browse(harness, (_request, session) => {
        const pull = (controller: ReadableStreamDefaultController) => {
          try {
            session.set("a", 1);
          } catch (error) {
            caught.push(error);
          }
          controller.enqueue(new TextEncoder().encode("done"));
          controller.close();
        };
        // Without a buffer nothing is pulled before somebody reads.
        return new Response(
          new ReadableStream({ pull }, { highWaterMark: 0 }),
        );
      });
      const response = await browser.get();
      assert.deepEqual(caught, []);
      assert.equal(await response.text(), "done");
      assert.deepEqual(
        caught.map((error) => (error as SessionError).code),
        ["late-write"],
      );
    },
  },
  {
    name: "a session is not written after its handler has thrown",
    async run(harness) {
      let kept: Session | undefined;
      const browser = browse(harness, (_request, session) => {
        kept = session;
        throw new Error("of the handler");
      });
      await assert.rejects(browser.get(), { message: "of the handler" });
      assert.throws(() => kept?.set("a", 1), { code: "late-write" });
    },
  },
  {
    name: "an oversize session rejects and leaves the earlier cookie alone",
    sealedOnly: true,
    async run(harness) {
      const browser = browse(
        harness,
        router({
          small: (session) => session.set("word", "swordfish"),
          huge: (session) => session.set("essay", HUGE),
          get: (session) => session.toJSON(),
        }),
      );
      await browser.get("/small");
      const before = browser.cookie("__Host-sid");
      harness.events.splice(0);
      await assert.rejects(browser.get("/huge"), {
        name: "SessionError",
        code: "oversize",
        message: /\b54\d\d\b.*\b4096\b.*\bessay\b\D*4002\b.*\bword\b\D*11\b/,
      });
      const [, event, ...more] = harness.events.splice(0);
      assert.ok(event?.type === "oversize");
      assert.ok(event.bytes > 5_400 && event.bytes < 5_500);
      assertHarmless([event]);
      assert.deepEqual(more, []);
      assert.equal(browser.cookie("__Host-sid"), before);
      const kept = await browser.get("/get");
      assert.deepEqual(await kept.json(), { word: "swordfish" });
    },
  },
  {
    name: "save() tells the handler of an oversize session in time to undo it",
    sealedOnly: true,
    async run(harness) {
      const browser = browse(harness, async (_request, session) => {
        session.set("essay", HUGE);
        try {
          await session.save();
        } catch (error) {
          session.delete("essay");
          return Response.json((error as { code: string }).code);
        }
        return new Response();
      });
      const response = await browser.get();
      assert.equal(await response.json(), "oversize");
      assertNoCookie(response);
      assert.deepEqual(typesOf(harness.events), ["oversize"]);
    },
  },
  {
    name: "after save() a session can be changed until the response leaves",
    async run(harness) {
      const browser = browse(harness, async (_request, session) => {
        const before = session.toJSON();
        session.set("a", 1);
        await session.save();
        session.set("b", 2);
        return Response.json(before);
      });
      lineOf(await browser.get());
      const response = await browser.get();
      assert.deepEqual(await response.json(), { a: 1, b: 2 });
    },
  },
  {
    name: "save() as the last step keeps the session once",
    async run(harness) {
      const browser = browse(harness, async (_request, session) => {
        const before = session.get("n") ?? 0;
        session.set("n", before + 1);
        await session.save();
        return Response.json(before);
      });
      lineOf(await browser.get());
      assert.deepEqual(typesOf(harness.events), ["created"]);
      assert.equal(await (await browser.get()).json(), 1);
    },
  },
  {
    name: "save() of an unchanged session does not stop its renewal",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("n", 1),
          async get(session) {
            await session.save();
            return session.get("n") ?? null;
          },
        }),
        { idleTimeout: 600 },
      );
      await browser.get("/set");
      for (const _ of [1, 2]) {
        harness.clock.advance(400);
        assert.equal(await (await browser.get("/get")).json(), 1);
      }
    },
  },
  {
    name: "a listener that throws or rejects does not matter",
    async run(harness) {
      let calls = 0;
      const listeners = [
        () => {
          calls++;
          throw new Error("of the listener");
        },
        () => {
          calls++;
          return Promise.reject(new Error("of the listener"));
        },
      ];
      for (const onEvent of listeners) {
        const handle = harness.wrap(
          router({ "": (session) => session.set("a", 1) }),
          { onEvent },
        );
        const response = await handle(requestWith("__Host-sid=nonsense"));
        assert.equal(response.status, 200);
        lineOf(response);
      }
      // Each is told of the refused cookie and of the new session.
      assert.equal(calls, 4);
    },
  },
];
