import assert from "node:assert/strict";
import { browse, type HttpCase, visit } from "../harness.ts";
import {
  assertNoCookie,
  attributesOf,
  type Handler,
  lineOf,
  requestWith,
  router,
  START,
  tokenOf,
  typesOf,
} from "../support.ts";

const routes: Handler = router({
  fill: (session) => session.set("cart", ["apple"]),
  login: (session, request) =>
    session.login(new URL(request.url).searchParams.get("user") ?? "ada"),
  regenerate: (session) => session.regenerate(),
  before(session) {
    session.set("side", "before");
    session.regenerate();
  },
  after(session) {
    session.regenerate();
    session.set("side", "after");
  },
  destroy: (session) => session.destroy(),
  show: (session) => ({
    id: session.id,
    user: session.userId ?? null,
    created: (session.createdAt - START) / 1000,
    data: session.toJSON(),
    isNew: session.isNew,
  }),
});

type Shown = {
  id: string;
  user: string | null;
  created: number;
  data: Record<string, unknown>;
  isNew: boolean;
};

async function show(
  browser: { get(path: string): Promise<Response> },
): Promise<Shown> {
  return await (await browser.get("/show")).json();
}

/** Login, new ids and logout. */
export const ownerCases: readonly HttpCase[] = [
  {
    name:
      "login() gives a new cookie, an owner and a new start, and keeps a cart",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/fill");
      const before = await show(browser);
      const cookie = browser.cookie("__Host-sid");
      harness.clock.advance(100);
      lineOf(await browser.get("/login"));
      assert.notEqual(browser.cookie("__Host-sid"), cookie);
      const after = await show(browser);
      assert.equal(before.user, null);
      assert.equal(after.user, "ada");
      assert.equal(before.created, 0);
      assert.equal(after.created, 100);
      assert.deepEqual(after.data, { cart: ["apple"] });
    },
  },
  {
    name: "login() of another user removes the values and notices of the first",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          ada(session) {
            session.login("ada");
            session.set("diary", "private");
            session.flash("note", "for ada");
          },
          bob(session) {
            session.login("bob");
            return [session.toJSON(), session.flashes("note")];
          },
          show: (session) => [session.userId, session.toJSON()],
        }),
      );
      await browser.get("/ada");
      const login = await browser.get("/bob");
      assert.deepEqual(await login.json(), [{}, []]);
      const shown = await browser.get("/show");
      assert.deepEqual(await shown.json(), ["bob", {}]);
    },
  },
  {
    name: "login() of the same user again keeps the values with a new cookie",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/login");
      await browser.get("/fill");
      const before = await show(browser);
      const cookie = browser.cookie("__Host-sid");
      await browser.get("/login");
      assert.notEqual(browser.cookie("__Host-sid"), cookie);
      const after = await show(browser);
      assert.deepEqual(after.data, before.data);
    },
  },
  {
    name: "login() starts both timeouts again",
    async run(harness) {
      const browser = browse(harness, routes, {
        idleTimeout: 600,
        absoluteTimeout: 1_000,
      });
      await browser.get("/fill");
      harness.clock.advance(500);
      const login = await browser.get("/login");
      assert.match(attributesOf(login), /^Max-Age=600; /);
      harness.clock.advance(550);
      assert.match(attributesOf(await browser.get("/show")), /^Max-Age=450; /);
      harness.clock.advance(449);
      assert.equal((await show(browser)).user, "ada");
      harness.clock.advance(1);
      assert.equal((await show(browser)).user, null);
    },
  },
  {
    name: "a session that an attacker planted is not logged in with the victim",
    async run(harness) {
      const handle = harness.wrap(routes);
      const attacker = visit(harness, handle);
      await attacker.get("/fill");
      const planted = `${attacker.cookie("__Host-sid")}`;
      const victim = visit(harness, handle);
      victim.setCookie(`__Host-sid=${planted}; Path=/; Secure`);
      await victim.get("/login");
      assert.equal((await show(victim)).user, "ada");
      assert.notEqual(victim.cookie("__Host-sid"), planted);
      assert.equal((await show(attacker)).user, null);
    },
  },
  {
    name: "regenerate() gives a new cookie and keeps data, owner and start",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/login");
      await browser.get("/fill");
      const before = await show(browser);
      const cookie = browser.cookie("__Host-sid");
      harness.clock.advance(100);
      lineOf(await browser.get("/regenerate"));
      assert.notEqual(browser.cookie("__Host-sid"), cookie);
      const after = await show(browser);
      assert.deepEqual({ ...after, id: before.id }, before);
    },
  },
  {
    name: "regenerate() keeps values that are set before and after it",
    async run(harness) {
      for (const side of ["before", "after"]) {
        const browser = browse(harness, routes);
        await browser.get("/fill");
        const cookie = browser.cookie("__Host-sid");
        lineOf(await browser.get(`/${side}`));
        assert.notEqual(browser.cookie("__Host-sid"), cookie);
        const shown = await show(browser);
        assert.deepEqual(shown.data, { cart: ["apple"], side });
      }
    },
  },
  {
    name: "regenerate() does not move the absolute end",
    async run(harness) {
      const browser = browse(harness, routes, {
        idleTimeout: 600,
        absoluteTimeout: 1_000,
      });
      await browser.get("/fill");
      harness.clock.advance(500);
      const response = await browser.get("/regenerate");
      assert.match(attributesOf(response), /^Max-Age=500; /);
      harness.clock.advance(500);
      assert.equal((await show(browser)).isNew, true);
    },
  },
  {
    name: "destroy() removes the cookie with the attributes it was set with",
    async run(harness) {
      const variants = [
        [{}, "__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"],
        [
          { domain: "example.com" },
          "__Secure-sid=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; " +
          "Secure; SameSite=Lax",
        ],
        [
          { sameSite: "None", partitioned: true },
          "__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None; " +
          "Partitioned",
        ],
      ] as const;
      for (const [cookie, line] of variants) {
        const browser = browse(harness, routes, { cookie });
        await browser.get("/fill");
        harness.events.splice(0);
        const response = await browser.get("/destroy");
        assert.equal(response.headers.getSetCookie().at(-1), line);
        assert.equal(response.headers.get("cache-control"), "no-store");
        assert.equal(browser.cookie(line.split("=", 1)[0] ?? ""), undefined);
        assert.deepEqual(typesOf(harness.events), ["opened", "destroyed"]);
        assert.equal((await show(browser)).isNew, true);
      }
    },
  },
  {
    name: "destroy() of a new session sets and removes nothing",
    async run(harness) {
      const browser = browse(harness, (_request, session) => {
        session.set("a", 1);
        session.destroy();
        return new Response();
      });
      assertNoCookie(await browser.get());
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: "a copy of the cookie from before the logout still opens",
    sealedOnly: true,
    async run(harness) {
      const handle = harness.wrap(routes);
      const browser = visit(harness, handle);
      const copy = tokenOf(await browser.get("/fill"));
      await browser.get("/destroy");
      const thief = visit(
        harness,
        (request) => handle(requestWith(`__Host-sid=${copy}`, request.url)),
      );
      assert.deepEqual((await show(thief)).data, { cart: ["apple"] });
    },
  },
  {
    name: "after a logout the next visitor of the browser starts afresh",
    async run(harness) {
      const browser = browse(harness, routes);
      await browser.get("/login");
      await browser.get("/fill");
      const { id } = await show(browser);
      await browser.get("/destroy");
      await browser.get("/login?user=bob");
      const shown = await show(browser);
      assert.equal(shown.user, "bob");
      assert.notEqual(shown.id, id);
      assert.deepEqual(shown.data, {});
    },
  },
];
