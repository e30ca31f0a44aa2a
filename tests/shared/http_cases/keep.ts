import assert from "node:assert/strict";
import { browse, type HttpCase } from "../harness.ts";
import {
  assertNoCookie,
  attributesOf,
  type Handler,
  lineOf,
  NAVIGATION,
  router,
} from "../support.ts";

const notices: Handler = router({
  save(session) {
    session.flash("info", "Saved");
    session.flash("info", { id: 7 });
    session.flash("error", "Late");
  },
  info: (session) => session.flashes("info"),
  error: (session) => session.flashes("error"),
  data: (session) => [session.toJSON(), session.keys()],
});

const routes: Handler = router({
  set: (session) => session.set("word", "swordfish"),
  get: (session) => session.get("word") ?? null,
  yes: (session) => session.persist(true),
  no: (session) => session.persist(false),
  month: (session) => session.persist(2_000_000),
  minute: (session) => session.persist(60),
});

/** What lasts over requests: notices, and the cookie in the browser. */
export const keepCases: readonly HttpCase[] = [
  {
    name: "flash() lasts until it is read, be it many requests later",
    async run(harness) {
      const browser = browse(harness, notices);
      await browser.get("/save");
      await browser.get("/data");
      await browser.get("/data");
      const first = await browser.get("/info");
      assert.deepEqual(await first.json(), ["Saved", { id: 7 }]);
      const second = await browser.get("/info");
      assert.deepEqual(await second.json(), []);
      assertNoCookie(second);
      assert.deepEqual(await (await browser.get("/error")).json(), ["Late"]);
      assert.deepEqual(await (await browser.get("/error")).json(), []);
    },
  },
  {
    name: "flash() adds to the notices of an earlier request",
    async run(harness) {
      const browser = browse(harness, notices);
      await browser.get("/save");
      await browser.get("/save");
      assert.deepEqual(await (await browser.get("/error")).json(), [
        "Late",
        "Late",
      ]);
    },
  },
  {
    name: "flash() is no part of the data",
    async run(harness) {
      const browser = browse(harness, notices);
      await browser.get("/save");
      const response = await browser.get("/data");
      assert.deepEqual(await response.json(), [{}, []]);
    },
  },
  {
    name: "take() reads a value once",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("step", { n: 1 }),
          take: (session) => session.take("step") ?? null,
        }),
      );
      await browser.get("/set");
      assert.deepEqual(await (await browser.get("/take")).json(), { n: 1 });
      const second = await browser.get("/take");
      assert.equal(await second.json(), null);
      assertNoCookie(second);
    },
  },
  {
    name: "persistent: false leaves Max-Age away, not the server's limit",
    async run(harness) {
      const browser = browse(harness, routes, {
        persistent: false,
        idleTimeout: 100,
      });
      const response = await browser.get("/set");
      assert.equal(
        attributesOf(response),
        "Path=/; HttpOnly; Secure; SameSite=Lax",
      );
      harness.clock.advance(100);
      assert.equal(await (await browser.get("/get")).json(), null);
    },
  },
  {
    name: "persist(false) and persist(true) decide for one session, and last",
    async run(harness) {
      for (const persistent of [true, false]) {
        const browser = browse(harness, routes, { persistent });
        await browser.get("/set");
        const other = await browser.get(persistent ? "/no" : "/yes");
        assert.equal(/Max-Age/.test(lineOf(other)), !persistent);
        harness.clock.advance(300);
        const renewed = await browser.get("/get", NAVIGATION);
        assert.equal(/Max-Age/.test(lineOf(renewed)), !persistent);
        const back = await browser.get(persistent ? "/yes" : "/no");
        assert.equal(/Max-Age/.test(lineOf(back)), persistent);
      }
    },
  },
  {
    name: "clear() of an empty session in a cookie sets none",
    sealedOnly: true,
    async run(harness) {
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("a", 1),
          clear: (session) => session.clear(),
        }),
      );
      await browser.get("/set");
      lineOf(await browser.get("/clear"));
      assertNoCookie(await browser.get("/clear"));
    },
  },
  {
    name: "persist() as it is anyway sets no cookie",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      assertNoCookie(await browser.get("/yes"));
      await browser.get("/month");
      assertNoCookie(await browser.get("/month"));
    },
  },
  {
    name: "persist(seconds) is Max-Age and idle timeout in one",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      const longer = await browser.get("/month");
      assert.match(attributesOf(longer), /^Max-Age=2000000; /);
      harness.clock.advance(1_999_999);
      assert.equal(await (await browser.get("/get")).json(), "swordfish");

      const shorter = await browser.get("/minute");
      assert.match(attributesOf(shorter), /^Max-Age=60; /);
      harness.clock.advance(59);
      const renewed = await browser.get("/get", NAVIGATION);
      assert.equal(await renewed.json(), "swordfish");
      assert.match(attributesOf(renewed), /^Max-Age=60; /);
      harness.clock.advance(60);
      assert.equal(await (await browser.get("/get")).json(), null);
    },
  },
  {
    name: "persist(seconds) does not outlast absoluteTimeout",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/set");
      await browser.get("/month");
      harness.clock.advance(1_900_000);
      const response = await browser.get("/get", NAVIGATION);
      assert.match(attributesOf(response), /^Max-Age=692000; /);
      harness.clock.advance(692_000);
      assert.equal(await (await browser.get("/get")).json(), null);
    },
  },
  {
    name: "login() keeps what persist() chose",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          login(session) {
            session.persist(7_200);
            session.login("ada");
          },
          again: (session) => session.login("ada"),
        }),
      );
      const first = await browser.get("/login");
      assert.match(attributesOf(first), /^Max-Age=7200; /);
      const second = await browser.get("/again");
      assert.match(attributesOf(second), /^Max-Age=7200; /);
    },
  },
];
