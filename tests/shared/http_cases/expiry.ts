import assert from "node:assert/strict";
import { browse, type HttpCase } from "../harness.ts";
import {
  assertHarmless,
  assertNoCookie,
  attributesOf,
  type Handler,
  IN_BACKGROUND,
  lineOf,
  NAVIGATION,
  requestWith,
  router,
  START,
  tokenOf,
  typesOf,
} from "../support.ts";

const routes: Handler = router({
  set: (session) => session.set("word", "swordfish"),
  login: (session) => session.login("ada"),
  count: (session) => session.update("n", (n = 0) => n + 1),
  get: (session) => session.get("word") ?? null,
  times: (session) => [session.createdAt - START, session.expiresAt - START],
  idle: () => null,
});

/** When sessions end. */
export const expiryCases: readonly HttpCase[] = [
  {
    name: "an unused session ends at idleTimeout, to the second",
    async run(harness) {
      const { clock } = harness;
      const handle = harness.wrap(routes, { idleTimeout: 100 });
      const made = await handle(new Request("https://example.com/set"));
      const cookie = `__Host-sid=${tokenOf(made)}`;
      const get = async () => {
        const request = requestWith(
          cookie,
          "https://example.com/get",
          IN_BACKGROUND,
        );
        return await (await handle(request)).json();
      };
      clock.advance(99.999);
      assert.equal(await get(), "swordfish");
      harness.events.splice(0);
      clock.advance(0.001);
      assert.equal(await get(), null);
      const [event, ...more] = harness.events.splice(0);
      assert.ok(event?.type === "expired");
      assert.equal(event.reason, "idle");
      assertHarmless([event]);
      assert.deepEqual(more, []);
    },
  },
  {
    name: "a session in use ends at absoluteTimeout, to the second",
    async run(harness) {
      const { clock } = harness;
      const browser = browse(harness, routes, {
        idleTimeout: 100,
        absoluteTimeout: 250,
      });
      await browser.get("/set");
      for (const seconds of [90, 90, 69.999]) {
        clock.advance(seconds);
        const response = await browser.get("/get");
        assert.equal(await response.json(), "swordfish", `after ${seconds}`);
      }
      // A browser forgets the cookie as well; who kept it gains nothing.
      const stolen = `__Host-sid=${browser.cookie("__Host-sid")}`;
      harness.events.splice(0);
      clock.advance(0.001);
      const handle = harness.wrap(routes, {
        idleTimeout: 100,
        absoluteTimeout: 250,
      });
      const late = await handle(
        requestWith(stolen, "https://example.com/get"),
      );
      assert.equal(await late.json(), null);
      const [event] = harness.events;
      assert.ok(event?.type === "expired" && event.reason === "absolute");
    },
  },
  {
    name: "an expired cookie is cleared on a navigation",
    async run(harness) {
      const handle = harness.wrap(routes);
      const made = await handle(new Request("https://example.com/set"));
      harness.clock.advance(86_400);
      const late = await handle(requestWith(
        `__Host-sid=${tokenOf(made)}`,
        "https://example.com/get",
        NAVIGATION,
      ));
      assert.match(lineOf(late), /^__Host-sid=; Max-Age=0; /);
    },
  },
  {
    name: "a change after the end begins a new session",
    async run(harness) {
      const handle = harness.wrap(router({
        count: (session) => [
          session.id,
          session.update("n", (n = 0) => n + 1),
          session.createdAt - START,
        ],
      }));
      const url = "https://example.com/count";
      const first = await handle(new Request(url));
      const [id] = await first.clone().json();
      harness.clock.advance(86_400);
      const late = await handle(
        requestWith(`__Host-sid=${tokenOf(first)}`, url),
      );
      assert.match(attributesOf(late), /^Max-Age=86400; /);
      const [newId, n, created] = await late.json();
      assert.notEqual(newId, id);
      assert.equal(n, 1);
      assert.equal(created, 86_400_000);
    },
  },
  {
    name: "a shorter idleTimeout ends sessions that are already out",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      const cookie = `__Host-sid=${browser.cookie("__Host-sid")}`;
      const url = "https://example.com/get";
      const shorter = harness.wrap(routes, { idleTimeout: 60 });
      harness.clock.advance(59);
      const early = await shorter(requestWith(cookie, url, IN_BACKGROUND));
      assert.equal(await early.json(), "swordfish");
      harness.clock.advance(1);
      const late = await shorter(requestWith(cookie, url, IN_BACKGROUND));
      assert.equal(await late.json(), null);
    },
  },
  {
    name: "a shorter absoluteTimeout ends sessions that are already out",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      harness.clock.advance(60);
      await browser.get("/count");
      const cookie = `__Host-sid=${browser.cookie("__Host-sid")}`;
      const shorter = harness.wrap(routes, { absoluteTimeout: 100 });
      const url = "https://example.com/get";
      harness.clock.advance(39);
      const early = await shorter(requestWith(cookie, url, IN_BACKGROUND));
      assert.equal(await early.json(), "swordfish");
      harness.clock.advance(1);
      const late = await shorter(requestWith(cookie, url, IN_BACKGROUND));
      assert.equal(await late.json(), null);
    },
  },
  {
    name: "a shorter idleTimeout keeps a session that stays in use",
    async run(harness) {
      const { clock } = harness;
      const old = browse(harness, routes);
      await old.get("/set");
      const browser = browse(harness, routes, { idleTimeout: 600 });
      browser.setCookie(
        `__Host-sid=${old.cookie("__Host-sid")}; Path=/; Secure`,
      );
      for (const _ of [1, 2, 3]) {
        clock.advance(400);
        const response = await browser.get("/get");
        assert.equal(await response.json(), "swordfish");
      }
    },
  },
  {
    name: "a longer idleTimeout does not bring back an ended session",
    async run(harness) {
      const short = browse(harness, routes, { idleTimeout: 60 });
      await short.get("/set");
      const cookie = `__Host-sid=${short.cookie("__Host-sid")}`;
      harness.clock.advance(60);
      const handle = harness.wrap(routes);
      const late = await handle(
        requestWith(cookie, "https://example.com/get"),
      );
      assert.equal(await late.json(), null);
    },
  },
  {
    name: "Max-Age is what the server still allows",
    async run(harness) {
      const browser = browse(harness, routes, {
        idleTimeout: 1_000,
        absoluteTimeout: 1_500,
      });
      const ages: (string | undefined)[] = [];
      for (const seconds of [0, 400, 400]) {
        harness.clock.advance(seconds);
        const response = await browser.get("/count");
        ages.push(/^Max-Age=(\d+);/.exec(attributesOf(response))?.[1]);
      }
      assert.deepEqual(ages, ["1000", "1000", "700"]);
      const times = await (await browser.get("/times")).json();
      assert.deepEqual(times, [0, 1_500_000]);
    },
  },
  {
    name: "a clock that goes back neither ends a session nor prolongs it",
    sealedOnly: true,
    async run(harness) {
      const { clock } = harness;
      const browser = browse(harness, routes, {
        idleTimeout: 1_000,
        absoluteTimeout: 1_000,
      });
      await browser.get("/set");
      clock.advance(-60);
      const response = await browser.get("/get");
      assert.equal(await response.json(), "swordfish");
      assertNoCookie(response);
      const changed = await browser.get("/count");
      assert.match(attributesOf(changed), /^Max-Age=1000; /);
      assert.deepEqual(await (await browser.get("/times")).json(), [
        0,
        940_000,
      ]);
    },
  },
  {
    name: "a session from a minute and more ahead is refused",
    async run(harness) {
      const handle = harness.wrap(routes);
      const made = await handle(new Request("https://example.com/set"));
      harness.events.splice(0);
      harness.clock.advance(-61);
      const response = await handle(requestWith(
        `__Host-sid=${tokenOf(made)}`,
        "https://example.com/get",
      ));
      assert.equal(await response.json(), null);
      const [event] = harness.events;
      assert.ok(event?.type === "rejected" && event.reason === "future");
      assert.deepEqual(typesOf(harness.events), ["rejected"]);
    },
  },
];
