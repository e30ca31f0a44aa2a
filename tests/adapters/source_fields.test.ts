import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionSource } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

// What is read of a request that is no `Request`: its address and its fields.

/** What `when()` is shown of a source. */
async function shown(source: object): Promise<Request> {
  const seen: Request[] = [];
  const sessions = createSessions({
    ...setUp().options,
    when: (request) => seen.push(request) > 0,
  });
  await sessions.open(source as SessionSource);
  const [request] = seen;
  assert.ok(request);
  return request;
}

/** The name of the cookie that a source gets, if it gets one. */
async function nameAt(source: object): Promise<string | undefined> {
  const sessions = createSessions(setUp().options);
  const session = await sessions.open(source as SessionSource);
  session.set("a", 1);
  const { cookies } = await sessions.commit(session);
  return cookies[0]?.name;
}

describe("the address of a source", () => {
  it("is that of its request, which when() is shown as it is", async () => {
    const request = new Request("https://example.com/a");
    assert.equal(await shown({ raw: request }), request);
    assert.equal(await shown({ req: request, get: () => "" }), request);
  });

  it("has the host of the fields, whatever the request line says", async () => {
    const headers = { host: "example.com" };
    const addresses = {
      "/a?b=http://evil.example/": "/a?b=http://evil.example/",
      "http://evil.example/a?b": "/a?b",
      "http://evil.example?b": "/?b",
      "http://evil.example": "/",
    };
    for (const [url, expected] of Object.entries(addresses)) {
      const source = { headers, url, protocol: "https" };
      const request = await shown(source);
      assert.equal(request.url, `https://example.com${expected}`);
    }
  });

  it("is whole where a framework has made it so", async () => {
    const name = "sid-8080";
    const whole = "http://localhost:8080/a";
    assert.equal(await nameAt({ headers: {}, url: new URL(whole) }), name);
    const headers = new Headers();
    assert.equal(await nameAt({ headers, url: whole }), name);
    assert.equal(await nameAt({ headers, url: "http://localhost:8080" }), name);
    const host = new Headers({ host: "example.com" });
    const url = "/a?b=http://evil.example/";
    const request = await shown({ headers: host, url });
    assert.equal(request.url, `https://example.com${url}`);
  });

  it("keeps its path without a host, and with one that no URL may have", async () => {
    const path = "/evil.example/a?b";
    for (const headers of [{}, { host: "" }, { host: "a b" }]) {
      const request = await shown({ headers, url: path });
      assert.equal(new URL(request.url).hostname, "invalid");
      assert.ok(request.url.endsWith(path));
    }
    const odd = { headers: new Headers(), url: "https://a b?c" };
    assert.equal((await shown(odd)).url, "http://invalid/?c");
  });

  it("is no one's own without a host, not even by its path", async () => {
    const sessions = createSessions({ ...setUp().options, csrf: true });
    const headers = { origin: "https://evil.example" };
    const source = { headers, url: "/evil.example/a", method: "POST" };
    await assert.rejects(sessions.open(source), { code: "forbidden" });
  });

  it("is on http by headers alone if they name this machine", async () => {
    const hosts = {
      "localhost:3000": "sid-3000",
      "LocalHost": "sid",
      "my-app.localhost:3000": "sid-3000",
      "a.b.localhost:3000": "sid-3000",
      "127.0.0.1:3000": "sid-3000",
      "[::1]:3000": "sid-3000",
      "notlocalhost": "__Host-sid",
      "localhost.example.com": "__Host-sid",
      "127.0.0.1.example.com": "__Host-sid",
      "a%20.localhost": "__Host-sid",
    };
    for (const [host, name] of Object.entries(hosts)) {
      assert.equal(await nameAt({ headers: { host } }), name, host);
    }
  });

  it("has the scheme that the framework tells, if it is one of HTTP", async () => {
    const headers = { host: "example.com" };
    const schemes = {
      http: undefined,
      "http:": undefined,
      https: "__Host-sid",
      "https:": "__Host-sid",
      // Headers alone are taken for https.
      "http+unix": "__Host-sid",
      "shttp": "__Host-sid",
    };
    for (const [protocol, name] of Object.entries(schemes)) {
      assert.equal(await nameAt({ headers, protocol }), name, protocol);
    }
  });
});

describe("the fields of a source", () => {
  it("may be lists, of which that of cookies has semicolons", async () => {
    const headers = {
      host: "example.com",
      cookie: ["a=1", "b=2"],
      "x-kind": ["c", "d"],
    };
    const { headers: seen } = await shown({ headers, url: "/" });
    assert.equal(seen.get("x-kind"), "c, d");
    const { options } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("a", 1);
    const own = `__Host-sid=${await sessions.seal(session)}`;
    const cookie = ["a=1", own, "b=2"];
    const again = await sessions.open({ headers: { ...headers, cookie } });
    assert.equal(again.get("a"), 1);
  });

  it("are those of HTTP/1.1 for when(), also over HTTP/2", async () => {
    const headers = {
      ":authority": "example.com",
      ":method": "GET",
      ":path": "/a",
      "x-kind": "b",
    };
    const socket = { encrypted: true };
    const request = await shown({ headers, url: "/a", socket });
    assert.equal(request.url, "https://example.com/a");
    assert.deepEqual(Object.fromEntries(request.headers), { "x-kind": "b" });
  });

  it("say that a request is a form, where nobody tells its method", async () => {
    const own = { host: "example.com", origin: "https://example.com" };
    for (const headers of [own, new Headers(own)]) {
      const { method } = await shown({ headers, url: "/a" });
      assert.equal(method, "POST");
    }
    const { method } = await shown({ headers: { host: "a.com" }, url: "/a" });
    assert.equal(method, "GET");
  });

  it("are told apart by name, and one without a value is none", async () => {
    const sessions = createSessions({ ...setUp().options, csrf: true });
    const open = (headers: object) =>
      sessions.open(
        { headers, method: "POST", url: "/" } as unknown as SessionSource,
      );
    const host = "example.com";
    // Its name is as long as that of Origin.
    await open({ host, Accept: "text/html" });
    await open({ host, origin: null, Origin: null, "sec-fetch-site": null });
    const site = { "Sec-Fetch-Site": undefined, "SEC-Fetch-Site": "same-site" };
    await assert.rejects(open({ host, ...site }), { code: "forbidden" });
  });
});

describe("what is no source", () => {
  const start = "open() must get a request, its headers or a cookie jar: it is";

  it("is told by its kind, and where its request is, if it has one", async () => {
    const sessions = createSessions(setUp().options);
    const jar = { get: () => undefined, set: () => {} };
    const request = new Request("https://example.com/");
    const wrong: [unknown, string][] = [
      [{}, "Object"],
      ["text", "text of 4 characters"],
      [{ request }, "Object; give its request"],
      // A context that keeps values is no jar.
      [{ ...jar, req: { raw: request } }, "Object; give its req"],
      [{ request: null }, "Object"],
      [{ request: "text" }, "Object"],
      [{ req: () => {}, request: 5 }, "Object"],
    ];
    for (const [given, kind] of wrong) {
      const error = {
        name: "TypeError",
        message: `${start} ${kind}${readOn("argument")}`,
      };
      await assert.rejects(sessions.open(given as never), error);
      if (Object(given) === given) continue;
      await assert.rejects(sessions.open(jar, given as never), error);
    }
  });

  it("is a jar alone for the option csrf, which looks at a request", async () => {
    const sessions = createSessions({ ...setUp().options, csrf: true });
    const jar = { get: () => undefined, set: () => {} };
    await assert.rejects(sessions.open(jar), {
      name: "TypeError",
      message:
        "open() must also get the request, as the option csrf looks at it: open(jar, request)",
    });
  });
});
