import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type Sessions,
  type SessionSource,
} from "../../mod.ts";
import { setUp, tokenOf } from "../shared/support.ts";

// Layers of one request have one session, whatever each was handed of it.

const url = "https://example.com/";
const open = (sessions: Sessions, ...given: unknown[]): Promise<Session> =>
  sessions.open(...given as [SessionSource]);
const makeJar = () => ({ get: () => undefined, set: () => {} });

/** A request of Node, and what two frameworks put around it. */
function nodeRequest() {
  const headers = { host: "example.com" };
  const socket = { encrypted: true };
  const node = { headers, url: "/", method: "GET", httpVersion: "1.1", socket };
  const fastify = { headers, url: "/", raw: node };
  const koa = { headers, url: "/", req: node, get: () => "", set: () => {} };
  return { node, fastify, koa };
}

describe("one request", () => {
  it("is one, whichever framework has put something around it", async () => {
    const sessions = createSessions(setUp().options);
    const { node, fastify, koa } = nodeRequest();
    const first = await open(sessions, node);
    for (const each of [fastify, koa, node]) {
      assert.equal(await open(sessions, each), first);
    }
    const other = nodeRequest();
    const second = await open(sessions, other.koa);
    assert.notEqual(second, first);
    assert.equal(await open(sessions, other.fastify), second);
  });

  it("is one where an object stands for it, or nothing can be noted at it", async () => {
    const sessions = createSessions(setUp().options);
    const headers = { host: "example.com" };
    const given: (() => object)[] = [
      () => Object.preventExtensions(new Request(url)),
      () => ({ headers, url: "/" }),
      () => Object.freeze({ headers, url: "/" }),
      () => new Headers(headers),
      () => ({ raw: Object.preventExtensions(new Request(url)) }),
    ];
    for (const make of given) {
      const source = make();
      const first = await open(sessions, source);
      assert.equal(await open(sessions, source), first);
      assert.notEqual(await open(sessions, make()), first);
    }
  });

  it("is one by its jar, and by its request beside another jar", async () => {
    const sessions = createSessions(setUp().options);
    for (
      const request of [
        new Request(url),
        Object.preventExtensions(new Request(url)),
      ]
    ) {
      const jar = makeJar();
      const first = await open(sessions, jar, request);
      assert.equal(await open(sessions, jar, request), first);
      assert.equal(await open(sessions, jar), first);
      assert.equal(await open(sessions, request), first);
      assert.equal(await open(sessions, makeJar(), request), first);
    }
  });
});

describe("two requests", () => {
  it("are two, though a program has one jar for all", async () => {
    const sessions = createSessions(setUp().options);
    const jar = makeJar();
    const [one, other] = [new Request(url), new Request(url)];
    const first = await open(sessions, jar, one);
    assert.equal(await open(sessions, jar), first);
    const second = await open(sessions, jar, other);
    assert.notEqual(second, first);
    assert.equal(await open(sessions, one), first);
  });

  it("are two beside the same headers, with jars of their own", async () => {
    const sessions = createSessions(setUp().options);
    const headers = new Headers({ host: "example.com" });
    const first = await open(sessions, makeJar(), headers);
    assert.notEqual(await open(sessions, makeJar(), headers), first);
  });
});

describe("a cookie jar", () => {
  it("may have the cookies of two addresses, of which its own counts", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const local = new Request("http://localhost:3000/");
    const made = await open(sessions, local);
    made.set("a", 1);
    const response = await sessions.commit(made, new Response());
    const values = new Map([
      ["sid-3000", tokenOf(response)],
      ["__Host-sid", await sessions.seal(sessions.create())],
    ]);
    const jar = { get: (name: string) => values.get(name), set: () => {} };
    const session = await open(sessions, jar, local.clone());
    assert.equal(session.get("a"), 1);
  });

  it("may be two functions, of which the second sets the cookie", async () => {
    const sessions = createSessions(setUp().options);
    const values = new Map<string, string>();
    const functions = () => ({
      read: (name: string) => values.get(name),
      write: (name: string, value: string) => values.set(name, value),
    });
    const session = await open(sessions, functions());
    session.set("a", 1);
    const { cookies } = await sessions.commit(session);
    assert.equal(values.get("__Host-sid"), cookies[0]?.value);
    assert.equal((await open(sessions, functions())).get("a"), 1);
  });

  it("is waited for if it sets one of several cookies later", async () => {
    const cookie = { domain: "example.com" };
    const sessions = createSessions({ ...setUp().options, cookie });
    const begun = sessions.create();
    begun.set("a", 1);
    const token = await sessions.seal(begun);
    for (const late of [0, 1]) {
      let writes = 0;
      const failure = new Error("too late");
      const jar = {
        get: () => token,
        set: () =>
          writes++ === late
            ? Promise.resolve().then(() => {
              throw failure;
            })
            : undefined,
      };
      const session = await open(sessions, jar);
      session.regenerate();
      await assert.rejects(sessions.commit(session), failure);
      assert.equal(writes, 2);
    }
  });
});
