import assert from "node:assert/strict";
import { browse, type HttpCase, visit } from "../harness.ts";
import {
  assertHarmless,
  assertNoCookie,
  type Handler,
  lineOf,
  NAVIGATION,
  requestWith,
  router,
  tokenOf,
  typesOf,
} from "../support.ts";

const count: Handler = (_request, session) =>
  Response.json(session.update("n", (n = 0) => n + 1));

/** Signs in, counts, or tells who it is. */
const site = router({
  login: (session) => session.login("ada"),
  count: (session) => session.update("n", (n = 0) => n + 1),
  notice: (session) => session.flash("notice", "Hello"),
  renew: (session) => session.regenerate(),
  save: async (session) => {
    session.set("n", 1);
    await session.save();
  },
  who: (session) => session.userId ?? null,
});

/** What a browser says of a request that another site made it send. */
const CROSS = { "sec-fetch-site": "cross-site" };
const LINK = { ...CROSS, "sec-fetch-dest": "document" };
const BEHIND_PROXY: readonly Record<string, string>[] = [
  { "x-forwarded-for": "203.0.113.7" },
  { "x-forwarded-proto": "http" },
  { "x-forwarded-host": "localhost" },
  { "x-forwarded-port": "80" },
  { "x-real-ip": "127.0.0.1" },
  { "x-original-host": "shop.example.com" },
  { "x-envoy-external-address": "203.0.113.7" },
  { "x-azure-clientip": "203.0.113.7" },
  { "cdn-loop": "cloudflare" },
  { via: "1.1 varnish" },
  { forwarded: "for=203.0.113.7" },
  { forwarded: "" },
  { "fastly-ff": "shop.example.com" },
  { "x-arr-log-id": "7c41d0f8" },
  { "x-amzn-trace-id": "Root=1" },
  { "true-client-ip": "203.0.113.7" },
  { "x-client-ip": "203.0.113.7" },
  { "x-cluster-client-ip": "203.0.113.7" },
  { "x-varnish": "32770" },
];
const BEHIND_TLS: readonly Record<string, string>[] = [
  { "x-forwarded-proto": "https" },
  { "x-forwarded-proto": "https,http" },
  { "x-forwarded-proto": "HTTPS" },
  { "x-forwarded-scheme": "https" },
  { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" },
  { forwarded: "for=203.0.113.7;proto=https;by=10.0.0.1" },
  { "cloudfront-forwarded-proto": "https" },
  { "x-forwarded-ssl": "on" },
  { "front-end-https": "on" },
  { "x-https": "1" },
  { https: "on" },
  { "x-client-proto": "https" },
  { "wl-proxy-ssl": "true" },
  { "cf-visitor": '{"scheme":"https"}' },
];

/** Where a session is, and where it is not. */
export const placeCases: readonly HttpCase[] = [
  {
    name: "localhost behind a proxy gets no cookie without Secure",
    async run(harness) {
      const handle = harness.wrap(count);
      for (const url of ["http://localhost:3000/", "http://127.0.0.1/"]) {
        for (const headers of BEHIND_PROXY) {
          const response = await handle(new Request(url, { headers }));
          assertNoCookie(response);
          const [event, ...more] = harness.events.splice(0);
          assert.equal(event?.type, "insecure", JSON.stringify(headers));
          assert.deepEqual(more, []);
        }
      }
    },
  },
  {
    name: "localhost behind a proxy with TLS gets the secure cookie",
    async run(harness) {
      const handle = harness.wrap(count);
      for (const headers of BEHIND_TLS) {
        const url = "http://localhost:3000/";
        const response = await handle(new Request(url, { headers }));
        assert.match(lineOf(response), /^__Host-sid=.*; Secure;/);
        const cookie = `__Host-sid=${tokenOf(response)}`;
        const again = await handle(requestWith(cookie, url, { headers }));
        assert.equal(await again.json(), 2);
      }
    },
  },
  {
    name: "localhost behind a proxy does not read the development cookie",
    async run(harness) {
      const handle = harness.wrap(count);
      const url = "http://localhost:3000/";
      const cookie = `sid-3000=${tokenOf(await handle(new Request(url)))}`;
      for (const headers of [...BEHIND_PROXY, ...BEHIND_TLS]) {
        const response = await handle(requestWith(cookie, url, { headers }));
        assert.equal(await response.json(), 1);
      }
    },
  },
  {
    name: "no header of a proxy makes a cookie of less",
    async run(harness) {
      const cookie = { sameSite: "None" } as const;
      const handle = harness.wrap(count, { cookie });
      for (const headers of [...BEHIND_PROXY, ...BEHIND_TLS]) {
        const there = new Request("https://example.com/", { headers });
        assert.match(lineOf(await handle(there)), /^__Host-sid=.*; Secure;/);
        const open = new Request("http://example.com/", { headers });
        assertNoCookie(await handle(open));
      }
    },
  },
  {
    name: "the cookie of the machine itself is told of once",
    async run(harness) {
      const handle = harness.wrap(count);
      await handle(new Request("https://example.com/"));
      assert.equal(typesOf(harness.events).includes("local"), false);
      await handle(new Request("http://localhost:3000/"));
      const [first] = harness.events;
      assert.equal(first?.type, "local");
      assertHarmless([first]);
      harness.events.splice(0);
      // Not what browsers, their scripts and `wrangler dev` send.
      const headers = {
        "sec-fetch-site": "none",
        "upgrade-insecure-requests": "1",
        "x-requested-with": "XMLHttpRequest",
        "x-client-version": "https",
        "x-protocol": "https",
        "x-not-fastly-ff": "https",
        "x-my-x-azure-ref": "https",
        "x-not-via": "https",
        "via-app": "https",
        "x-request-id": "1",
        "cf-connecting-ip": "127.0.0.1",
      };
      const own = new Request("http://localhost:3000/", { headers });
      assert.match(lineOf(await handle(own)), /^sid-3000=/);
      await handle(new Request("http://127.0.0.1:3000/"));
      assert.equal(typesOf(harness.events).includes("local"), false);
    },
  },
  {
    name: "outside the cookie's path there is no session",
    async run(harness) {
      const cookie = { path: "/admin" };
      const browser = browse(
        harness,
        router({
          "admin/login": (session) => session.login("ada"),
          "admin": (session) => session.userId ?? null,
          "admin/": (session) => session.userId ?? null,
          "": (session) => session.userId ?? session.get("n") ?? null,
          "login": (session) => session.login("eve"),
          "count": (session) => session.update("n", (n = 0) => n + 1),
          "admins": (session) => session.flash("notice", 1),
          "Admin": (session) => session.regenerate(),
        }),
        { cookie },
      );
      await browser.post("/admin/login");
      const token = browser.cookie("__Secure-sid", "/admin");
      const read = await browser.get("/");
      assert.equal(await read.json(), null);
      assert.equal(read.headers.get("vary"), null);
      assertNoCookie(read);
      for (const path of ["/count", "/login", "/admins", "/Admin"]) {
        const left = { name: "SessionError", code: "left-out" };
        await assert.rejects(browser.get(path), left, path);
      }
      assert.equal(browser.cookie("__Secure-sid", "/admin"), token);
      for (const path of ["/admin", "/admin/", "/admin?a", "/admin/?b/c"]) {
        assert.equal(await (await browser.get(path)).json(), "ada", path);
      }
    },
  },
  {
    name: "outside the cookie's path no cookie is read",
    async run(harness) {
      const handle = harness.wrap(site, { cookie: { path: "/login/" } });
      const url = "https://example.com/login/";
      const set = harness.wrap((_request, session) => {
        session.login("ada");
        return new Response();
      }, { cookie: { path: "/login/" } });
      const token = tokenOf(await set(new Request(url)));
      harness.events.splice(0);
      // A browser would not send it: "/login" is not below "/login/".
      for (const value of [token, `${token}x`]) {
        const sent = requestWith(
          `__Secure-sid=${value}`,
          "https://example.com/who",
          NAVIGATION,
        );
        const response = await handle(sent);
        assert.equal(await response.json(), null);
        assertNoCookie(response);
      }
      assert.deepEqual(harness.events, []);
    },
  },
  {
    name: "csrf guards addresses outside the cookie's path, too",
    async run(harness) {
      const options = { cookie: { path: "/admin" }, csrf: true };
      const handle = harness.wrap(site, options);
      const init = { method: "POST", headers: CROSS };
      const response = await handle(new Request("https://a.example/who", init));
      assert.equal(response.status, 403);
    },
  },
  {
    name: "a form of another site replaces no session that was withheld",
    async run(harness) {
      const handle = harness.wrap(site);
      const browser = visit(harness, handle);
      await browser.post("/login");
      const token = browser.cookie("__Host-sid");
      harness.events.splice(0);
      for (const path of ["/count", "/notice", "/renew"]) {
        const url = `https://example.com${path}`;
        for (const headers of [CROSS, LINK]) {
          const sent = new Request(url, { method: "POST", headers });
          const response = await handle(sent);
          assert.equal(response.status, 200);
          assertNoCookie(response);
          const told = path === "/renew" ? [] : ["withheld"];
          assertHarmless(harness.events);
          assert.deepEqual(typesOf(harness.events), told, path);
        }
      }
      assert.equal(browser.cookie("__Host-sid"), token);
      assert.equal(await (await browser.get("/who")).json(), "ada");
    },
  },
  {
    name: "with Strict, a link of another site replaces no session either",
    async run(harness) {
      const cookie = { sameSite: "Strict" } as const;
      const handle = harness.wrap(site, { cookie });
      for (const headers of [LINK, CROSS]) {
        const sent = new Request("https://example.com/count", { headers });
        const response = await handle(sent);
        assert.equal(await response.json(), 1);
        assertNoCookie(response);
        assert.equal(response.headers.get("vary"), "Cookie");
        assert.deepEqual(typesOf(harness.events), ["withheld"]);
        const own = { ...headers, "sec-fetch-site": "same-origin" };
        const first = new Request("https://example.com/count", {
          headers: own,
        });
        assert.match(lineOf(await handle(first)), /^__Host-sid=/);
        harness.events.splice(0);
      }
    },
  },
  {
    name: "with Lax, a first visit by a link begins a session",
    async run(harness) {
      const handle = harness.wrap(site);
      for (const method of ["GET", "HEAD"]) {
        const init = { method, headers: LINK };
        const url = "https://example.com/count";
        assert.match(
          lineOf(await handle(new Request(url, init))),
          /^__Host-sid=/,
        );
      }
      // A picture or a frame of another site comes without the cookie.
      for (const dest of ["image", "iframe", "empty"]) {
        const headers = { ...CROSS, "sec-fetch-dest": dest };
        const sent = new Request("https://example.com/count", { headers });
        assertNoCookie(await handle(sent));
      }
    },
  },
  {
    name: "with None, no cookie means that there is none",
    async run(harness) {
      const cookie = { sameSite: "None" } as const;
      const handle = harness.wrap(site, { cookie });
      for (const headers of [LINK, CROSS]) {
        const init = { method: "POST", headers };
        const sent = new Request("https://example.com/count", init);
        assert.match(lineOf(await handle(sent)), /; SameSite=None/);
      }
    },
  },
  {
    name: "a login by a form of another site is kept",
    async run(harness) {
      const handle = harness.wrap((_request, session) => {
        session.set("a", 1);
        session.login("ada");
        session.set("b", 2);
        return new Response();
      });
      const init = { method: "POST", headers: LINK };
      const url = "https://example.com/";
      const token = tokenOf(await handle(new Request(url, init)));
      const read = harness.wrap((_request, session) =>
        Response.json([session.userId, session.get("a"), session.get("b")])
      );
      const response = await read(requestWith(`__Host-sid=${token}`));
      assert.deepEqual(await response.json(), ["ada", 1, 2]);
      assert.equal(typesOf(harness.events).includes("withheld"), false);
    },
  },
  {
    name: "a cookie that another site's request brings is used as ever",
    async run(harness) {
      const handle = harness.wrap(site);
      const url = "https://example.com/count";
      const token = tokenOf(await handle(new Request(url)));
      const init = { method: "POST", headers: LINK };
      const sent = requestWith(`__Host-sid=${token}`, url, init);
      assert.equal(await (await handle(sent)).json(), 2);
      const bad = requestWith(`__Host-sid=${token}x`, url, init);
      assert.match(lineOf(await handle(bad)), /^__Host-sid=/);
    },
  },
  {
    name: "other sites of ours, the address bar and no browser are not strange",
    async run(harness) {
      const cookie = { sameSite: "Strict" } as const;
      const handle = harness.wrap(site, { cookie });
      for (const from of ["same-origin", "same-site", "none", "", undefined]) {
        const headers = new Headers();
        if (from !== undefined) headers.set("sec-fetch-site", from);
        const init = { method: "POST", headers };
        const sent = new Request("https://example.com/count", init);
        assert.match(lineOf(await handle(sent)), /^__Host-sid=/, `${from}`);
      }
    },
  },
  {
    name: "save() refuses to replace a session that was withheld",
    async run(harness) {
      const handle = harness.wrap(site);
      const init = { method: "POST", headers: CROSS };
      await assert.rejects(
        handle(new Request("https://example.com/save", init)),
        { name: "SessionError", code: "withheld" },
      );
      assert.deepEqual(typesOf(harness.events), ["withheld"]);
    },
  },
  {
    name: "csrf: whoever is refused without reason is told how to mend it",
    async run(harness) {
      const handle = harness.wrap(count, { csrf: true });
      const ask = async (url: string, headers: Record<string, string>) => {
        const response = await handle(
          new Request(url, { method: "POST", headers }),
        );
        assert.equal(response.status, 403);
        const [event] = harness.events.splice(0);
        assert.ok(event?.type === "forbidden");
        assertHarmless([event]);
        const text = await response.text();
        assert.match(text, /^Forbidden/);
        assert.equal(text.includes("shop"), false);
        return [event.reason, text] as const;
      };
      const url = "http://shop.example.com/";
      const [nobody, first] = await ask(url, { origin: "null" });
      assert.equal(nobody, "null-origin");
      assert.match(first, /Referrer-Policy/);
      const own = { origin: "https://shop.example.com" };
      const [scheme, second] = await ask(url, own);
      assert.equal(scheme, "scheme");
      assert.match(second, /proxy.*csrf/);
      const [origin] = await ask("http://localhost:3000/", own);
      assert.equal(origin, "origin");
      const [from] = await ask(url, CROSS);
      assert.equal(from, "site");
    },
  },
];
