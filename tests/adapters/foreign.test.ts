import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CookieJar, createSessions, type SetCookie } from "../../mod.ts";
import { OtherLibrary } from "../request/_foreign.ts";
import { setUp } from "../shared/support.ts";

/** A jar that shows what it has, and decodes it, as that of a framework. */
class Jar implements CookieJar {
  readonly values: Map<string, string> = new Map();
  readonly set: CookieJar["set"];
  readonly gone: Record<string, SetCookie["attributes"]> = {};

  constructor() {
    this.set = (name, value, attributes) => {
      if (attributes.maxAge === 0) this.gone[name] = attributes;
      else this.values.set(name, value);
    };
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }
}

describe("a session of another library beside a cookie jar", () => {
  const open = () => {
    const other = new OtherLibrary();
    other.sessions.set("a%3Ab", { user: "ann" });
    const line = "old=; Max-Age=0; Domain=a.example; Path=/a; SameSite=Lax";
    const clear = () => [line];
    const accept = [other.reader({ clear })];
    const sessions = createSessions(setUp({ accept }).options);
    return { other, sessions, jar: new Jar() };
  };
  const headers = { cookie: "x=1; old=a%3Ab" };

  it("is read from the request, and its cookie removed by the jar", async () => {
    for (const place of [new Headers(headers), { headers, url: "/" }]) {
      const { sessions, jar, other } = open();
      const session = await sessions.open(jar, place);
      assert.equal(session.userId, "ann");
      await sessions.commit(session);
      assert.deepEqual([...jar.values.keys()], ["__Host-sid"]);
      const { maxAge, domain, path } = jar.gone["old"] ?? {};
      assert.deepEqual([maxAge, domain, path], [0, "a.example", "/a"]);
      const next = await sessions.open(jar, new Headers(headers));
      assert.equal(next.userId, "ann");
      assert.equal(other.reads, 1);
    }
  });

  it("is read from fields that have no host", async () => {
    const { sessions } = open();
    const session = await sessions.open({ headers: new Headers(headers) });
    assert.equal(session.userId, "ann");
  });

  it("takes no cookie of ours from the request", async () => {
    const { sessions, jar } = open();
    const session = await sessions.open(jar, new Headers(headers));
    await sessions.commit(session);
    const ours = [...jar.values].map((pair) => pair.join("=")).join();
    for (const cookie of [ours, `x=1; ${ours}`]) {
      const next = await sessions.open(new Jar(), new Headers({ cookie }));
      assert.equal(next.isNew, true);
      assert.equal(next.userId, undefined);
    }
  });

  it("is none where the request has no cookie", async () => {
    const { sessions, jar } = open();
    const session = await sessions.open(jar, new Headers());
    assert.equal(session.isNew, true);
    assert.equal(session.userId, undefined);
  });

  it("is not looked for without the request, which is an error", async () => {
    const { sessions, jar } = open();
    await assert.rejects(sessions.open(jar), {
      name: "TypeError",
      message: /must also get the request, as the option accept looks at it/,
    });
  });
});
