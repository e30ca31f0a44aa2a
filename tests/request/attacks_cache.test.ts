import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import { Cdn, type CdnOptions, WORKERS_CACHING } from "../shared/cdn.ts";
import { type Handler, router, setUp } from "../shared/support.ts";

/** What handlers say about caching, for better or worse. */
const POLICIES: readonly Record<string, string>[] = [
  {},
  { "cache-control": "public, max-age=600" },
  { "cache-control": "s-maxage=600" },
  { "cache-control": "max-age=600, immutable" },
  { "cache-control": "public, max-age=600", vary: "Accept-Encoding" },
  { "cdn-cache-control": "max-age=600" },
  { "cloudflare-cdn-cache-control": "max-age=600" },
  { "surrogate-control": "max-age=600" },
  { "edge-control": "max-age=600" },
  { "x-accel-expires": "600" },
];

interface Street {
  readonly cdn: Cdn;
  newcomer(): Browser;
}

/** Browsers behind one shared cache. */
function build(
  routes: Parameters<typeof router>[0],
  kind?: CdnOptions,
): Street {
  const { options, clock } = setUp();
  const now = () => clock.now;
  const handler: Handler = router(routes);
  const cdn = new Cdn(withSession(handler, options), now, kind);
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

  it("a cache without cookies in its key keeps what was not used, for all", async () => {
    const { cdn, newcomer } = build(
      { page: () => new Response("hello") },
      WORKERS_CACHING,
    );
    for (const browser of [newcomer(), newcomer()]) {
      assert.equal(await (await browser.get("/page")).text(), "hello");
    }
    assert.equal(cdn.hits, 1);
  });

  it("a cache without cookies in its key keeps nothing of a session", async () => {
    // Who says `public` of such a page gives it to all.
    const isPublic = (headers: Record<string, string>) =>
      /public|s-maxage/.test(headers["cache-control"] ?? "");
    for (const headers of POLICIES.filter((each) => !isPublic(each))) {
      const { cdn, newcomer } = build({
        login(session, request) {
          session.login(new URL(request.url).search);
        },
        read: (session) => Response.json(session.userId ?? null, { headers }),
        write(session) {
          session.update("n", (n = 0) => n + 1);
          return Response.json(session.userId ?? null, { headers });
        },
      }, WORKERS_CACHING);
      const [ada, bob, guest] = [newcomer(), newcomer(), newcomer()];
      await ada.post("/login?ada");
      await bob.post("/login?bob");
      for (const path of ["/read", "/write", "/read"]) {
        const seen = [];
        for (const browser of [guest, ada, bob]) {
          seen.push(await (await browser.get(path)).json());
        }
        assert.deepEqual(seen, [null, "?ada", "?bob"], JSON.stringify(headers));
      }
      assert.equal(cdn.hits, 0);
    }
  });
});
