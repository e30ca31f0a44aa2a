import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../mod.ts";
import { Browser } from "./browser.ts";
import { Cdn } from "./_cdn.ts";
import { type Handler, router, setUp } from "./_support.ts";

/** What handlers say about caching, for better or worse. */
const POLICIES: readonly Record<string, string>[] = [
  {},
  { "cache-control": "public, max-age=600" },
  { "cache-control": "s-maxage=600" },
  { "cache-control": "max-age=600, immutable" },
  { "cache-control": "public, max-age=600", vary: "Accept-Encoding" },
  { "cdn-cache-control": "max-age=600" },
];

interface Street {
  readonly cdn: Cdn;
  newcomer(): Browser;
}

/** Browsers behind one shared cache. */
function build(routes: Parameters<typeof router>[0]): Street {
  const { options, clock } = setUp();
  const now = () => clock.now;
  const handler: Handler = router(routes);
  const cdn = new Cdn(withSession(handler, options), now);
  const newcomer = () => new Browser((request) => cdn.fetch(request), { now });
  return { cdn, newcomer };
}

describe("Attacks by shared caches", () => {
  it("a cache keeps a response whose handler did not use the session", async () => {
    const { cdn, newcomer } = build({ page: () => new Response("hello") });
    for (const browser of [newcomer(), newcomer(), newcomer()]) {
      assert.equal(await (await browser.get("/page")).text(), "hello");
    }
    assert.equal(cdn.hits, 2);
  });

  it("no cache gives one visitor's cookie to another", async () => {
    for (const headers of POLICIES) {
      const { newcomer } = build({
        page(session) {
          session.update("n", (n = 0) => n + 1);
          return Response.json(session.id, { headers });
        },
      });
      const browsers = [newcomer(), newcomer(), newcomer()];
      const ids = new Set<string>();
      for (const browser of browsers) {
        ids.add(await (await browser.get("/page")).json());
      }
      const cookies = browsers.map((each) => each.cookie("__Host-sid"));
      assert.equal(new Set(cookies).size, 3, JSON.stringify(headers));
      assert.equal(ids.size, 3, JSON.stringify(headers));
    }
  });

  it("no cache gives one visitor's page to another", async () => {
    for (const headers of POLICIES) {
      const { newcomer } = build({
        login(session, request) {
          session.login(new URL(request.url).search);
        },
        page: (session) => Response.json(session.userId ?? null, { headers }),
      });
      const [ada, bob, guest] = [newcomer(), newcomer(), newcomer()];
      await ada.post("/login?ada");
      await bob.post("/login?bob");
      for (const _ of [1, 2]) {
        const seen = [];
        for (const browser of [ada, bob, guest]) {
          seen.push(await (await browser.get("/page")).json());
        }
        assert.deepEqual(
          seen,
          ["?ada", "?bob", null],
          JSON.stringify(headers),
        );
      }
    }
  });

  it("no cache brings a logged-out page's cookie back", async () => {
    for (const headers of POLICIES) {
      const { newcomer } = build({
        login: (session) => session.login("ada"),
        logout(session) {
          session.destroy();
          return new Response("bye", { headers });
        },
        page: (session) => session.userId ?? null,
      });
      const [one, two] = [newcomer(), newcomer()];
      await one.post("/login");
      await one.get("/logout");
      await two.post("/login");
      await two.get("/logout");
      for (const browser of [one, two]) {
        assert.equal(browser.cookie("__Host-sid"), undefined);
        assert.equal(await (await browser.get("/page")).json(), null);
      }
    }
  });
});
