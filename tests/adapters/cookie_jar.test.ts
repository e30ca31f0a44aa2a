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

/** The same jar, as another request gets it. */
function shapeOf(jar: Jar): CookieJar {
  return { get: jar.get.bind(jar), set: jar.set.bind(jar) };
}
