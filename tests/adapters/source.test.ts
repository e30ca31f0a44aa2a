import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionSource } from "../../mod.ts";
import { setUp, tokenOf, typesOf } from "../shared/support.ts";

/** What each framework hands out, with a cookie. */
function sourcesOf(cookie: string): Record<string, SessionSource> {
  const url = "https://example.com/a?b";
  const request = new Request(url, { headers: { cookie } });
  const fields = { host: "example.com", cookie };
  const socket = { encrypted: true };
  const node = { headers: fields, url: "/a?b", method: "GET", socket };
  return {
    "a Request": request,
    "Node's req": node,
    "Node's req of HTTP/2": {
      headers: { ":authority": "example.com", ":path": "/a?b", cookie },
      url: "/a?b",
      ...{ socket },
    },
    "Express's req": {
      ...node,
      url: "/",
      protocol: "https",
      ...{ originalUrl: "/a?b", socket: {}, get: () => "" },
    },
    "Fastify's request": {
      headers: fields,
      url: "/a?b",
      protocol: "https",
      ...{ raw: { ...node, socket: {} } },
    },
    "Koa's ctx": {
      headers: fields,
      url: "/a?b",
      protocol: "https",
      ...{ req: { ...node, socket: {} }, get: () => "", set: () => {} },
    },
    "Hono's c.req": { raw: request },
    "h3's event": { ...{ req: request, url: new URL(url) } } as never,
    "headers": new Headers(fields) as never,
    "headers and an address": { headers: new Headers(fields), url },
    "a URL": { headers: new Headers(fields), url: new URL(url) },
    "fields as the client has written them": {
      headers: { Host: "example.com", Cookie: cookie },
      url: "/a?b",
    },
    "a list of fields": {
      headers: { host: ["example.com"], cookie: [cookie] },
    },
  };
}

describe("a session of what a framework hands out", () => {
  for (const [name, bare] of Object.entries(sourcesOf(""))) {
    it(`is opened from ${name}`, async () => {
      const { options, events } = setUp();
      const sessions = createSessions(options);
      const session = await sessions.open(bare);
      session.set("a", 1);
      const response = await sessions.commit(session, new Response());
      const cookie = `other=1; __Host-sid=${tokenOf(response)}`;
      const source = sourcesOf(cookie)[name] as SessionSource;
      const again = await sessions.open(source);
      assert.equal(again.get("a"), 1);
      assert.deepEqual(typesOf(events), ["created", "opened"]);
    });
  }

  it("has a cookie by the address that the connection tells", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const nameAt = async (source: object) => {
      const session = await sessions.open(source as SessionSource);
      session.set("a", 1);
      const { cookies } = await sessions.commit(session);
      return cookies[0]?.name;
    };
    const at = (host: string, more: object = {}) => ({
      headers: { host },
      url: "/",
      socket: {},
      ...more,
    });
    assert.equal(await nameAt(at("localhost:8080")), "sid-8080");
    assert.deepEqual(typesOf(events), ["local", "created"]);
    // In the open, and from elsewhere.
    assert.equal(await nameAt(at("example.com")), undefined);
    assert.equal(await nameAt(at("")), undefined);
    assert.equal(await nameAt(at("a b")), undefined);
    assert.deepEqual(typesOf(events), ["insecure", "insecure", "insecure"]);
    const secure = { socket: { encrypted: true } };
    assert.equal(await nameAt(at("a b", secure)), "__Host-sid");
    assert.equal(await nameAt(at("x:99999", secure)), "__Host-sid");
    assert.equal(
      await nameAt(at("example.com", { protocol: "https" })),
      "__Host-sid",
    );
    // A stranger's address in the request line is none of the server's.
    assert.equal(
      await nameAt(at("example.com", { url: "http://localhost/" })),
      undefined,
    );
    assert.equal(
      await nameAt({ headers: { host: "example.com" } }),
      "__Host-sid",
    );
  });

  it("has a cookie by its path, also behind a router", async () => {
    const { options } = setUp();
    const cookie = { path: "/app" };
    const sessions = createSessions({ ...options, cookie });
    const pathOf = async (more: object) => {
      const source = {
        headers: { host: "example.com" },
        protocol: "https",
        ...more,
      };
      const session = await sessions.open(source);
      session.toJSON();
      try {
        session.set("a", 1);
      } catch {
        return undefined;
      }
      const { cookies } = await sessions.commit(session);
      return cookies[0]?.attributes.path;
    };
    assert.equal(await pathOf({ url: "/app/x" }), "/app");
    assert.equal(await pathOf({ url: "/x", originalUrl: "/app/x" }), "/app");
    assert.equal(await pathOf({ url: "/other" }), undefined);
    assert.equal(await pathOf({ url: "" }), "/app");
    assert.equal(await pathOf({}), "/app");
  });

  it("is refused with csrf if another site has sent the request", async () => {
    const { options, events } = setUp();
    const sessions = createSessions({ ...options, csrf: true });
    const post = (headers: Record<string, string>) => ({
      headers: { host: "example.com", ...headers },
      url: "/",
      method: "POST",
      protocol: "https",
    });
    await assert.rejects(
      sessions.open(post({ "sec-fetch-site": "cross-site" })),
      {
        name: "SessionError",
        code: "forbidden",
        message: "Forbidden: another site has sent this request",
      },
    );
    await assert.rejects(
      sessions.open(post({ origin: "https://evil.example" })),
      { code: "forbidden" },
    );
    assert.deepEqual(typesOf(events), ["forbidden", "forbidden"]);
    await sessions.open(post({ origin: "https://example.com" }));
    await sessions.open(post({ "sec-fetch-site": "same-origin" }));
  });

  it("is refused so however the names of its fields are written", async () => {
    const { options } = setUp();
    const sessions = createSessions({ ...options, csrf: true });
    const token = await sessions.seal(sessions.create());
    const jar = {
      get: (name: string) => name === "__Host-sid" ? token : undefined,
      set: () => {},
    };
    const spellings = [
      { "Origin": "https://evil.example" },
      { "ORIGIN": "https://evil.example" },
      { "Sec-Fetch-Site": "cross-site" },
      { "SEC-fetch-Site": ["cross-site"], "sec-fetch-site": undefined },
    ];
    for (const spelling of spellings) {
      const headers = { Host: "example.com", ...spelling };
      const request = { headers, method: "POST", url: "/transfer" };
      const forbidden = { code: "forbidden" };
      await assert.rejects(sessions.open(request), forbidden);
      await assert.rejects(sessions.open(jar, request), forbidden);
      // Headers alone are of a form if there is an Origin.
      if (!/origin/i.test(`${Object.keys(spelling)}`)) continue;
      await assert.rejects(sessions.open(jar, { headers }), forbidden);
    }
    const own = { Host: "example.com", Origin: "https://example.com" };
    await sessions.open({ headers: own, method: "POST", url: "/" });
  });

  it("takes the cookie of the jar, and that of no field written otherwise", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.login("ada");
    const Cookie = `__Host-sid=${await sessions.seal(session)}`;
    const jar = { get: () => undefined, set: () => {} };
    const opened = await sessions.open(jar, { headers: { Cookie } });
    assert.equal(opened.userId, undefined);
  });

  it("shows when() all fields, however they are written", async () => {
    const { options } = setUp();
    const seen: unknown[] = [];
    const sessions = createSessions({
      ...options,
      when: (request) => {
        seen.push(Object.fromEntries(request.headers));
        return true;
      },
    });
    const headers = { Host: "example.com", "X-Kind": ["a", "b"], "x-kind": "" };
    await sessions.open({ headers, url: "/" });
    assert.deepEqual(seen, [{ host: "example.com", "x-kind": "" }]);
  });

  it("is refused so whatever the host, and whatever the method", async () => {
    const { options } = setUp();
    const sessions = createSessions({ ...options, csrf: true });
    for (const host of ["app|v2", "shop^1", "a b", "10.0.0.256", "xn--a", ""]) {
      for (const method of ["POST", "PROPFIND", "TRACE", "delete"]) {
        const headers = { host, "sec-fetch-site": "cross-site" };
        const source = { headers, url: "/", method, protocol: "https" };
        await assert.rejects(sessions.open(source), { code: "forbidden" });
      }
    }
  });

  it("is refused so if only headers tell of it, and an Origin is among them", async () => {
    const { options } = setUp();
    const sessions = createSessions({ ...options, csrf: true });
    const jar = { get: () => undefined, set: () => {} };
    const from = (site: string, origin?: string) =>
      new Headers({
        host: "example.com",
        "sec-fetch-site": site,
        ...origin && { origin },
      });
    const evil = "https://evil.example.com";
    for (const place of [from("same-site", evil), from("cross-site", "null")]) {
      for (const [source, where] of [[jar, place], [{ headers: place }]]) {
        await assert.rejects(
          sessions.open(source as SessionSource, where as Headers),
          {
            code: "forbidden",
          },
        );
      }
    }
    // A link of another site, and a form of one's own.
    await sessions.open(jar, from("cross-site"));
    await sessions.open(jar, from("same-origin", "https://example.com"));
  });

  it("is not replaced by a form of another site, if only headers tell of it", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const keep = async (more: Record<string, string>) => {
      const lines: string[] = [];
      const jar = {
        get: () => undefined,
        set: (name: string) => lines.push(name),
      };
      const place = new Headers({
        host: "example.com",
        "sec-fetch-site": "cross-site",
        "sec-fetch-dest": "document",
        ...more,
      });
      const session = await sessions.open(jar, place);
      session.set("a", 1);
      await sessions.commit(session);
      return lines.length;
    };
    assert.equal(await keep({ origin: "https://idp.example" }), 0);
    assert.deepEqual(typesOf(events), ["withheld"]);
    assert.equal(await keep({}), 1);
  });

  it("does not mind a header field that is undefined", async () => {
    const { options } = setUp();
    const seen: string[] = [];
    const sessions = createSessions({
      ...options,
      csrf: true,
      when: ({ headers }) => seen.push([...headers.keys()].join()) > 0,
    });
    const headers = {
      host: "example.com",
      origin: undefined,
      upgrade: undefined,
      "sec-fetch-site": undefined,
    };
    const source = { headers, url: "/", method: "POST", protocol: "https" };
    await sessions.open(source);
    assert.deepEqual(seen, ["host"]);
  });

  it("shows when() the method, also where no URL can be made", async () => {
    const { options } = setUp();
    const seen: string[] = [];
    const sessions = createSessions({
      ...options,
      when: ({ method, url }) => seen.push(`${method} ${url}`) > 0,
    });
    const open = (host: string, method: string, url = "/a") =>
      sessions.open({ headers: { host }, url, method, protocol: "https" });
    await open("a b", "POST");
    await open("example.com", "TRACE");
    await open("example.com", "OPTIONS", "*");
    assert.deepEqual(seen, [
      "POST http://invalid/a",
      "TRACE https://example.com/a",
      "OPTIONS https://example.com/*",
    ]);
  });

  it("needs the address if when() looks at it", async () => {
    const { options } = setUp();
    const sessions = createSessions({ ...options, when: () => true });
    const jar = { get: () => undefined, set: () => {} };
    const headers = new Headers({ host: "example.com" });
    for (const given of [[jar, headers], [{ headers }]] as const) {
      await assert.rejects(sessions.open(...given as [never]), {
        name: "TypeError",
        message: /the request and its address, as the option when looks at it/,
      });
    }
    await sessions.open(jar, { headers, url: "/a" });
  });

  it("is left out if when() says so, whatever the host", async () => {
    const { options } = setUp();
    const seen: string[] = [];
    const sessions = createSessions({
      ...options,
      when: ({ url, headers }) => {
        seen.push(new URL(url).pathname + (headers.get("x-a") ?? ""));
        return !new URL(url).pathname.startsWith("/static");
      },
    });
    const open = (url: string, host = "example.com") =>
      sessions.open({ headers: { host, "x-a": "b" }, url, protocol: "https" });
    const left = await open("/static/x");
    assert.throws(() => left.set("a", 1), { code: "left-out" });
    const odd = await open("/static/y", "a b");
    assert.throws(() => odd.set("a", 1), { code: "left-out" });
    (await open("/page")).set("a", 1);
    assert.deepEqual(seen, ["/static/xb", "/static/yb", "/pageb"]);
  });

  it("is an error that says what to do, of anything else", async () => {
    const sessions = createSessions(setUp().options);
    for (const wrong of [undefined, null, "x", 5, {}, [], () => {}]) {
      await assert.rejects(sessions.open(wrong as never), {
        name: "TypeError",
        message: /open\(\) must get a request, its headers or a cookie jar/,
      });
    }
    await assert.rejects(
      sessions.open({ get: () => "", set: () => {} }, 5 as never),
      TypeError,
    );
  });
});
