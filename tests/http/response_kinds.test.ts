import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession } from "../../mod.ts";
import { answer, immutable, type Use, wrap } from "../shared/response.ts";
import {
  assertNoCookie,
  lineOf,
  requestWith,
  setUp,
  tokenOf,
  turn,
} from "../shared/support.ts";

/** Whether a cookie of ours was set and none was lost on the way. */
function assertCookie(response: Response): void {
  assert.match(lineOf(response), /^__Host-sid=[\w-]{102,};/);
  assert.equal(response.headers.get("cache-control"), "no-store");
}

/**
 * A protocol switch, which Workers and Bun can make. It is faked where the
 * constructor refuses it: only its status and its lack of a body matter.
 */
function protocolSwitch(): Response {
  const Pair = Reflect.get(globalThis, "WebSocketPair");
  try {
    const init = Pair ? { webSocket: Object.values(new Pair())[0] } : {};
    return new Response(null, { status: 101, ...init });
  } catch {
    const fake = new Response(null);
    return Object.defineProperties(fake, {
      status: { value: 101 },
      headers: { value: immutable(null).headers },
    });
  }
}

describe("Response kinds", () => {
  it("a redirect keeps its status and address, and gets the cookie", async () => {
    const next = "https://example.com/next";
    for (const status of [301, 302, 303, 307, 308]) {
      const make = () => Response.redirect(next, status);
      const response = await answer("write", make);
      assertCookie(response);
      assert.equal(response.status, status);
      assert.equal(response.headers.get("location"), next);
      const read = await answer("read", make);
      assert.equal(read.headers.get("cache-control"), "private");
      assert.equal(read.headers.get("location"), next);
    }
  });

  it("204, 205 and 304 keep their status and stay without a body", async () => {
    for (const status of [204, 205, 304]) {
      const headers = { etag: '"a"' };
      const make = () => new Response(null, { status, headers });
      const response = await answer("write", make);
      assertCookie(response);
      assert.equal(response.status, status);
      assert.equal(response.body, null);
      assert.equal(response.headers.get("etag"), '"a"');
    }
  });

  it("errors of the handler's own are responses like others", async () => {
    for (const status of [400, 404, 500, 503]) {
      const make = () => Response.json({ status }, { status });
      const response = await answer("write", make);
      assertCookie(response);
      assert.equal(response.status, status);
      assert.deepEqual(await response.json(), { status });
    }
  });

  it("immutable headers are copied, with body, status and cookies", async () => {
    const headers = new Headers({ "x-own": "1" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    const init = { status: 203, statusText: "Proxied", headers };
    for (const use of ["read", "write"] as const) {
      const original = immutable("hello", init);
      const response = await answer(use, () => original);
      const lines = response.headers.getSetCookie();
      assert.deepEqual(lines.slice(0, 2), ["a=1", "b=2"]);
      assert.equal(lines.length, use === "write" ? 3 : 2);
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(response.headers.get("x-own"), "1");
      assert.equal(response.status, 203);
      assert.equal(response.statusText, "Proxied");
      assert.equal(await response.text(), "hello");
      assert.deepEqual(original.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.equal(original.headers.get("vary"), null);
    }
  });

  it("immutable headers that need nothing but the cookie get it once", async () => {
    const headers = { "cache-control": "private", vary: "Cookie" };
    for (const body of ["hello", null]) {
      const make = () => immutable(body, { headers });
      assertCookie(await answer("write", make));
      assertNoCookie(await answer("read", make));
    }
  });

  it("what a framework has hung on its response is on the copy, too", async () => {
    const state = Symbol("state");
    const redirect = Object.assign(new Response(null, { status: 307 }), {
      options: { to: "/" },
      [Symbol.for("cookies")]: "jar",
      [state]: "of a runtime",
    });
    const response = await answer("write", () => redirect);
    lineOf(response);
    assert.notEqual(response, redirect);
    assert.equal(Reflect.get(response, "options"), redirect.options);
    assert.equal(Reflect.get(response, Symbol.for("cookies")), "jar");
    assert.equal(Reflect.get(response, state), undefined);
  });

  it("an answer of fetch() gets the cookie", async () => {
    // Where data: cannot be fetched, the substitute has to do.
    const make = () =>
      fetch("data:text/plain,hello").catch(() =>
        immutable("hello", { headers: { "content-type": "text/plain" } })
      );
    const response = await answer("write", make);
    assertCookie(response);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
    assert.equal(await response.text(), "hello");
  });

  it("an answer of fetch() that was decoded does not say that it is coded", async () => {
    const headers = { "content-encoding": "gzip", "content-length": "25" };
    const told = async (use: Use, url: string, more: object = headers) => {
      const made = immutable("hello", { headers: { ...more } });
      const response = await answer(
        use,
        () => Object.defineProperty(made, "url", { value: url }),
      );
      assert.equal(await response.text(), "hello");
      assert.equal(response.headers.get("vary"), "Cookie");
      const names = ["content-encoding", "content-length"];
      return names.map((name) => response.headers.get(name));
    };
    // Workers encode it again.
    const isCoded = "webSocket" in new Response();
    for (const use of ["read", "write"] as const) {
      const left = isCoded ? ["gzip", "25"] : [null, null];
      assert.deepEqual(await told(use, "https://a.example/"), left);
      // One that the handler has made may be coded by the handler.
      assert.deepEqual(await told(use, ""), ["gzip", "25"]);
      const plain = { "content-length": "5" };
      const expected = [null, "5"];
      assert.deepEqual(await told(use, "https://a.example/", plain), expected);
    }
  });

  it("a body that never ends is passed on at once, not collected", async () => {
    for (const use of ["nothing", "read", "write"] as const) {
      for (const make of [immutable, (body: BodyInit) => new Response(body)]) {
        let pulls = 0;
        const body = new ReadableStream({
          pull(controller) {
            pulls++;
            controller.enqueue(new TextEncoder().encode("."));
          },
        }, { highWaterMark: 0 });
        const response = await answer(use, () => make(body));
        // A runtime may look one chunk ahead.
        assert.ok(pulls <= 1, `${pulls} chunks were read`);
        assert.ok(response.body);
        const reader = response.body.getReader();
        for (const _ of [1, 2, 3]) {
          const { value } = await reader.read();
          assert.equal(new TextDecoder().decode(value), ".");
        }
        await reader.cancel();
      }
    }
  });

  it("a body of many chunks arrives as it was", async () => {
    const chunks = ["one ", "two ", "žluť"];
    for (const make of [immutable, (body: BodyInit) => new Response(body)]) {
      const response = await answer("write", () =>
        make(
          new ReadableStream({
            start(controller) {
              const encoder = new TextEncoder();
              for (const chunk of chunks) {
                controller.enqueue(encoder.encode(chunk));
              }
              controller.close();
            },
          }),
        ));
      assert.equal(await response.text(), chunks.join(""));
    }
  });
});

describe("Responses that carry no cookie", () => {
  const kinds = [
    ["Response.error()", () => Response.error()],
    ["a protocol switch", protocolSwitch],
  ] as const;
  const reject = { name: "SessionError", code: "late-write" };

  for (const [name, make] of kinds) {
    it(`${name} passes as it is if the session did not change`, async () => {
      for (const use of ["nothing", "read"] as Use[]) {
        const response = make();
        assert.equal(await answer(use, () => response), response);
      }
    });

    it(`${name} rejects if the session changed`, async () => {
      await assert.rejects(answer("write", make), reject);
    });

    it(`${name} leaves clearing and renewal to another response`, async () => {
      const { clock, options } = setUp();
      const sessions = createSessions(options);
      const session = sessions.create();
      session.set("a", 1);
      const token = await sessions.seal(session);
      clock.advance(3_600);
      const response = make();
      const handle = withSession((_request, session) => {
        session.get("a");
        return response;
      }, options);
      for (const value of [token, turn(token, -1, 1)]) {
        const request = requestWith(`__Host-sid=${value}`);
        assert.equal(await handle(request), response);
      }
    });
  }

  it("no response at all passes if the session did not change", async () => {
    // Bun's upgrade is answered by the server, not by the handler.
    const make = () => undefined as unknown as Response;
    for (const use of ["nothing", "read"] as const) {
      assert.equal(await answer(use, make), undefined);
    }
    await assert.rejects(answer("write", make), reject);
  });

  it("a change that could not be kept sets no cookie later", async () => {
    let response = Response.error();
    const handle = wrap("write", () => response);
    const request = () => new Request("https://example.com/");
    await assert.rejects(handle(request()), reject);
    response = new Response();
    assert.notEqual(tokenOf(await handle(request())), "");
  });
});
