import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type CookieJar,
  createSessions,
  type Session,
  type SetCookieAttributes,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";

/** Cookies of one browser, in the shape that Next and Astro have. */
class Jar implements CookieJar {
  readonly values: Map<string, string> = new Map();
  readonly lines: [string, SetCookieAttributes][] = [];

  get(name: string): { value: string } | undefined {
    const value = this.values.get(name);
    return value === undefined ? undefined : { value };
  }

  set(name: string, value: string, attributes: SetCookieAttributes): void {
    this.lines.push([name, attributes]);
    if (attributes.maxAge === 0) this.values.delete(name);
    else this.values.set(name, value);
  }
}

const strict = {
  path: "/",
  httpOnly: true,
  secure: true,
  sameSite: "lax",
} as const;

describe("a session of a cookie jar", () => {
  it("is in several cookies of it, and in one again", async () => {
    const { options } = setUp({ overflow: "parts" });
    const sessions = createSessions<{ text?: string }>(options);
    const jar = new Jar();
    for (
      const [length, names] of [
        [5_000, ["__Host-sid", "__Host-sid.1"]],
        [50, ["__Host-sid"]],
        [4_000, ["__Host-sid", "__Host-sid.1"]],
      ] as const
    ) {
      const session = await sessions.open(jar);
      session.set("text", "x".repeat(length));
      await sessions.commit(session);
      assert.deepEqual([...jar.values.keys()].sort(), names);
      const again = await sessions.open({
        get: (name) => jar.get(name),
        set: (...given) => jar.set(...given),
      });
      assert.equal(again.get("text")?.length, length);
    }
    const session = await sessions.open(jar);
    session.destroy();
    await sessions.commit(session);
    assert.deepEqual([...jar.values], []);
  });

  it("is read from it, and its cookie is set by it", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const jar = new Jar();
    const session = await sessions.open(jar);
    assert.equal(session.isNew, true);
    session.set("a", 1);
    const { cookies, headers } = await sessions.commit(session);
    assert.deepEqual(jar.lines, [
      ["__Host-sid", { maxAge: 86_400, ...strict }],
    ]);
    assert.deepEqual(cookies, [{
      name: "__Host-sid",
      value: jar.values.get("__Host-sid"),
      attributes: { maxAge: 86_400, ...strict },
      line: `__Host-sid=${
        jar.values.get("__Host-sid")
      }; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax`,
    }]);
    assert.deepEqual(Object.fromEntries(headers), {
      "cache-control": "no-store",
      vary: "Cookie",
    });

    const again = await sessions.open({
      read: async (name) => (await jar.get(name))?.value,
      write: jar.set.bind(jar),
    });
    assert.equal(again.get("a"), 1);
    assert.deepEqual(typesOf(events), ["created", "opened"]);
  });

  it("sets no cookie if nothing has changed", async () => {
    const sessions = createSessions(setUp().options);
    const jar = new Jar();
    const session = await sessions.open(jar);
    assert.deepEqual(await sessions.commit(session), {
      cookies: [],
      headers: [],
    });
    assert.deepEqual(jar.lines, []);
  });

  it("says what a response has to say of one that was read", async () => {
    const sessions = createSessions(setUp().options);
    const session = await sessions.open(new Jar());
    assert.equal(session.get("a"), undefined);
    const { cookies, headers } = await sessions.commit(session);
    assert.deepEqual(cookies, []);
    assert.deepEqual(Object.fromEntries(headers), {
      "cache-control": "private",
      vary: "Cookie",
    });
  });

  it("is forgotten when it ends, and all that was cached", async () => {
    const sessions = createSessions({ ...setUp().options, clearCache: true });
    const jar = new Jar();
    const session = await sessions.open(jar);
    session.set("a", 1);
    await sessions.commit(session);
    const last = await sessions.open({ ...shapeOf(jar) });
    last.destroy();
    const { headers } = await sessions.commit(last);
    assert.equal(jar.values.size, 0);
    assert.deepEqual(jar.lines.at(-1), ["__Host-sid", {
      maxAge: 0,
      ...strict,
    }]);
    assert.equal(
      Object.fromEntries(headers)["clear-site-data"],
      '"cache"',
    );
  });

  it("has every attribute as frameworks take it", async () => {
    const jar = new Jar();
    const sessions = createSessions({
      ...setUp().options,
      persistent: false,
      cookie: {
        name: "__Secure-app",
        domain: "example.com",
        path: "/app",
        sameSite: "None",
        partitioned: true,
        priority: "High",
      },
    });
    const session = await sessions.open(jar);
    session.set("a", 1);
    await sessions.commit(session);
    assert.deepEqual(jar.lines, [["__Secure-app", {
      domain: "example.com",
      path: "/app",
      httpOnly: true,
      secure: true,
      sameSite: "none",
      partitioned: true,
      priority: "high",
    }]]);
    const again = await sessions.open(shapeOf(jar));
    assert.equal(again.get("a"), 1);
  });

  it("has the cookie of its place: on http from this machine, a plain one", async () => {
    for (
      const place of [
        new Request("http://localhost:3000/"),
        new Headers({ host: "localhost:3000" }),
        { headers: { host: "localhost:3000" }, url: "/x", socket: {} },
      ]
    ) {
      const { options } = setUp();
      const sessions = createSessions(options);
      const jar = new Jar();
      const session = await sessions.open(jar, place);
      session.set("a", 1);
      await sessions.commit(session);
      assert.deepEqual(jar.lines, [
        ["sid-3000", { maxAge: 86_400, ...strict, secure: false }],
      ]);
      const again = await sessions.open(shapeOf(jar), place);
      assert.equal(again.get("a"), 1);
    }
  });

  it("is new if the jar holds nonsense, and no error", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    for (const value of ["x", "a; __Host-sid=b", "\r\nx: y", "\u0000", "é"]) {
      const jar = new Jar();
      jar.values.set("__Host-sid", value);
      const session = await sessions.open(jar);
      assert.equal(session.isNew, true);
      assert.deepEqual(typesOf(events), ["rejected"]);
    }
    for (const found of [1, null, {}, { value: 5 }, []]) {
      const session = await sessions.open({
        get: () => found,
        set: () => {},
      });
      assert.equal(session.isNew, true);
    }
    assert.deepEqual(typesOf(events), []);
  });

  it("is not kept, and leaves no record, if the jar takes no cookie", async () => {
    const { options } = setUp();
    const store = new MemoryStore({ now: () => START });
    const sessions = createSessions({ ...options, store });
    const refusal = new Error("Cookies can only be set in an action");
    const session = await sessions.open({
      get: () => undefined,
      set: () => {
        throw refusal;
      },
    });
    session.set("a", 1);
    await assert.rejects(sessions.commit(session), refusal);
    assert.equal(await sessions.count(), 0);
  });

  it("goes to another jar if commit() is given one", async () => {
    const sessions = createSessions(setUp().options);
    const from = new Jar();
    const to = new Jar();
    const session = await sessions.open(from);
    session.set("a", 1);
    await sessions.commit(session, to);
    assert.deepEqual(from.lines, []);
    assert.equal(to.lines.length, 1);
    const answer: Session = await sessions.open(to);
    const response = await sessions.commit(answer, new Response("x"));
    assert.equal(await response.text(), "x");
  });

  it("needs its request if an option looks at it", async () => {
    const { options } = setUp();
    const all = [
      [{ ...options, csrf: true }, /option csrf .*open\(jar, request\)/],
      [{ ...options, when: () => true }, /option when .*open\(jar, request\)/],
    ] as const;
    for (const [each, message] of all) {
      await assert.rejects(createSessions(each).open(new Jar()), {
        name: "TypeError",
        message,
      });
      const place = new Request("https://example.com/");
      await createSessions(each).open(new Jar(), place);
    }
  });
});

describe("what has methods of a cookie jar, and is none", () => {
  const methods = { get: () => undefined, set: () => {} };
  const app = Object.assign(() => {}, methods);
  const node = { ...methods, append: () => {}, write: () => true };
  const context = { ...methods, req: { raw: {} } };
  const stream = { read: () => null, write: () => true, pipe: () => {} };

  it("is refused by open(), which says where the request is", async () => {
    const sessions = createSessions(setUp().options);
    for (const wrong of [app, node, stream, new Map(), new URLSearchParams()]) {
      await assert.rejects(sessions.open(wrong as never), {
        name: "TypeError",
        message: /^open\(\) must get a request, its headers or a cookie jar/,
      });
    }
    await assert.rejects(sessions.open(context as never), {
      name: "TypeError",
      message:
        /it is Object; give its req \(with-session: docs\/errors\/argument\.md\)$/,
    });
  });

  it("is refused by commit(), and the session is kept elsewhere", async () => {
    const sessions = createSessions(setUp().options);
    const session = await sessions.open(new Request("https://x.example"));
    session.set("a", 1);
    const all = [
      app,
      node,
      context,
      stream,
      new Headers(),
      new Map(),
      Promise.resolve(new Response()),
      { set: () => {} },
      null,
      "x",
    ];
    for (const wrong of all) {
      await assert.rejects(sessions.commit(session, wrong as never), {
        name: "TypeError",
        message: /^commit\(\) must get a Response or a cookie jar: it is /,
      });
    }
    const { cookies } = await sessions.commit(session);
    assert.equal(cookies.length, 1);
  });
});

describe("a jar that is one, whatever else it has", () => {
  it("sets its cookie, as that of Astro, which tells its headers", async () => {
    const sessions = createSessions(setUp().options);
    const jar = Object.assign(new Jar(), { headers: () => [] });
    const session = await sessions.open(jar);
    session.set("a", 1);
    await sessions.commit(session);
    assert.equal(jar.lines.length, 1);
  });

  it("gets a path with a = as it is", async () => {
    const { options } = setUp();
    const sessions = createSessions({ ...options, cookie: { path: "/a=b" } });
    const jar = new Jar();
    const session = await sessions.open(jar);
    session.set("a", 1);
    await sessions.commit(session);
    assert.equal(jar.lines[0]?.[1].path, "/a=b");
  });
});

for (const isStored of [false, true]) {
  const more = () =>
    isStored ? { store: new MemoryStore({ now: () => START }) } : {};

  describe(`layers with a cookie jar, ${isStored ? "in a store" : "sealed"}`, () => {
    const url = "https://example.com/";

    it("have one session, with its request and alone", async () => {
      for (const order of [[0, 1, 2], [1, 0, 2], [2, 0, 1]]) {
        const sessions = createSessions(setUp(more()).options);
        const jar = new Jar();
        const request = new Request(url);
        const ways = [
          () => sessions.open(jar, request),
          () => sessions.open(jar),
          () => sessions.open(order[0] === 2 ? jar : request, request),
        ];
        const [one, two, three] = order.map((i) => ways[i]?.());
        const session = await one as Session;
        assert.equal(await two, session, `${order}`);
        assert.equal(await three, session, `${order}`);
        session.set("a", 1);
        for (let i = 0; i < 3; i++) await sessions.commit(session);
        const next = await sessions.open(shapeOf(jar));
        assert.equal(next.get("a"), 1);
      }
    });

    it("have one that csrf has admitted by its request", async () => {
      const options = { ...setUp(more()).options, csrf: true };
      const sessions = createSessions(options);
      const jar = new Jar();
      const session = await sessions.open(jar, new Request(url));
      assert.equal(await sessions.open(jar), session);
    });

    it("have another one where the same jar comes with another request", async () => {
      const sessions = createSessions(setUp(more()).options);
      const jar = new Jar();
      const one = await sessions.open(jar, new Request(url));
      one.login("ada");
      const other = await sessions.open(jar, new Request(url));
      assert.notEqual(other, one);
      assert.equal(other.userId, undefined);
    });

    it("share nothing by functions, or by a place, that are one for all", async () => {
      const sessions = createSessions(setUp(more()).options);
      const functions = { read: () => undefined, write: () => {} };
      const places = [
        undefined,
        new Headers({ host: "localhost" }),
        { headers: { host: "localhost" }, url: "/" },
      ];
      for (const place of places) {
        const one = await sessions.open(functions, place);
        one.login("ada");
        const other = await sessions.open(functions, place);
        assert.equal(other.userId, undefined);
        const beside = await sessions.open(new Jar(), place);
        assert.equal(beside.userId, undefined);
      }
    });

    it("read the jar again once all have committed", async () => {
      const sessions = createSessions(setUp(more()).options);
      const jar = new Jar();
      const session = await sessions.open(jar);
      session.set("a", 1);
      await sessions.commit(session);
      const next = await sessions.open(jar);
      assert.notEqual(next, session);
      assert.equal(next.get("a"), 1);
    });
  });
}

describe("a jar that takes no cookie any more", () => {
  const closed = (value: string) => ({
    get: () => value,
    set() {
      throw new Error("too late");
    },
  });

  for (const act of ["login", "regenerate"] as const) {
    it(`takes nothing from other requests after ${act}()`, async () => {
      for (const isAsync of [false, true]) {
        const sessions = createSessions(setUp().options);
        const first = sessions.create();
        first.login("ada");
        const token = await sessions.seal(first);
        const requestOf = () =>
          new Request("https://example.com/", {
            headers: { cookie: `__Host-sid=${token}` },
          });
        const beside = await sessions.open(requestOf());
        assert.equal(beside.userId, "ada");
        const jar = closed(token);
        const page = await sessions.open(
          isAsync ? { ...jar, set: async () => await jar.set() } : jar,
          requestOf(),
        );
        page[act]("eve");
        await assert.rejects(sessions.commit(page), /too late/);
        await sessions.discard(page);
        beside.set("a", 1);
        const response = await sessions.commit(beside, new Response());
        assert.equal(response.headers.getSetCookie().length, 1);
      }
    });
  }
});

/** The same jar, as another request gets it. */
function shapeOf(jar: Jar): CookieJar {
  return { get: jar.get.bind(jar), set: jar.set.bind(jar) };
}
