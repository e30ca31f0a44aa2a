import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession } from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import { watch } from "./shared/store_bench.ts";
import {
  assertNoCookie,
  attributesOf,
  lineOf,
  markedSecret,
  requestWith,
  setUp,
  START,
  tokenOf,
  turn,
  typesOf,
} from "./shared/support.ts";

const url = "https://example.com/";

describe("createSessions()", () => {
  it("open() and commit() do what withSession() does", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const session = await sessions.open(new Request(url));
    assert.equal(session.isNew, true);
    session.set("a", 1);
    const response = await sessions.commit(session, new Response("hello"));
    assert.equal(
      attributesOf(response),
      "Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(await response.text(), "hello");

    const cookie = `__Host-sid=${tokenOf(response)}`;
    const next = await sessions.open(requestWith(cookie));
    assert.equal(next.get("a"), 1);
    assert.deepEqual(typesOf(events), ["created", "opened"]);
    const wrapped = withSession(
      (_request, session) => Response.json(session.get("a")),
      options,
    );
    assert.equal(await (await wrapped(requestWith(cookie))).json(), 1);
  });

  it("tells once of a session that it seals twice", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("a", 1);
    const tokens = [await sessions.seal(session), await sessions.seal(session)];
    assert.equal(new Set(tokens).size, 2);
    assert.deepEqual(typesOf(events), ["created"]);
  });

  it("gives a function that makes its options nothing", async () => {
    const { options } = setUp();
    const given: unknown[][] = [];
    const makeOptions = (...args: []) => {
      given.push(args);
      return options;
    };
    const sessions = createSessions(makeOptions);
    assert.deepEqual(given, []);
    sessions.create();
    await sessions.open(new Request(url));
    assert.deepEqual(given, [[]]);
  });

  it("open() of a bad cookie gives a new session, never an error", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const session = await sessions.open(requestWith("__Host-sid=nonsense"));
    assert.equal(session.isNew, true);
    assert.deepEqual(typesOf(events), ["rejected"]);
    const response = await sessions.commit(session, new Response());
    assert.match(lineOf(response), /^__Host-sid=; Max-Age=0; /);
  });

  it("commit() of a session that was not touched returns the response", async () => {
    const sessions = createSessions(setUp().options);
    const session = await sessions.open(new Request(url));
    const answer = new Response("hello");
    assert.equal(await sessions.commit(session, answer), answer);
    assert.equal(answer.headers.get("vary"), null);
  });

  it("commit() ends a session: another one throws, as do writes", async () => {
    const sessions = createSessions(setUp().options);
    const session = await sessions.open(new Request(url));
    session.set("a", 1);
    await sessions.commit(session, new Response());
    const late = { name: "SessionError", code: "late-write" };
    assert.throws(() => session.set("a", 2), late);
    await assert.rejects(sessions.commit(session, new Response()), late);
  });

  it("commit() is refused a second time, and what it has kept stays", async () => {
    const { options, clock } = setUp();
    const store = new MemoryStore({ now: () => clock.now });
    const sessions = createSessions({ ...options, store });
    const late = { name: "SessionError", code: "late-write" };
    const ways: (() => Promise<Response>)[] = [async () => {
      const session = await sessions.open(new Request(url));
      session.login("ada");
      const response = await sessions.commit(session, new Response());
      await assert.rejects(sessions.commit(session, new Response()), late);
      return response;
    }, async () => {
      const session = await sessions.open(new Request(url));
      session.login("ada");
      const first = sessions.commit(session, new Response());
      await assert.rejects(sessions.commit(session, new Response()), late);
      return await first;
    }];
    for (const way of ways) {
      const cookie = `__Host-sid=${tokenOf(await way())}`;
      assert.equal((await sessions.open(requestWith(cookie))).userId, "ada");
    }
  });

  it("commit() that fails has ended what was to end, and says what clears it", async () => {
    const sessions = createSessions(setUp().options);
    const made = sessions.create();
    made.set("a", 1);
    const token = await sessions.seal(made);
    const session = await sessions.open(requestWith(`__Host-sid=${token}`));
    session.destroy();
    await assert.rejects(
      sessions.commit(session, undefined as unknown as Response),
      (error: Error & { code?: string; setCookie?: string }) => {
        assert.equal(error.code, "late-write");
        assert.match(error.setCookie ?? "", /^__Host-sid=; Max-Age=0; /);
        return true;
      },
    );
    assert.equal(await sessions.unseal(token), null);
  });

  it("commit() that fails leaves no record that no cookie leads to", async () => {
    const { options, clock } = setUp();
    const store = new MemoryStore({ now: () => clock.now });
    const sessions = createSessions({ ...options, store });
    const session = await sessions.open(new Request(url));
    session.set("a", 1);
    await session.save();
    assert.equal(await sessions.count(), 1);
    session.set("b", 1);
    store.update = () => Promise.reject(new Error("Down"));
    await assert.rejects(sessions.commit(session, new Response()), {
      code: "store-failed",
    });
    assert.equal(await sessions.count(), 0);
  });

  it("commit() sets the plain cookie for this machine's http", async () => {
    const sessions = createSessions(setUp().options);
    const session = await sessions.open(new Request("http://localhost:8000/"));
    session.set("a", 1);
    const response = await sessions.commit(session, new Response());
    assert.match(lineOf(response), /^sid-8000=[\w-]+; Max-Age=86400; Path=\/;/);
  });

  it("unseal() opens what seal() has made on this machine's http", async () => {
    for (const more of [{}, { store: new MemoryStore(), encrypt: true }]) {
      const { options } = setUp(more);
      const sessions = createSessions(options);
      const local = new Request("http://localhost:3000/");
      const session = await sessions.open(local);
      session.login("ada");
      const token = await sessions.seal(session);
      const again = await sessions.unseal(token);
      assert.equal(again?.userId, "ada");
      const https = await sessions.open(requestWith(`__Host-sid=${token}`));
      assert.equal(https.userId, "ada");
      const answer = await sessions.commit(session, new Response());
      assert.match(lineOf(answer), /^sid-3000=/);
    }
  });

  it("open() gives no session outside the cookie's path", async () => {
    const { options } = setUp({ cookie: { path: "/app" } });
    const sessions = createSessions(options);
    for (const path of ["", "apps", "x/app"]) {
      const session = await sessions.open(new Request(`${url}${path}`));
      assert.throws(() => session.login("ada"), { code: "left-out" });
      assert.equal(session.userId, undefined);
      const answer = new Response("hello");
      assert.equal(await sessions.commit(session, answer), answer);
      assert.equal(answer.headers.get("vary"), null);
    }
    const session = await sessions.open(new Request(`${url}app/x`));
    session.login("ada");
    lineOf(await sessions.commit(session, new Response()));
  });

  it("open() finds the cookie's path in each form of an address", async () => {
    const { options } = setUp({ cookie: { path: "/app" } });
    const sessions = createSessions(options);
    const userAt = async (address: string) => {
      // As Bun and Deno hand it over, from a client without a host.
      const request = new Request(url);
      Object.defineProperty(request, "url", { value: address });
      const session = await sessions.open(request);
      session.login("ada");
    };
    for (const origin of ["", "http+unix://%2Ftmp%2Fa.sock", "http://a b"]) {
      for (const path of ["/app", "/app/x", "/app?b=/"]) {
        await userAt(origin + path);
      }
      for (const path of ["/", "/apps", "/x/app", "?/app"]) {
        await assert.rejects(userAt(origin + path), { code: "left-out" });
      }
    }
  });

  it("commit() replaces no session that was withheld", async () => {
    const { events, options } = setUp();
    const sessions = createSessions(options);
    const headers = { "sec-fetch-site": "cross-site" };
    const request = new Request(url, { method: "POST", headers });
    const session = await sessions.open(request);
    session.set("a", 1);
    const response = await sessions.commit(session, new Response());
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.deepEqual(typesOf(events), ["withheld"]);
  });

  it("commit() can give a session without a request to a response", async () => {
    const sessions = createSessions(setUp().options);
    const session = sessions.create();
    session.login("ada");
    const response = await sessions.commit(session, new Response());
    const cookie = `__Host-sid=${tokenOf(response)}`;
    const opened = await sessions.open(requestWith(cookie));
    assert.equal(opened.userId, "ada");
  });

  it("commit() of one without a request sets no cookie if nothing is kept", async () => {
    const sessions = createSessions(setUp().options);
    const session = sessions.create();
    assert.equal(session.get("a"), undefined);
    const response = await sessions.commit(session, new Response());
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  it("create() gives a new session each time, which starts now", () => {
    const { options, clock } = setUp();
    const sessions = createSessions(options);
    const one = sessions.create();
    clock.advance(5);
    const two = sessions.create();
    assert.notEqual(one.id, two.id);
    assert.equal(one.createdAt, START);
    assert.equal(two.createdAt, START + 5_000);
    assert.equal(two.isNew, true);
    assert.deepEqual(two.keys(), []);
  });

  it("the end of one session is not the end of another", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const [ended, done, created] = [1, 2, 3].map(() => sessions.create());
    assert.ok(ended && done && created);
    const token = await sessions.seal(created);
    const opened = await sessions.unseal(token);
    ended.destroy();
    await sessions.commit(done, new Response());
    for (const session of [created, opened, sessions.create()]) {
      session?.set("a", 1);
      assert.equal(session?.get("a"), 1);
    }
  });

  it("seal() and unseal() carry a session over a text", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("cart", ["apple"]);
    session.login("ada");
    const token = await sessions.seal(session);
    assert.match(token, /^[\w-]{102,}$/);
    const opened = await sessions.unseal(token);
    assert.deepEqual(opened?.get("cart"), ["apple"]);
    assert.equal(opened?.userId, "ada");
    assert.equal(opened?.id, session.id);
    assert.equal(opened?.isNew, false);
    assert.deepEqual(typesOf(events), ["created", "opened"]);
  });

  it("seal() makes another token each time, and the session goes on", async () => {
    const sessions = createSessions(setUp().options);
    const session = sessions.create();
    session.set("n", 0);
    const tokens = new Set<string>();
    for (let n = 1; n <= 200; n++) {
      tokens.add(await sessions.seal(session));
      session.set("n", n);
    }
    assert.equal(tokens.size, 200);
    const opened = await sessions.unseal(await sessions.seal(session));
    assert.equal(opened?.get("n"), 200);
  });

  it("seal() does not ask the store again about what it has just kept", async () => {
    const { clock, options } = setUp();
    const { calls, store } = watch(new MemoryStore({ now: () => clock.now }));
    const sessions = createSessions({ ...options, store });
    const session = sessions.create();
    session.set("a", 1);
    await sessions.seal(session);
    calls.splice(0);
    const token = await sessions.seal(session);
    assert.deepEqual(calls, []);
    assert.equal((await sessions.unseal(token))?.get("a"), 1);
  });

  it("seal() is the value of the cookie, which a request opens", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("a", 1);
    const cookie = `__Host-sid=${await sessions.seal(session)}`;
    const opened = await sessions.open(requestWith(cookie));
    assert.equal(opened.get("a"), 1);
  });

  it("seal() marks the response, which may hold the token", async () => {
    const sessions = createSessions(setUp().options);
    const session = sessions.create();
    session.login("ada");
    const cookie = `__Host-sid=${await sessions.seal(session)}`;
    const again = await sessions.open(requestWith(cookie));
    const body = await sessions.seal(again);
    const { headers } = await sessions.commit(again, new Response(body));
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("vary"), "Cookie");
  });

  it("seal() of a session that nobody has used does not use it too late", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const late = { name: "SessionError", code: "late-read" };
    for (const isUsed of [false, true]) {
      const session = await sessions.open(new Request(url));
      if (isUsed) session.get("n");
      await sessions.commit(session, new Response());
      await sessions.seal(session);
      if (isUsed) assert.equal(session.get("n"), undefined);
      else assert.throws(() => session.get("n"), late);
    }
  });

  it("seal() with secure: false is the value of the plain cookie", async () => {
    const { options } = setUp({ cookie: { secure: false } });
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("a", 1);
    const cookie = `sid=${await sessions.seal(session)}`;
    const opened = await sessions.open(requestWith(cookie));
    assert.equal(opened.get("a"), 1);
  });

  it("seal() of an ended session does not make one that opens", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.login("ada");
    session.destroy();
    const token = await sessions.seal(session).catch(() => "");
    assert.equal(await sessions.unseal(token), null);
  });

  it("unseal() gives null and an event for what is not good", async () => {
    const { options, events, clock } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    const good = await sessions.seal(session);
    events.splice(0);
    const other = createSessions({ ...options, secret: markedSecret() });
    const bad = ["", "nonsense", turn(good, -1, 1), good.slice(1), `${good}=`];
    for (const token of bad) {
      assert.equal(await sessions.unseal(token), null);
      assert.deepEqual(typesOf(events), ["rejected"], token.slice(0, 9));
    }
    assert.equal(await other.unseal(good), null);
    assert.deepEqual(typesOf(events), ["rejected"]);
    clock.advance(86_400);
    assert.equal(await sessions.unseal(good), null);
    assert.deepEqual(typesOf(events), ["expired"]);
  });

  it("unseal() does not open the token of another cookie name", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const token = await sessions.seal(sessions.create());
    const admin = createSessions({
      ...options,
      cookie: { name: "__Host-admin" },
    });
    assert.equal(await admin.unseal(token), null);
    assert.ok(await sessions.unseal(token));
  });

  it("two of the same options open each other's sessions", async () => {
    const { options } = setUp();
    const one = createSessions(options);
    const two = createSessions({ ...options });
    const session = one.create();
    session.set("a", 1);
    const opened = await two.unseal(await one.seal(session));
    assert.equal(opened?.get("a"), 1);
  });

  it("sessions opened twice from one request do not share changes", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("a", { n: 1 });
    const cookie = `__Host-sid=${await sessions.seal(session)}`;
    const [one, two] = await Promise.all([
      sessions.open(requestWith(cookie)),
      sessions.open(requestWith(cookie)),
    ]);
    assert.ok(one && two);
    one.set("a", { n: 2 });
    one.destroy();
    assert.deepEqual(two.get("a"), { n: 1 });
    const response = await sessions.commit(two, new Response());
    assertNoCookie(response);
  });
});
