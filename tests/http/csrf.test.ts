import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionEvent, withSession } from "../../mod.ts";
import { forbidCrossSite } from "../../src/http/csrf.ts";
import { POSTS } from "../shared/csrf_cases.ts";
import { SECRET } from "../shared/format.ts";

/** What the cases of POST say. */
const URL_HERE = "https://app.example/pay";
const TRUSTED = ["https://partner.example"];

const CROSS = { "sec-fetch-site": "cross-site" };
const UNSAFE = [
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "PROPFIND",
  "QUERY",
  "patch",
  "get ",
  "Get",
  "GETX",
  "XGET",
  "FOO",
];

describe("csrf", () => {
  for (const [what, headers, isRefused] of POSTS) {
    it(`a POST ${what}`, async () => {
      const request = new Request(URL_HERE, { method: "POST", headers });
      assert.equal(await isForbidden(request), isRefused);
    });
  }

  it("takes every method but GET, HEAD and OPTIONS for unsafe", async () => {
    for (const method of UNSAFE) {
      for (const headers of [CROSS, { origin: "null" }]) {
        assert.ok(await isForbidden(requestOf(method, headers)), method);
      }
    }
  });

  it("lets GET, HEAD and OPTIONS pass from anywhere", async () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "get", "head", "options"]) {
      for (const [what, headers] of POSTS) {
        const request = new Request(URL_HERE, { method, headers });
        assert.ok(!await isForbidden(request), `${method} ${what}`);
      }
    }
  });

  it("takes a WebSocket's handshake for unsafe, though it is a GET", async () => {
    for (const [what, headers, isRefused] of POSTS) {
      const upgrade = { ...headers, upgrade: "websocket" };
      const request = requestOf("GET", upgrade);
      assert.equal(await isForbidden(request), isRefused, what);
    }
  });

  it("takes no origin for that of an address that is none", () => {
    // Deno and Bun make it of whatever stands in `Host`.
    for (const url of ["http://a b/", "http://x:99999/", "/", "", "x:80"]) {
      const ask = (headers: HeadersInit) =>
        forbidCrossSite(
          { method: "POST", url, headers: new Headers(headers) } as Request,
          new Set(),
        )?.status;
      assert.equal(ask({ origin: "https://x.test" }), 403, url);
      assert.equal(ask({ origin: "null" }), 403, url);
      assert.equal(ask({}), undefined, url);
      assert.equal(ask({ "sec-fetch-site": "same-origin" }), undefined, url);
    }
  });

  it("goes by scheme, host and port of the request's own address", async () => {
    const own = [
      ["http://localhost:3000/a", "http://localhost:3000"],
      ["https://app.example:443/a", "https://app.example"],
      ["https://app.example:8443/", "https://app.example:8443"],
      ["http://[::1]:80/", "http://[::1]"],
      ["https://BÜCHER.example/", "https://xn--bcher-kva.example"],
    ] as const;
    for (const [url, origin] of own) {
      for (const [, other] of own) {
        const headers = { origin: other };
        const request = new Request(url, { method: "POST", headers });
        assert.equal(
          await isForbidden(request),
          other !== origin,
          `${url} ${other}`,
        );
      }
    }
  });

  it("answers 403 before the handler runs, and tells of it", async () => {
    const { handler, events, calls } = setUp(true);
    for (const headers of [CROSS, { origin: "https://evil.example" }]) {
      const request = new Request(URL_HERE, { method: "POST", headers });
      const response = await handler(request);
      assert.equal(response.status, 403);
      const vary = response.headers.get("vary") ?? "";
      assert.deepEqual(vary.toLowerCase().split(/\s*,\s*/).sort(), [
        "origin",
        "sec-fetch-site",
      ]);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
    assert.deepEqual(calls, []);
    assert.deepEqual(events.map(({ type }) => type), [
      "forbidden",
      "forbidden",
    ]);
  });

  it("answers each request with a response of its own", async () => {
    const { handler } = setUp(true);
    const ask = () =>
      handler(new Request(URL_HERE, { method: "POST", headers: CROSS }));
    const [first, second] = [await ask(), await ask()];
    assert.equal(await first.text(), await second.text());
  });

  it("lets a good cookie of the visitor change nothing", async () => {
    const { handler, calls } = setUp(true);
    const own = { "sec-fetch-site": "same-origin" };
    const first = await handler(
      new Request(URL_HERE, { method: "POST", headers: own }),
    );
    const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    assert.match(cookie, /^__Host-sid=A/);
    const response = await handler(
      new Request(URL_HERE, { method: "POST", headers: { ...CROSS, cookie } }),
    );
    assert.equal(response.status, 403);
    assert.equal(calls.length, 1);
  });

  it("lets everything pass that is no other site's", async () => {
    const { handler, events, calls } = setUp(["https://partner.example"]);
    const requests = [
      new Request(URL_HERE, { headers: CROSS }),
      new Request(URL_HERE, { method: "POST" }),
      new Request(URL_HERE, {
        method: "POST",
        headers: { ...CROSS, origin: "https://partner.example" },
      }),
    ];
    for (const request of requests) {
      assert.equal((await handler(request)).status, 200);
    }
    assert.equal(calls.length, 3);
    assert.deepEqual(events.filter(({ type }) => type === "forbidden"), []);
  });

  it("is off, unless it is asked for", async () => {
    for (const csrf of [undefined, false]) {
      const { handler } = setUp(csrf);
      const request = new Request(URL_HERE, { method: "POST", headers: CROSS });
      assert.equal((await handler(request)).status, 200);
    }
  });

  it("trusts no other origin if the list is empty", async () => {
    const { handler } = setUp([]);
    const request = new Request(URL_HERE, { method: "POST", headers: CROSS });
    assert.equal((await handler(request)).status, 403);
  });
});

/** A handler that notes its calls and writes the session. */
function setUp(csrf: boolean | string[] | undefined) {
  const events: SessionEvent[] = [];
  const calls: string[] = [];
  const handler = withSession((request, session) => {
    calls.push(request.method);
    // A handshake has no cookie for it.
    if (request.method !== "GET") session.set("paid", calls.length);
    return new Response("paid");
  }, { secret: SECRET, csrf, onEvent: (event) => events.push(event) });
  return { handler, events, calls };
}

/** Whether a request is refused, where one other origin is trusted. */
async function isForbidden(request: Request): Promise<boolean> {
  const { handler, calls } = setUp(TRUSTED);
  const { status } = await handler(request);
  assert.equal(calls.length, status === 403 ? 0 : 1);
  return status === 403;
}

/** A request with any method; runtimes differ in those that they can make. */
function requestOf(method: string, headers: Record<string, string>): Request {
  const request = { method, url: URL_HERE, headers: new Headers(headers) };
  return request as unknown as Request;
}
