// Two doors of one request that keep two sessions in one cookie.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { sessions } from "../../hono.ts";
import {
  createSessions,
  generateSecret,
  type Session,
  withSession,
  withSessions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { type Bench, markedSecret, setUp, START } from "../shared/support.ts";

const url = "https://example.com/admin/";
const store = () => new MemoryStore({ now: () => START });

type Options = Bench["options"];

/** A handler of one session in one of another one, which both change. */
function nest(
  outer: Options,
  inner: Options,
  address = url,
): Promise<Response> {
  const handle = withSession((_request, session: Session) => {
    session.login("ada");
    return new Response("page");
  }, inner);
  return withSession((request, session: Session) => {
    session.set("outer", 1);
    return handle(request);
  }, outer)(new Request(address));
}

/** Options of two programs that have the same cookie. */
function begin(): { options: Options; other: Options } {
  const { options } = setUp();
  return { options, other: { ...options, secret: markedSecret() } };
}

describe("two sessions of one request in one cookie", () => {
  type Pair = readonly [Options, Options, RegExp];
  const PAIRS: Readonly<
    Record<string, (options: Options, other: Options) => Pair>
  > = {
    "two stores": (options) => [
      { ...options, store: store() },
      { ...options, store: store() },
      /different stores/,
    ],
    "a store and none": (options) => [
      options,
      { ...options, store: store() },
      /different stores/,
    ],
    "two secrets": (options, other) => [options, other, /different secrets/],
    "two secrets in turn": (options, other) => [
      { ...options, secret: [options.secret, other.secret].flat() },
      { ...options, secret: [other.secret, options.secret].flat() },
      /different secrets/,
    ],
  };
  for (const [name, pairOf] of Object.entries(PAIRS)) {
    it(`are refused: ${name}`, async () => {
      const { options, other } = begin();
      const [outer, inner, message] = pairOf(options, other);
      const refused = { name: "SessionError", code: "unsupported", message };
      await assert.rejects(nest(outer, inner), refused);
      await assert.rejects(nest(inner, outer), refused);
    });
  }

  it("are refused though neither is asked for", async () => {
    const { options, other } = begin();
    const handle = withSession(() => new Response(), { ...other, lazy: true });
    const outer = withSession((request) => handle(request), {
      ...options,
      lazy: true,
    });
    await assert.rejects(outer(new Request(url)), { code: "unsupported" });
  });

  it("are refused if they have it at http://localhost alone", async () => {
    const { options } = begin();
    const domain = { domain: "example.com" };
    await assert.rejects(
      nest(options, { ...options, cookie: domain }),
      { code: "unsupported", message: /cookie sid,/ },
    );
  });

  it("are refused by withSessions() around one of them, and by Hono", async () => {
    const { options, other } = begin();
    const handle = withSession(() => new Response(), other);
    const all = withSessions({ sid: options }, (request) => handle(request));
    await assert.rejects(all(new Request(url)), { code: "unsupported" });

    const app = new Hono();
    app.use(sessions(options));
    app.use("/admin/*", sessions(other));
    app.get("*", (context) => context.text("page"));
    app.onError((error, context) =>
      context.text(`${(error as { code?: string }).code}`, 500)
    );
    const refused = await app.request(url);
    assert.equal(await refused.text(), "unsupported");
    assert.equal(await (await app.request("/")).text(), "page");
  });

  it("are one if their first secret is, and their store", async () => {
    const { options } = begin();
    const secret = [options.secret].flat();
    const longer = { ...options, secret: [...secret, generateSecret()] };
    const response = await nest(options, longer);
    assert.equal(response.headers.getSetCookie().length, 1);
    const [line = ""] = response.headers.getSetCookie();
    const again = await createSessions(options).open(
      new Request(url, { headers: { cookie: line.split(";")[0] ?? "" } }),
    );
    assert.equal(again.userId, "ada");
    assert.equal(again.get("outer"), 1);
  });

  it("are one if their secret is the same key", async () => {
    const { options } = begin();
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const secret = await crypto.subtle.importKey("raw", bytes, "HKDF", false, [
      "deriveBits",
      "deriveKey",
    ]);
    const one = { ...options, secret };
    const response = await nest(one, { ...one });
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  it("are both kept where their scopes differ", async () => {
    const { options, other } = begin();
    const name = "__Secure-sid";
    const inner = { ...other, cookie: { name, path: "/admin" } };
    const response = await nest({ ...options, cookie: { name } }, inner);
    const lines = response.headers.getSetCookie();
    assert.deepEqual(
      lines.map((line) => /; Path=([^;]*)/.exec(line)?.[1]),
      ["/admin", "/"],
    );
    const cookie = lines.map((line) => line.split(";")[0]).join("; ");
    const request = () => new Request(url, { headers: { cookie } });
    const again = await createSessions(inner).open(request());
    assert.equal(again.userId, "ada");
    const around = await createSessions({ ...options, cookie: { name } })
      .open(request());
    assert.equal(around.get("outer"), 1);
  });

  it("are read by a program that opens them itself, and one after the other", async () => {
    const { options, other } = begin();
    const request = new Request(url);
    const one = await createSessions(options).open(request);
    assert.notEqual(await createSessions(other).open(request), one);
    const handle = withSession(async (request, session: Session) => {
      const earlier = await createSessions(other).open(request);
      session.set("earlier", earlier.userId ?? "none");
      return new Response();
    }, options);
    const response = await handle(new Request(url));
    assert.equal(response.headers.getSetCookie().length, 1);
    for (const each of [options, other]) {
      const again = withSession((_request, session: Session) => {
        session.set("n", 1);
        return new Response();
      }, each);
      assert.equal((await again(request)).headers.getSetCookie().length, 1);
    }
  });
});
