import assert from "node:assert/strict";
import { browse, type HttpCase, visit } from "../harness.ts";
import {
  assertHarmless,
  assertNoCookie,
  type Handler,
  lineOf,
  requestWith,
  router,
  tokenOf,
  typesOf,
} from "../support.ts";

const count: Handler = (_request, session) =>
  Response.json(session.update("n", (n = 0) => n + 1));

const PUBLIC = "http://shop.example.com";
const SECURE = "Path=/; HttpOnly; Secure; SameSite=Lax";
const PLAIN = "Path=/; HttpOnly; SameSite=Lax";

/** Names and attributes by scheme, host and options. */
export const transportCases: readonly HttpCase[] = [
  {
    name: "over http from elsewhere no cookie is set, and an event says so",
    async run(harness) {
      const browser = browse(harness, count, {}, PUBLIC);
      const response = await browser.get();
      assert.equal(await response.json(), 1);
      assertNoCookie(response);
      assert.equal(response.headers.get("cache-control"), "private");
      const [event, ...more] = harness.events.splice(0);
      assert.ok(event?.type === "insecure");
      assertHarmless([event]);
      assert.deepEqual(more, []);
    },
  },
  {
    name: "a logout over http from elsewhere is told as not kept",
    async run(harness) {
      const handle = harness.wrap(router({
        set: (session) => session.set("a", 1),
        logout: (session) => session.destroy(),
      }));
      const made = await handle(new Request("https://example.com/set"));
      harness.events.splice(0);
      const response = await handle(
        requestWith(`__Host-sid=${tokenOf(made)}`, `${PUBLIC}/logout`),
      );
      assertNoCookie(response);
      assert.ok(typesOf(harness.events).includes("insecure"));
    },
  },
  {
    name: "over http from elsewhere the development cookie is not read",
    async run(harness) {
      const handle = harness.wrap(count);
      const local = await handle(new Request("http://localhost:8000/"));
      for (const name of ["sid", "sid-8000"]) {
        const cookie = `${name}=${tokenOf(local)}`;
        const response = await handle(requestWith(cookie, PUBLIC));
        assert.equal(await response.json(), 1);
      }
    },
  },
  {
    name: "on the machine itself http has a cookie without prefix and Secure",
    async run(harness) {
      for (
        const [origin, name] of [
          ["http://localhost:8000", "sid-8000"],
          ["http://app.localhost", "sid"],
          ["http://app-1.my.localhost:81", "sid-81"],
          ["http://127.0.0.1:3000", "sid-3000"],
          ["http://[::1]:8787", "sid-8787"],
        ] as const
      ) {
        const browser = browse(harness, count, {}, origin);
        const response = await browser.get();
        const line = new RegExp(`^${name}=[\\w-]+; Max-Age=86400; `);
        assert.match(lineOf(response), line);
        assert.equal(lineOf(response).includes("Secure"), false);
        assert.equal(lineOf(response).endsWith(PLAIN), true);
        assert.equal(await (await browser.get()).json(), 2, origin);
      }
    },
  },
  {
    name: "on the machine itself no attribute asks for what http cannot have",
    async run(harness) {
      const handle = harness.wrap(count, {
        cookie: {
          name: "__Secure-shop",
          domain: "example.com",
          sameSite: "None",
          partitioned: true,
        },
      });
      const browser = visit(harness, handle, "http://localhost:8000");
      const response = await browser.get();
      assert.match(lineOf(response), /^shop-8000=[\w-]+; Max-Age=86400; /);
      assert.equal(lineOf(response).endsWith(`86400; ${PLAIN}`), true);
      assert.equal(await (await browser.get()).json(), 2);
    },
  },
  {
    name: "hosts that only look like this machine get no cookie over http",
    async run(harness) {
      const handle = harness.wrap(count);
      for (
        const host of [
          "localhost.example.com",
          "127.0.0.1.example.com",
          "notlocalhost",
          "10.0.0.1",
          "192.168.0.1",
          "example.com/?http://localhost",
        ]
      ) assertNoCookie(await handle(new Request(`http://${host}/`)));
    },
  },
  {
    name: "https does not read the development cookie",
    async run(harness) {
      const handle = harness.wrap(count);
      const local = await handle(new Request("http://localhost/"));
      const token = tokenOf(local);
      for (const name of ["sid", "__Host-sid"]) {
        const response = await handle(requestWith(`${name}=${token}`));
        assert.equal(await response.json(), 1, name);
      }
    },
  },
  {
    name: "a client's X-Forwarded-Proto is not believed",
    async run(harness) {
      const handle = harness.wrap(count);
      const headers = {
        "x-forwarded-proto": "https",
        forwarded: "proto=https",
      };
      assertNoCookie(await handle(new Request(PUBLIC, { headers })));
      const down = { headers: { "x-forwarded-proto": "http" } };
      const response = await handle(new Request("https://a.example/", down));
      assert.match(lineOf(response), /^__Host-sid=/);
    },
  },
  {
    name: "secure: true sets the secure cookie whatever the scheme",
    async run(harness) {
      const handle = harness.wrap(count, { cookie: { secure: true } });
      for (const url of [`${PUBLIC}/`, "http://localhost/"]) {
        const response = await handle(new Request(url));
        assert.match(lineOf(response), /^__Host-sid=/);
        assert.equal(lineOf(response).endsWith(SECURE), true);
        const cookie = `__Host-sid=${tokenOf(response)}`;
        assert.equal(await (await handle(requestWith(cookie, url))).json(), 2);
      }
      assert.equal(typesOf(harness.events).includes("insecure"), false);
    },
  },
  {
    name: "secure: false sets a plain cookie whatever the scheme",
    async run(harness) {
      const handle = harness.wrap(count, { cookie: { secure: false } });
      for (const url of [PUBLIC, "https://example.com", "http://localhost"]) {
        const browser = visit(harness, handle, url);
        const response = await browser.get();
        assert.match(lineOf(response), /^sid=/);
        assert.equal(lineOf(response).endsWith(PLAIN), true);
        assert.equal(await (await browser.get()).json(), 2);
      }
    },
  },
  {
    name: "all cookie options are written, and a browser keeps the cookie",
    async run(harness) {
      const browser = browse(
        harness,
        count,
        {
          cookie: {
            name: "__Secure-shop",
            domain: "example.com",
            path: "/shop",
            sameSite: "Strict",
            priority: "High",
          },
        },
        "https://www.example.com",
      );
      const response = await browser.get("/shop");
      assert.match(
        lineOf(response),
        new RegExp(
          "^__Secure-shop=[\\w-]+; Max-Age=86400; Domain=example.com; " +
            "Path=/shop; HttpOnly; Secure; SameSite=Strict; Priority=High$",
        ),
      );
      const sibling = await browser.get("https://api.example.com/shop/a");
      assert.equal(await sibling.json(), 2);
    },
  },
  {
    name:
      "a sibling host plants no __Host- cookie, and a planted one is no use",
    async run(harness) {
      const handle = harness.wrap(count);
      const evil = visit(harness, handle, "https://evil.example.com");
      const token = tokenOf(await evil.get());
      const victim = visit(harness, handle, "https://app.example.com");
      await victim.get();
      const line = `__Host-sid=${token}; Domain=example.com; Path=/; Secure`;
      victim.setCookie(line, "https://evil.example.com/");
      assert.equal(await (await victim.get()).json(), 2);
    },
  },
  {
    name: "csrf: a request that another site makes the browser send gets 403",
    async run(harness) {
      let calls = 0;
      const handle = harness.wrap((_request, session) => {
        calls++;
        session.set("a", 1);
        return new Response();
      }, { csrf: true });
      const send = (method: string, headers: Record<string, string>) =>
        handle(new Request("https://example.com/", { method, headers }));

      const refused = await send("POST", { "sec-fetch-site": "cross-site" });
      assert.equal(refused.status, 403);
      assert.equal(refused.headers.get("vary"), "Sec-Fetch-Site, Origin");
      assertNoCookie(refused);
      const strange = { origin: "https://evil.example" };
      assert.equal((await send("POST", strange)).status, 403);
      assert.equal(calls, 0);
      assertHarmless(harness.events);
      assert.deepEqual(
        harness.events.splice(0),
        ["site", "origin"].map((reason) => ({ type: "forbidden", reason })),
      );

      const own = { "sec-fetch-site": "same-origin" };
      assert.equal((await send("POST", own)).status, 200);
      const cross = { "sec-fetch-site": "cross-site" };
      assert.equal((await send("GET", cross)).status, 200);
      assert.equal((await send("POST", {})).status, 200);
      assert.equal(calls, 3);
    },
  },
  {
    name: "csrf: a trusted origin may send, and without csrf any may",
    async run(harness) {
      const request = () =>
        new Request("https://example.com/", {
          method: "POST",
          headers: {
            "sec-fetch-site": "cross-site",
            origin: "https://partner.example",
          },
        });
      const trusting = harness.wrap(count, {
        csrf: ["https://partner.example"],
      });
      assert.equal((await trusting(request())).status, 200);
      const wary = harness.wrap(count, { csrf: ["https://other.example"] });
      assert.equal((await wary(request())).status, 403);
      assert.equal((await harness.wrap(count)(request())).status, 200);
    },
  },
  {
    name: "two sessions with different cookie names do not meet",
    async run(harness) {
      const handler = router({
        count: (session) => session.update("n", (n = 0) => n + 1),
      });
      const one = harness.wrap(handler);
      const two = harness.wrap(handler, { cookie: { name: "__Host-prefs" } });
      const browser = visit(
        harness,
        (request) => request.url.endsWith("?two") ? two(request) : one(request),
      );
      const answers = [];
      for (const path of ["/count", "/count?two", "/count", "/count?two"]) {
        answers.push(await (await browser.get(path)).json());
      }
      assert.deepEqual(answers, [1, 1, 2, 2]);
    },
  },
];
