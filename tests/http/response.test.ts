import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { answer, type Use } from "../shared/response.ts";
import {
  assertNoCookie,
  lineOf,
  requestWith,
  setUp,
  tokenOf,
} from "../shared/support.ts";

/** The field of the answer, by what the handler had put there. */
async function fields(
  use: Use,
  name: string,
  values: readonly (string | undefined)[],
): Promise<(string | null)[]> {
  const found = [];
  for (const value of values) {
    const headers = new Headers();
    if (value !== undefined) headers.set(name, value);
    const response = await answer(use, () => new Response("", { headers }));
    found.push(response.headers.get(name));
  }
  return found;
}

describe("Response headers", () => {
  it("Vary gets Cookie, unless it holds Cookie or * already", async () => {
    const cases = {
      "Accept": "Accept, Cookie",
      "Accept, Accept-Encoding": "Accept, Accept-Encoding, Cookie",
      "Cookie": "Cookie",
      "cookie": "cookie",
      "Accept,COOKIE": "Accept,COOKIE",
      "Cookie, Accept": "Cookie, Accept",
      "*": "*",
      "Cookie2": "Cookie2, Cookie",
      "X-Cookie": "X-Cookie, Cookie",
    };
    for (const use of ["read", "write"] as const) {
      const found = await fields(use, "vary", Object.keys(cases));
      assert.deepEqual(found, Object.values(cases));
      assert.deepEqual(await fields(use, "vary", [undefined]), ["Cookie"]);
    }
  });

  it("Cache-Control of a response that only read is at least private", async () => {
    const cases = {
      "no-cache": "no-cache, private",
      "max-age=60": "max-age=60, private",
      "max-age=60, must-revalidate": "max-age=60, must-revalidate, private",
      "private": "private",
      "Private, max-age=60": "Private, max-age=60",
      "max-age=60, private": "max-age=60, private",
      "private , max-age=60": "private , max-age=60",
      "no-store": "no-store",
    };
    const found = await fields("read", "cache-control", Object.keys(cases));
    assert.deepEqual(found, Object.values(cases));
    assert.deepEqual(await fields("read", "cache-control", [undefined]), [
      "private",
    ]);
  });

  it("Cache-Control that says public stays, if the session was only read", async () => {
    const values = ["public", "public, max-age=60", "s-maxage=60"];
    assert.deepEqual(await fields("read", "cache-control", values), values);
  });

  it("Cache-Control says nothing by what stands around quoted text", async () => {
    const values = ['p""ublic', 'a="public"', 'no-""store'];
    const marked = values.map((value) => `${value}, private`);
    assert.deepEqual(await fields("read", "cache-control", values), marked);
  });

  it("Cache-Control becomes no-store wherever a cookie is set", async () => {
    const values = [
      undefined,
      "public, max-age=600",
      "s-maxage=600, max-age=0",
      "public, max-age=31536000, immutable",
      "private, max-age=60",
      "no-cache",
      "max-age=60, stale-while-revalidate=600",
    ];
    const found = await fields("write", "cache-control", values);
    assert.deepEqual(found, values.map(() => "no-store"));
  });

  it("fields for CDNs alone do not overrule private and no-store", async () => {
    for (
      const name of [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "vercel-cdn-cache-control",
        "netlify-cdn-cache-control",
        "akamai-cache-control",
        "x-litespeed-cache-control",
        "surrogate-control",
        "edge-control",
        "x-accel-expires",
      ]
    ) {
      for (const use of ["read", "write"] as const) {
        assert.deepEqual(await fields(use, name, ["max-age=600"]), [null]);
      }
      const untouched = await fields("nothing", name, ["max-age=600"]);
      assert.deepEqual(untouched, ["max-age=600"]);
    }
  });

  it("fields for CDNs say no-store on a 304, or those of what is kept would stay", async () => {
    for (const use of ["read", "write"] as const) {
      const init = {
        status: 304,
        headers: {
          "cloudflare-cdn-cache-control": "max-age=600",
          "surrogate-key": "page",
          "x-accel-expires": "600",
        },
      };
      const { headers } = await answer(use, () => new Response(null, init));
      assert.equal(headers.get("cdn-cache-control"), "no-store");
      assert.equal(headers.get("surrogate-control"), "no-store");
      assert.equal(headers.get("cloudflare-cdn-cache-control"), "no-store");
      assert.equal(headers.get("surrogate-key"), null);
      assert.equal(headers.get("x-accel-expires"), null);
    }
  });

  it("Cache-Control of a visitor who is signed in is no-store, if unsaid", async () => {
    const { options } = setUp();
    const answer = async (said?: string) => {
      const headers = said === undefined ? {} : { "cache-control": said };
      const handle = withSession((request, session) => {
        if (request.method === "POST") session.login("ada");
        session.get("a");
        return new Response("", { headers });
      }, options);
      const post = new Request("https://example.com/", { method: "POST" });
      const made = await handle(post);
      const request = requestWith(`__Host-sid=${tokenOf(made)}`);
      return (await handle(request)).headers.get("cache-control");
    };
    assert.equal(await answer(), "no-store");
    assert.equal(await answer("private"), "private");
    assert.equal(await answer("no-cache"), "no-cache, private");
    assert.equal(await answer("max-age=60"), "max-age=60, private");
    assert.equal(await answer("public, max-age=60"), "public, max-age=60");
  });

  it("Clear-Site-Data goes along with the end of a session, if asked for", async () => {
    for (const clearCache of [true, undefined]) {
      const { options } = setUp({ clearCache });
      const constant = new Response(null, { status: 204 });
      const handle = withSession((request, session) => {
        if (request.method === "POST") session.login("ada");
        else if (request.method === "DELETE") session.destroy();
        else session.get("a");
        return constant;
      }, options);
      const send = async (method: string, cookie = "") => {
        const init = { method };
        const response = await handle(
          requestWith(cookie, "https://example.com/", init),
        );
        return [response, response.headers.get("clear-site-data")] as const;
      };
      const [made, one] = await send("POST");
      const cookie = `__Host-sid=${tokenOf(made)}`;
      const [, two] = await send("GET", cookie);
      const [, three] = await send("DELETE", cookie);
      const [, four] = await send("GET");
      const found = [one, two, three, four];
      assert.deepEqual(found, [
        null,
        null,
        clearCache ? '"cache"' : null,
        null,
      ]);
    }
  });

  it("all other fields stay as they are", async () => {
    const headers = {
      "content-type": "text/html",
      "etag": '"abc"',
      "location": "/next",
      "x-own": "1, 2",
    };
    for (const use of ["read", "write"] as const) {
      const init = { status: 201, statusText: "Made", headers };
      const response = await answer(use, () => new Response("hello", init));
      const found = Object.fromEntries(
        Object.keys(headers).map((name) => [name, response.headers.get(name)]),
      );
      assert.deepEqual(found, headers);
      assert.equal(response.status, 201);
      assert.equal(response.statusText, "Made");
      assert.equal(await response.text(), "hello");
    }
  });
});

describe("Response cookies of the handler", () => {
  const make = (...lines: string[]) => () => {
    const headers = new Headers();
    for (const line of lines) headers.append("set-cookie", line);
    return new Response("", { headers });
  };
  const others = [
    "b=2; Path=/",
    "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT",
    "b=2; Path=/b",
    "__Host-sid2=x; Path=/; Secure",
    "sid=y",
  ];

  it("stay as they are and in their order when ours is set", async () => {
    const response = await answer("write", make(...others));
    const lines = response.headers.getSetCookie();
    assert.deepEqual(lines.slice(0, -1), others);
    assert.match(lines.at(-1) ?? "", /^__Host-sid=/);
  });

  it("stay as they are when none of ours is set", async () => {
    for (const use of ["read", "nothing"] as const) {
      const response = await answer(use, make(...others));
      assert.deepEqual(response.headers.getSetCookie(), others);
    }
  });

  it("give way to ours if they have its name", async () => {
    const rivals = [
      "a=1",
      "__Host-sid=evil; Path=/; Secure",
      "b=2",
      "__Host-sid=; Max-Age=0",
      "__Host-sid =evil; Path=/; Secure",
    ];
    const response = await answer("write", make(...rivals));
    const lines = response.headers.getSetCookie();
    assert.deepEqual(lines.slice(0, -1), ["a=1", "b=2"]);
    assert.match(lines.at(-1) ?? "", /^__Host-sid=[\w-]{102,};/);
  });

  it("stay if they have its name, and another path or domain", async () => {
    const others = [
      "__Host-sid=1; Path=/admin",
      "__Host-sid=; max-age=0; path=/old",
      "__Host-sid=2; Path=/; Domain=example.com",
    ];
    const response = await answer("write", make(...others));
    const lines = response.headers.getSetCookie();
    assert.deepEqual(lines.slice(0, -1), others);
    assert.match(lines.at(-1) ?? "", /^__Host-sid=[\w-]{102,};/);
  });
});

describe("Response objects", () => {
  it("one constant answer never takes one visitor's cookie to another", async () => {
    const constants = [
      new Response(null, { status: 204 }),
      new Response(null),
      new Response(null, { headers: { "content-type": "text/html" } }),
      new Response(null, { status: 304, headers: { "content-type": "a/b" } }),
      Response.redirect("https://example.com/next"),
    ];
    for (const constant of constants) {
      const one = await answer("write", () => constant);
      const two = await answer("write", () => constant);
      const three = await answer("read", () => constant);
      const four = await answer("nothing", () => constant);
      assert.notEqual(tokenOf(one), tokenOf(two));
      assert.equal(lineOf(one).startsWith("__Host-sid="), true);
      assertNoCookie(three);
      assertNoCookie(four);
      assertNoCookie(constant);
    }
  });

  it("one that is not used is passed on as the very same object", async () => {
    const responses = [
      new Response("hello"),
      new Response(null, { status: 204 }),
      Response.redirect("https://example.com/next"),
      Response.error(),
    ];
    for (const response of responses) {
      assert.equal(await answer("nothing", () => response), response);
    }
  });
});
