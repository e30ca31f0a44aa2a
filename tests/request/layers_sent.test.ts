import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionEvent,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  assertNoCookie,
  setUp,
  START,
  tokenOf,
  typesOf,
} from "../shared/support.ts";

// A layer has committed, so that the browser may have a cookie by then, and a
// further one of the same request goes on from there.

const url = "https://example.com/";
const store = (consistency: "strong" | "eventual") => {
  const store = new MemoryStore({ now: () => START });
  return { store: Object.assign(store, { consistency }) };
};
const kinds = {
  "in the cookie": () => ({}),
  "in a strong store": () => store("strong"),
  "in an eventual store": () => store("eventual"),
};
const ends = {
  destroy: (session: Session) => session.destroy(),
  reset: (session: Session) => session.reset(),
  "reset and a notice": (session: Session) => {
    session.reset();
    session.flash("notice", "bye");
  },
};

const open = (more = {}) => {
  const { options, clock, events } = setUp(more);
  return { options, clock, events, sessions: createSessions(options) };
};

type Sessions = ReturnType<typeof open>["sessions"];

const withToken = (token: string, init: RequestInit = {}) =>
  new Request(url, {
    ...init,
    headers: {
      ...init.headers,
      ...(token && { cookie: `__Host-sid=${token}` }),
    },
  });

const begin = async (sessions: Sessions) => {
  const session = sessions.create();
  session.login("eve");
  session.set("a", 1);
  return await sessions.seal(session);
};

/** Opens the session that a browser has after both responses. */
const after = async (sessions: Sessions, token: string, all: Response[]) => {
  let last = token;
  for (const { headers } of all) {
    for (const line of headers.getSetCookie()) {
      last = /^__Host-sid=([^;]*)/.exec(line)?.[1] ?? last;
    }
  }
  return { last, session: await sessions.open(withToken(last)) };
};

for (const [kind, more] of Object.entries(kinds)) {
  describe(`a layer after a commit, ${kind}`, () => {
    for (const [name, end] of Object.entries(ends)) {
      for (const isKnown of [false, true]) {
        it(`signs out by ${name} ${isKnown ? "an old" : "a new"} session`, async () => {
          for (const isLate of [false, true]) {
            const { options, clock, sessions } = open(more());
            const old = isKnown ? await begin(sessions) : "";
            clock.advance(1);
            const request = withToken(old);
            const one = await sessions.open(request);
            const two = isLate ? undefined : await sessions.open(request);
            // It is asked for its id before, and has another one then.
            assert.equal(one.id.length, 8);
            one.login("ada");
            const made = await sessions.commit(one, new Response());
            const given = tokenOf(made);
            const layer = two ?? await sessions.open(request);
            end(layer);
            const response = await sessions.commit(layer, made);
            const { last, session } = await after(sessions, old, [response]);
            assert.equal(session.userId, undefined);
            assert.equal(last === "", name !== "reset and a notice");
            assert.equal(response.headers.getSetCookie().length, 1);
            // Without a store, a copy opens until it ends.
            if (!options.store) continue;
            const copy = await sessions.open(withToken(given));
            assert.equal(copy.userId, undefined, "by the cookie from between");
          }
        });
      }
    }

    it("clears all that a new session got", async () => {
      const { sessions } = open(more());
      const request = new Request(url);
      const inner = await sessions.open(request);
      inner.set("cart", ["apple"]);
      const made = await sessions.commit(inner, new Response());
      const outer = await sessions.open(request);
      outer.clear();
      const response = await sessions.commit(outer, made);
      const { session } = await after(sessions, "", [response]);
      assert.deepEqual(session.toJSON(), {});
    });

    it("signs out, and fails", async () => {
      const { sessions } = open(more());
      const request = new Request(url);
      const outer = await sessions.open(request);
      const inner = await sessions.open(request);
      assert.equal(inner.id.length, 8);
      inner.login("ada");
      const made = await sessions.commit(inner, new Response());
      outer.destroy();
      await sessions.discard(outer);
      const response = await sessions.commit(outer, made);
      assert.match(`${response.headers.getSetCookie()}`, /^__Host-sid=; Max-A/);
      const copy = await sessions.open(withToken(tokenOf(made)));
      assert.equal(copy.userId, undefined);
    });

    it("leaves the cookie as it is if it changes nothing", async () => {
      const bad = ["", "AAAA", "known"];
      for (const brought of bad) {
        const { sessions } = open(more());
        const token = brought === "known" ? await begin(sessions) : brought;
        const init = {
          headers: {
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
          },
        };
        const request = withToken(token, init);
        const outer = await sessions.open(request);
        const inner = await sessions.open(request);
        if (token.length > 4) inner.reset();
        inner.flash("notice", "bye");
        const made = await sessions.commit(inner, new Response());
        const bare = await sessions.commit(outer, new Response());
        const { session } = await after(sessions, token, [made, bare]);
        assert.equal(session.userId, undefined, brought);
        assert.deepEqual(session.flashes("notice"), ["bye"], brought);
      }
    });

    it("adds to a login that another site has sent back", async () => {
      const { sessions } = open(more());
      const request = new Request(url, {
        method: "POST",
        headers: { "sec-fetch-site": "cross-site" },
      });
      const one = await sessions.open(request);
      const two = await sessions.open(request);
      one.login("ada");
      const made = await sessions.commit(one, new Response());
      two.set("n", 1);
      const response = await sessions.commit(two, new Response());
      const { session } = await after(sessions, "", [made, response]);
      assert.equal(session.userId, "ada");
      assert.equal(session.get("n"), 1);
    });

    it("may have read in the body of that response, which is marked", async () => {
      const { sessions, options } = open(more());
      for (const isWrapped of [false, true]) {
        const request = withToken(await begin(sessions));
        // It has opened the session, and neither reads nor commits it.
        const outer = await sessions.open(request);
        const handle = withSession(() => new Response("page"), options);
        const response = isWrapped ? await handle(request) : await sessions
          .commit(await sessions.open(request), new Response("page"));
        assert.equal(outer.userId, "eve");
        assert.equal(response.headers.get("vary"), "Cookie");
        assert.equal(response.headers.get("cache-control"), "no-store");
      }
    });

    it("leaves a response as it is if the last one commits it unread", async () => {
      const { sessions } = open(more());
      const request = withToken(await begin(sessions));
      const session = await sessions.open(request);
      const response = await sessions.commit(session, new Response("page"));
      assert.equal(response.headers.get("vary"), null);
      assert.throws(() => session.userId, { code: "late-read" });
    });

    it("ends what it has not sent without a cookie", async () => {
      const { sessions } = open(more());
      const request = new Request(url);
      const one = await sessions.open(request);
      const two = await sessions.open(request);
      one.destroy();
      assertNoCookie(await sessions.commit(one, new Response()));
      assertNoCookie(await sessions.commit(two, new Response()));
    });
  });
}

describe("a layer that signs out whom another one has signed in", () => {
  for (const [kind, make] of Object.entries(kinds)) {
    it(`removes that cookie, also beside one that has ended, ${kind}`, async () => {
      for (const how of ["login", "destroy"] as const) {
        const { sessions } = open(make());
        const token = await begin(sessions);
        const other = await sessions.open(withToken(token));
        other[how]("eve");
        await sessions.commit(other, new Response());
        const request = withToken(token);
        const first = await sessions.open(request);
        first.login("bob");
        const sent = await sessions.commit(first, new Response());
        const second = await sessions.open(request);
        second.destroy();
        const answer = await sessions.commit(second, new Response());
        assert.match(
          `${answer.headers.getSetCookie()}`,
          /^__Host-sid=; Max-Age=0/,
        );
        const made = await sessions.open(withToken(tokenOf(sent)));
        if (kind !== "in the cookie") assert.equal(made.userId, undefined);
      }
    });
  }
});

describe("a record that a wrapped handler has saved", () => {
  it("is gone by the time its response is there, if that has no cookie", async () => {
    const kept = new MemoryStore({ now: () => START });
    const { options, sessions } = open({ store: kept });
    const remove = kept.delete.bind(kept);
    kept.delete = async (key) => {
      for (let turns = 0; turns < 20; turns++) await undefined;
      await remove(key);
    };
    const handle = withSession(async (_request, session) => {
      session.set("a", 1);
      await session.save();
      return new Response();
    }, options);
    // No cookie goes out in the open.
    await handle(new Request("http://example.com/"));
    assert.equal(await sessions.count(), 0);
  });
});

describe("a record that a layer has saved", () => {
  it("stays until the last one has committed, and then only by a cookie", async () => {
    const { sessions } = open(store("strong"));
    // No cookie goes out in the open.
    const request = new Request("http://example.com/");
    const one = await sessions.open(request);
    const two = await sessions.open(request);
    one.set("a", 1);
    await one.save();
    assertNoCookie(await sessions.commit(one, new Response()));
    two.set("b", 2);
    await two.save();
    assert.equal(await sessions.count(), 1);
    assertNoCookie(await sessions.commit(two, new Response()));
    assert.equal(await sessions.count(), 0);
  });

  it("stays once its cookie is out, though a further one fails", async () => {
    const { sessions } = open(store("strong"));
    const request = new Request(url);
    const one = await sessions.open(request);
    const two = await sessions.open(request);
    one.set("a", 1);
    const response = await sessions.commit(one, new Response());
    await sessions.discard(two);
    const next = await sessions.open(withToken(tokenOf(response)));
    assert.equal(next.get("a"), 1);
  });
});

describe("a layer after a commit", () => {
  it("is found by a jar until the last one has committed", async () => {
    const { sessions } = open();
    const jar = { get: () => undefined, set: () => {} };
    const one = await sessions.open(jar);
    await sessions.open(jar);
    one.set("a", 1);
    await sessions.commit(one);
    assert.equal(await sessions.open(jar), one);
    await sessions.commit(one);
    await sessions.commit(one);
    assert.notEqual(await sessions.open(jar), one);
  });

  it("tells of a cookie as soon as a jar has taken it", async () => {
    const told: string[] = [];
    const { clock, sessions } = open({
      onEvent: ({ type }: SessionEvent) => told.push(type),
    });
    const token = await begin(sessions);
    clock.advance(43_201);
    told.length = 0;
    const session = await sessions.open({
      get: () => token,
      set: () => queueMicrotask(() => told.push("the next step")),
    });
    assert.equal(session.userId, "eve");
    await sessions.commit(session);
    assert.deepEqual(told, ["opened", "renewed", "the next step"]);
  });

  it("says nothing of a cookie that another response has overtaken", async () => {
    let hold: (() => Promise<unknown>) | undefined;
    const validate = async (value: unknown) => {
      const wait = hold;
      hold = undefined;
      await wait?.();
      return { value };
    };
    const { clock, events, sessions } = open({
      schema: { "~standard": { version: 1, vendor: "tests", validate } },
    });
    const token = await begin(sessions);
    clock.advance(43_201);
    const slow = await sessions.open(withToken(token));
    const fast = await sessions.open(withToken(token));
    assert.equal(slow.userId, "eve");
    fast.set("a", 2);
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => release = resolve);
    const arrived = new Promise<void>((resolve) => {
      hold = () => {
        resolve();
        return released;
      };
    });
    const sending = sessions.commit(slow);
    await arrived;
    assert.equal((await sessions.commit(fast)).cookies.length, 1);
    release?.();
    assert.deepEqual((await sending).cookies, []);
    assert.deepEqual(typesOf(events), ["created", "opened", "opened"]);
  });

  it("takes the cookie out of a jar that an earlier one has set there", async () => {
    for (const end of Object.values(ends).slice(0, 2)) {
      const { sessions } = open();
      const kept = new Map<string, string>();
      const jar = {
        get: (name: string) => kept.get(name),
        set: (name: string, value: string, { maxAge }: { maxAge?: number }) =>
          maxAge === 0 ? kept.delete(name) : kept.set(name, value),
      };
      const one = await sessions.open(jar);
      const two = await sessions.open(jar);
      one.login("ada");
      await sessions.commit(one);
      assert.equal(kept.size, 1);
      end(two);
      await sessions.commit(two);
      assert.equal(kept.size, 0);
    }
  });
});
