import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { append, varyByCookie } from "../../src/http/headers.ts";
import {
  isCrossSite,
  isHandshake,
  isNavigation,
  isUnseen,
} from "../../src/http/request.ts";

describe("varyByCookie()", () => {
  const varyOf = (vary: string) => {
    const response = new Response(null, { headers: vary ? { vary } : {} });
    varyByCookie(response);
    return response.headers.get("vary");
  };

  it("adds Cookie where the field does not name it", () => {
    assert.equal(varyOf(""), "Cookie");
    for (const vary of ["Accept", "X-Cookie", "Cookies", "Cookie-X", "a*"]) {
      assert.equal(varyOf(vary), `${vary}, Cookie`);
    }
  });

  it("adds nothing to a field that names it, or everything", () => {
    for (
      const vary of ["Cookie", "COOKIE", "Accept ,\tcookie", "cookie ,x", "*"]
    ) assert.equal(varyOf(vary), vary);
  });

  it("removes what would overrule Cache-Control, and nothing like it", () => {
    const gone = [
      "cdn-cache-control",
      "vercel-cdn-cache-control",
      "surrogate-control",
      "surrogate-key",
      "edge-control",
      "x-accel-expires",
    ];
    const left = [
      "cache-control",
      "x-cache-control-of",
      "x-edge-control",
      "x-surrogate-key",
      "x-x-accel-expires",
    ];
    const all = [...gone, ...left].map((name) => [name, "max-age=1"] as const);
    const response = new Response(null, { headers: all.map(([...of]) => of) });
    varyByCookie(response);
    const names = [...response.headers.keys()];
    assert.deepEqual(names, [...left, "vary"].sort());
  });
});

describe("append()", () => {
  it("takes nothing in quotes for a directive", () => {
    const already = /(^|,)\s*private\s*(,|$)/;
    for (
      const [old, found] of [
        ['no-cache="a, private, b"', 'no-cache="a, private, b", private'],
        ['no-cache="", a=","', 'no-cache="", a=",", private'],
        ['no-cache="a", private', 'no-cache="a", private'],
      ] as const
    ) {
      const headers = new Headers({ "cache-control": old });
      append(headers, ["cache-control"], "cache-control", "private", already);
      assert.equal(headers.get("cache-control"), found);
    }
  });
});

describe("what a request's headers say", () => {
  const headers = (name: string, value: string) =>
    new Headers({ [name]: value });

  it("is that nobody may see the response, by any of four fields", () => {
    for (const name of ["sec-purpose", "purpose", "x-purpose", "x-moz"]) {
      for (const value of ["prefetch", "preview", "Prefetch;prerender"]) {
        assert.equal(isUnseen(headers(name, value), "GET"), true);
      }
      assert.equal(isUnseen(headers(name, "no prefetch"), "GET"), false);
    }
    assert.equal(isUnseen(new Headers(), "HEAD"), true);
    assert.equal(isUnseen(new Headers(), "GET"), false);
  });

  it("is a handshake by the whole word alone", () => {
    assert.equal(isHandshake(headers("upgrade", "WebSocket")), true);
    for (const value of ["websocket2", "x-websocket", "h2c"]) {
      assert.equal(isHandshake(headers("upgrade", value)), false);
    }
    assert.equal(isHandshake(new Headers()), false);
    assert.equal(isHandshake(undefined), false);
  });

  it("is a navigation by its destination, or if there is none", () => {
    for (const [kind, is] of [["document", true], ["empty", false]] as const) {
      assert.equal(isNavigation(headers("sec-fetch-dest", kind)), is);
    }
    assert.equal(isNavigation(new Headers()), true);
  });

  it("is another site by one word alone", () => {
    for (const site of ["same-origin", "same-site", "none"]) {
      assert.equal(isCrossSite(headers("sec-fetch-site", site)), false);
    }
    assert.equal(isCrossSite(headers("sec-fetch-site", "cross-site")), true);
    assert.equal(isCrossSite(new Headers()), false);
  });

  it("cannot be read any more where the request was upgraded", () => {
    const upgraded = {
      get() {
        throw new TypeError("The request has been upgraded");
      },
    } as unknown as Headers;
    assert.equal(isHandshake(upgraded), true);
    assert.equal(isHandshake(upgraded, ""), false);
    assert.equal(isUnseen(upgraded, "GET"), true);
    assert.equal(isNavigation(upgraded), true);
    assert.equal(isCrossSite(upgraded), false);
  });
});
