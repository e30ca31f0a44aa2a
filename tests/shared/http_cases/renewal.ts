import assert from "node:assert/strict";
import { browse, type HttpCase } from "../harness.ts";
import {
  assertHarmless,
  assertNoCookie,
  attributesOf,
  type Handler,
  IN_BACKGROUND,
  lineOf,
  markedSecret,
  NAVIGATION,
  requestWith,
  router,
  typesOf,
} from "../support.ts";

const routes: Handler = router({
  set: (session) => session.set("word", "swordfish"),
  get: (session) => session.get("word") ?? null,
  times: (session) => session.createdAt,
  idle: () => null,
});

/** When the idle timeout is moved on, and secrets are replaced. */
export const renewalCases: readonly HttpCase[] = [
  {
    name: "a navigation renews a session after five minutes",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      const before = browser.cookie("__Host-sid");
      harness.clock.advance(299);
      assertNoCookie(await browser.get("/get", NAVIGATION));
      harness.events.splice(0);
      harness.clock.advance(1);
      const response = await browser.get("/get", NAVIGATION);
      assert.equal(
        attributesOf(response),
        "Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax",
      );
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.notEqual(browser.cookie("__Host-sid"), before);
      assert.deepEqual(typesOf(harness.events), ["opened", "renewed"]);
      assertNoCookie(await browser.get("/get", NAVIGATION));
      assert.equal(await (await browser.get("/get")).json(), "swordfish");
    },
  },
  {
    name: "a renewal that falls due within a request waits for the next one",
    async run(harness) {
      const handle: Handler = (request, session) => {
        if (request.method === "POST") session.set("a", 1);
        else {
          session.get("a");
          harness.clock.advance(1);
        }
        return new Response();
      };
      const browser = browse(harness, handle, { idleTimeout: 400 });
      await browser.get("/", { method: "POST" });
      harness.clock.advance(99);
      assertNoCookie(await browser.get("/", IN_BACKGROUND));
      lineOf(await browser.get("/", NAVIGATION));
    },
  },
  {
    name:
      "a navigation renews a short session after a quarter of its idle time",
    async run(harness) {
      const browser = browse(harness, routes, { idleTimeout: 400 });
      await browser.get("/set");
      harness.clock.advance(99);
      assertNoCookie(await browser.get("/get", NAVIGATION));
      harness.clock.advance(1);
      lineOf(await browser.get("/get", NAVIGATION));
    },
  },
  {
    name: "a request without Sec-Fetch-Dest renews as a navigation does",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      harness.clock.advance(299);
      assertNoCookie(await browser.get("/get"));
      harness.clock.advance(1);
      lineOf(await browser.get("/get"));
    },
  },
  {
    name: "a background request renews only after half of the idle time",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      harness.clock.advance(43_199);
      assertNoCookie(await browser.get("/get", IN_BACKGROUND));
      harness.clock.advance(1);
      lineOf(await browser.get("/get", IN_BACKGROUND));
      assert.deepEqual(typesOf(harness.events), [
        "created",
        "opened",
        "opened",
        "renewed",
      ]);
    },
  },
  {
    name: "a request that does not read the session does not renew it",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      harness.clock.advance(80_000);
      assertNoCookie(await browser.get("/idle", NAVIGATION));
    },
  },
  {
    name: "renewals carry a session over many idle timeouts",
    async run(harness) {
      const browser = browse(harness, routes, { idleTimeout: 600 });
      await browser.get("/set");
      for (let passed = 0; passed < 6_000; passed += 500) {
        harness.clock.advance(500);
        assert.equal(await (await browser.get("/get")).json(), "swordfish");
      }
    },
  },
  {
    name: "a renewal does not move the start or the absolute end",
    async run(harness) {
      const browser = browse(harness, routes, {
        idleTimeout: 600,
        absoluteTimeout: 1_000,
      });
      await browser.get("/set");
      const created = await (await browser.get("/times")).json();
      harness.clock.advance(500);
      assert.match(attributesOf(await browser.get("/get")), /^Max-Age=500; /);
      harness.clock.advance(400);
      // Another cookie could last no longer than the one at hand.
      assertNoCookie(await browser.get("/get"));
      assert.equal(await (await browser.get("/times")).json(), created);
      harness.clock.advance(100);
      assert.equal(await (await browser.get("/get")).json(), null);
    },
  },
  {
    name: "a clock that goes back renews nothing",
    async run(harness) {
      const browser = browse(harness, routes);
      harness.clock.advance(1_000);
      await browser.get("/set");
      harness.clock.advance(-50);
      assertNoCookie(await browser.get("/get", NAVIGATION));
    },
  },
  {
    name: "a cookie of an older secret opens, and is sealed anew at a change",
    async run(harness) {
      const [old, fresh] = [markedSecret(), markedSecret()];
      const before = browse(harness, routes, { secret: old });
      await before.get("/set");
      const token = `${before.cookie("__Host-sid")}`;
      harness.events.splice(0);

      const handler = router({
        get: (session) => session.get("word") ?? null,
        count: (session) => session.update("n", (n = 0) => n + 1),
      });
      const browser = browse(harness, handler, { secret: [fresh, old] });
      browser.setCookie(`__Host-sid=${token}; Path=/; Secure`);
      const read = await browser.get("/get");
      assert.equal(await read.json(), "swordfish");
      assertNoCookie(read);
      assert.deepEqual(typesOf(harness.events), ["opened"]);

      lineOf(await browser.get("/count"));
      const [opened, resealed] = harness.events;
      assert.ok(opened?.type === "opened" && resealed?.type === "resealed");
      assert.equal(resealed.id, opened.id);
      assert.equal(harness.events.splice(0).length, 2);

      const after = harness.wrap(handler, { secret: fresh });
      const renewed = `__Host-sid=${browser.cookie("__Host-sid")}`;
      const url = "https://example.com/get";
      const kept = await after(requestWith(renewed, url));
      assert.equal(await kept.json(), "swordfish");
      assert.deepEqual(typesOf(harness.events), ["opened"]);
    },
  },
  {
    name: "a cookie of an older secret is sealed anew at a renewal",
    async run(harness) {
      const [old, fresh] = [markedSecret(), markedSecret()];
      const before = browse(harness, routes, { secret: old });
      await before.get("/set");
      const browser = browse(harness, routes, { secret: [fresh, old] });
      browser.setCookie(
        `__Host-sid=${before.cookie("__Host-sid")}; Path=/; Secure`,
      );
      harness.clock.advance(300);
      harness.events.splice(0);
      lineOf(await browser.get("/get", NAVIGATION));
      assert.deepEqual(typesOf(harness.events).sort(), [
        "opened",
        "renewed",
        "resealed",
      ]);
      harness.clock.advance(300);
      lineOf(await browser.get("/get", NAVIGATION));
      assert.deepEqual(typesOf(harness.events), ["opened", "renewed"]);
    },
  },
  {
    name: "a cookie of a dropped secret brings a new session",
    async run(harness) {
      const before = browse(harness, routes, { secret: markedSecret() });
      await before.get("/set");
      harness.events.splice(0);
      const handle = harness.wrap(routes, { secret: markedSecret() });
      const response = await handle(requestWith(
        `__Host-sid=${before.cookie("__Host-sid")}`,
        "https://example.com/get",
      ));
      assert.equal(await response.json(), null);
      const [event, ...more] = harness.events;
      assert.ok(event?.type === "rejected" && event.reason === "unknown-key");
      assert.notEqual(event.keyId, undefined);
      assertHarmless([event]);
      assert.deepEqual(more, []);
    },
  },
];
