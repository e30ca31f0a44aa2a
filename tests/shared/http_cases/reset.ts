import assert from "node:assert/strict";
import type { Session } from "../../../mod.ts";
import type { Browser } from "../../../testing/browser.ts";
import { browse, type HttpCase, visit } from "../harness.ts";
import {
  assertNoCookie,
  type Handler,
  IN_BACKGROUND,
  lineOf,
  router,
  typesOf,
} from "../support.ts";

const routes = router({
  in(session) {
    session.login("ada");
    session.set("cart", ["apple"]);
    return session.id;
  },
  set: (session) => session.set("cart", []),
  out(session) {
    session.reset();
    session.flash("notice", "You have signed out");
    session.set("lang", "fr");
    return [session.id, session.isNew, session.userId ?? null];
  },
  leave: (session) => session.reset(),
  see: (session) => [
    session.userId ?? null,
    session.toJSON(),
    session.flashes("notice"),
  ],
  change(session) {
    session.reset();
    session.login("bob");
    session.set("cart", ["pear"]);
  },
  async saved(session) {
    session.set("cart", ["pear"]);
    await session.save();
    session.reset();
    session.set("lang", "de");
    await session.save();
    session.set("lang", "fr");
    await session.save();
  },
  twice(session) {
    session.reset();
    session.set("lang", "de");
    session.reset();
    session.flash("notice", "Bye");
  },
  regained(session) {
    session.destroy();
    assert.throws(() => session.set("a", 1), { code: "destroyed" });
    session.reset();
    session.set("lang", "fr");
  },
  unsaved(session) {
    session.login("eve");
    session.set("cart", ["stolen"]);
    session.reset();
    session.set("lang", "fr");
  },
});

async function see(browser: Browser): Promise<unknown> {
  return await (await browser.get("/see")).json();
}

/** What a handler does after it has ended its session, and how it fails. */
const failures: Record<string, (session: Session) => unknown> = {
  "a notice": (session) => session.flash("notice", "Bye"),
  "an error of its own": () => {
    throw new Error("of the handler");
  },
  "a frozen error": () => {
    throw Object.freeze(new Error("of the handler"));
  },
  "a login": (session) => session.login("ada"),
  nothing: () => {
    throw undefined;
  },
};

/** The end of a session, what comes after it, and what fails after it. */
export const resetCases: readonly HttpCase[] = [
  {
    name: "reset() ends a session and goes on with another, for a notice",
    async run(harness) {
      const browser = browse(harness, routes);
      const id = await (await browser.get("/in")).json();
      const old = browser.cookie("__Host-sid");
      typesOf(harness.events);
      const response = await browser.get("/out");
      const [next, isNew, userId] = await response.json();
      assert.notEqual(next, id);
      assert.deepEqual([isNew, userId], [true, null]);
      assert.match(lineOf(response), /; Max-Age=86400;/);
      assert.notEqual(browser.cookie("__Host-sid"), old);
      const events = harness.events.splice(0);
      assert.deepEqual(
        events.map((event) => [event.type, "id" in event && event.id]),
        [["opened", id], ["destroyed", id], ["created", next]],
      );
      const notices = ["You have signed out"];
      assert.deepEqual(await see(browser), [null, { lang: "fr" }, notices]);
      assert.deepEqual(await see(browser), [null, { lang: "fr" }, []]);
      await browser.get("/in");
      assert.deepEqual(
        await see(browser),
        ["ada", { lang: "fr", cart: ["apple"] }, []],
      );
    },
  },
  {
    name: "reset() without anything new clears the cookie",
    async run(harness) {
      for (const init of [undefined, IN_BACKGROUND]) {
        const browser = browse(harness, routes);
        await browser.get("/in");
        assert.match(lineOf(await browser.get("/leave", init)), /Max-Age=0/);
        assert.equal(browser.cookie("__Host-sid"), undefined);
        assert.deepEqual(await see(browser), [null, {}, []]);
      }
    },
  },
  {
    name: "reset() of a visitor without a session is no more than a new one",
    async run(harness) {
      const browser = browse(harness, routes);
      assertNoCookie(await browser.get("/leave"));
      assert.deepEqual(typesOf(harness.events), []);
      await browser.get("/out");
      assert.deepEqual(typesOf(harness.events), ["created"]);
    },
  },
  {
    name: "reset() may be followed by a login, a save() or another reset()",
    async run(harness) {
      const results = {
        change: ["bob", { cart: ["pear"] }, []],
        saved: [null, { lang: "fr" }, []],
        twice: [null, {}, ["Bye"]],
        regained: [null, { lang: "fr" }, []],
        unsaved: [null, { lang: "fr" }, []],
      };
      for (const [route, seen] of Object.entries(results)) {
        for (const begin of ["/see", "/set", "/in"]) {
          const browser = browse(harness, routes);
          await browser.get(begin);
          lineOf(await browser.get(`/${route}`));
          assert.deepEqual(await see(browser), seen, `${begin}, then ${route}`);
        }
      }
    },
  },
  {
    name: "a slow request brings no session back that reset() has ended",
    async run(harness) {
      const reading = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<void>();
      const handle = harness.wrap(async (request, session) => {
        if (!request.url.endsWith("/slow")) return routes(request, session);
        session.get("cart");
        reading.resolve();
        await ended.promise;
        session.set("cart", ["late"]);
        return new Response();
      });
      const browser = visit(harness, handle);
      await browser.get("/in");
      const slow = browser.get("/slow");
      await reading.promise;
      await browser.get("/out");
      ended.resolve();
      await assert.rejects(slow, { code: "gone" });
      const notices = ["You have signed out"];
      assert.deepEqual(await see(browser), [null, { lang: "fr" }, notices]);
    },
  },
  {
    name: "two clicks on a reset() are no error",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/in");
      const clicks = await Promise.all([
        browser.get("/out"),
        browser.get("/out"),
      ]);
      for (const { status } of clicks) assert.equal(status, 200);
      const notices = ["You have signed out"];
      assert.deepEqual(await see(browser), [null, { lang: "fr" }, notices]);
    },
  },
  {
    name: "an end stands, whatever its handler throws afterwards",
    async run(harness) {
      for (const end of ["destroy", "reset"] as const) {
        for (const [name, fail] of Object.entries(failures)) {
          const what = `${end}(), then ${name}`;
          const handler: Handler = async (request, session) => {
            if (!request.url.endsWith("/fail")) {
              return await routes(request, session);
            }
            session[end]();
            if (end === "reset") session.flash("notice", "Bye");
            await fail(session);
            throw new Error("of the handler");
          };
          const browser = browse(harness, handler);
          await browser.get("/in");
          typesOf(harness.events);
          await fails(browser);
          assert.deepEqual(typesOf(harness.events), ["opened", "destroyed"]);
          assert.deepEqual(await see(browser), [null, {}, []], what);
          await browser.get("/in");
          assert.deepEqual(
            await see(browser),
            ["ada", { cart: ["apple"] }, []],
            what,
          );
        }
      }
    },
  },
  {
    name:
      "a write after destroy() gives its error the line that clears the cookie",
    async run(harness) {
      const browser = browse(harness, (request, session) => {
        if (!request.url.endsWith("/fail")) return routes(request, session);
        session.destroy();
        session.flash("notice", "Bye");
        return new Response();
      });
      await browser.get("/in");
      const error = await fails(browser);
      // Hono has answered, with that line.
      if (error) {
        const { code, setCookie } = error as never as Record<string, string>;
        assert.equal(code, "destroyed");
        assert.match(`${setCookie}`, /^__Host-sid=; Max-Age=0; /);
      }
    },
  },
];

/** Has a request fail: it throws or, behind Hono, is answered with 500. */
async function fails(browser: Browser): Promise<unknown> {
  try {
    const { status } = await browser.get("/fail");
    assert.equal(status, 500);
    return undefined;
  } catch (error) {
    return error;
  }
}
