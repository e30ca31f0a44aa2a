import assert from "node:assert/strict";
import type { CookieOptions } from "../../../mod.ts";
import type { Browser } from "../../../testing/browser.ts";
import { type HttpCase, type HttpHarness, visit } from "../harness.ts";
import {
  assertNoCookie,
  IN_BACKGROUND,
  NAVIGATION,
  router,
  typesOf,
} from "../support.ts";

const routes = router({
  "app/in": (session) => session.login("ada"),
  "app/out": (session) => session.destroy(),
  "app/count": (session) => session.update("n", (n = 0) => n + 1),
  "app/": (session) => [session.userId ?? null, session.get("n") ?? null],
  "app/nothing": () => null,
});

interface Move {
  readonly what: string;
  readonly from: CookieOptions;
  readonly to: CookieOptions;
}

const name = "app";

/** Moves of a cookie that keeps its name. */
const MOVES: readonly Move[] = [
  {
    what: "to a domain",
    from: { name },
    to: { name, domain: "example.com" },
  },
  {
    what: "from a domain",
    from: { name, domain: "example.com" },
    to: { name, previous: [{ domain: "example.com" }] },
  },
  {
    what: "to a path",
    from: { name },
    to: { name, path: "/app", previous: [{}] },
  },
  {
    what: "from a path",
    from: { path: "/app" },
    to: { name: "__Secure-sid", previous: [{ path: "/app" }] },
  },
  {
    what: "from a path to a domain",
    from: { name, path: "/app" },
    to: { name, domain: "example.com", previous: [{ path: "/app" }] },
  },
  {
    what: "to a domain with a priority",
    from: { name, priority: "High" },
    to: { name, domain: "example.com", priority: "High", previous: [{}] },
  },
  // The name by default is the same before and after.
  {
    what: "to a domain without Secure",
    from: { secure: false },
    to: { secure: false, domain: "example.com" },
  },
  {
    what: "to a domain with a path",
    from: { path: "/app" },
    to: { path: "/app", domain: "example.com" },
  },
  {
    what: "to a domain from a name that is its default",
    from: { name: "__Secure-sid" },
    to: { domain: "example.com" },
  },
  {
    what: "to a path without Secure",
    from: { secure: false },
    to: { secure: false, path: "/app", previous: [{}] },
  },
  {
    what: "to partitions",
    from: {},
    to: { partitioned: true, previous: [{}] },
  },
  {
    what: "from partitions",
    from: { partitioned: true },
    to: { previous: [{ partitioned: true }] },
  },
];

/** A browser of before, and what makes the release change, or change back. */
function move(
  harness: HttpHarness,
  { from, to }: Move,
): [Browser, (isBack?: boolean) => void] {
  let handle = harness.wrap(routes, { cookie: from });
  const browser = visit(
    harness,
    (request) => handle(request),
    "https://www.example.com",
  );
  const change = (isBack?: boolean) => {
    handle = harness.wrap(routes, { cookie: isBack ? from : to });
  };
  return [browser, change];
}

async function read(browser: Browser): Promise<unknown> {
  return await (await browser.get("/app/", NAVIGATION)).json();
}

/** What a browser still has of a cookie's earlier scopes. */
export const scopeCases: readonly HttpCase[] = MOVES.flatMap((each) => [
  {
    name: `a move ${each.what} keeps visitors signed in`,
    async run(harness) {
      const [browser, release] = move(harness, each);
      await browser.get("/app/in");
      release();
      assert.deepEqual(await read(browser), ["ada", null]);
      for (let i = 1; i < 4; i++) {
        // With both cookies, and with what is left of them.
        harness.clock.advance(400);
        assert.equal(await (await browser.get("/app/count")).json(), i);
        assert.deepEqual(await read(browser), ["ada", i]);
      }
    },
  },
  {
    name: `a login after a move ${each.what} holds`,
    async run(harness) {
      for (const before of ["/app/in", "/app/count"]) {
        const [browser, release] = move(harness, each);
        await browser.get(before);
        release();
        await browser.get("/app/in");
        const [user] = await read(browser) as unknown[];
        assert.equal(user, "ada");
        harness.events.splice(0);
        await read(browser);
        assert.deepEqual(typesOf(harness.events), ["opened"]);
      }
    },
  },
  {
    name: `a sign-out after a move ${each.what} holds`,
    async run(harness) {
      const [browser, release] = move(harness, each);
      await browser.get("/app/in");
      release();
      const left = await browser.get("/app/out");
      const lines = left.headers.getSetCookie();
      assert.equal(new Set(lines).size, lines.length);
      harness.events.splice(0);
      assert.deepEqual(await read(browser), [null, null]);
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: `what both releases wrote in a move ${each.what} is kept`,
    async run(harness) {
      const [browser, release] = move(harness, each);
      await browser.get("/app/in");
      for (const isBack of [false, true, false, true]) {
        release(isBack);
        harness.clock.advance(400);
        await browser.get("/app/count");
        await read(browser);
      }
      release();
      assert.deepEqual(await read(browser), ["ada", 4]);
      harness.events.splice(0);
      assert.deepEqual(await read(browser), ["ada", 4]);
      assert.deepEqual(typesOf(harness.events), ["opened"]);
    },
  },
  {
    name: `two sessions after a move ${each.what} are one at the next request`,
    async run(harness) {
      const [browser, release] = move(harness, each);
      const [second, releaseSecond] = move(harness, each);
      await browser.get("/app/in");
      release();
      releaseSecond();
      // A newer session, which has not come by this browser.
      const [line] = (await second.get("/app/count")).headers.getSetCookie();
      browser.setCookie(line ?? "", "https://www.example.com/app/");
      assertNoCookie(await browser.get("/app/", IN_BACKGROUND));
      assert.deepEqual(await read(browser), [null, null]);
      assert.deepEqual(await read(browser), [null, 1]);
      assertNoCookie(await browser.get("/app/nothing", NAVIGATION));
    },
  },
]);
