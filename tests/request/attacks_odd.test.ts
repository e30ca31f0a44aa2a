import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  SessionError,
  type StandardSchema,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";

// What is thrown, given and kept that is not what it seems to be.

const url = "https://example.com/";
const secret = "a secret of more than 32 letters, for tests";

/** Throws whatever is asked of it. */
function hostile(): Error {
  const refuse = () => {
    throw new Error("swordfish");
  };
  const traps = { get: refuse, has: refuse, getPrototypeOf: refuse };
  return new Proxy(new Error("hostile"), traps);
}

describe("what a handler throws", () => {
  const things: Record<string, unknown> = {
    "a proxy that throws": hostile(),
    "an error that was redirected": Object.assign(new Error("Upstream"), {
      redirected: true,
    }),
    "a frozen SessionError": Object.freeze(new SessionError("gone", "Gone")),
    "nothing": null,
  };
  for (const [name, thrown] of Object.entries(things)) {
    for (const store of [undefined, new MemoryStore()]) {
      it(`is thrown on and keeps nothing but an end: ${name}`, async () => {
        const handler = withSession(async ({ url }, session) => {
          if (url.endsWith("/in")) {
            session.login("ada");
            return new Response();
          }
          if (url.endsWith("/end")) session.destroy();
          else session.set("word", 1);
          if (url.endsWith("/new") && store) await session.save();
          throw thrown;
        }, { secret, store });
        const { headers } = await handler(new Request(`${url}in`));
        const cookie = headers.getSetCookie()[0]?.split(";")[0] ?? "";
        const count = await store?.count();
        for (const path of ["new", "write", "end"]) {
          const sent = path === "new" ? "" : cookie;
          const request = new Request(url + path, {
            headers: { cookie: sent },
          });
          const caught = await handler(request).then(
            () => assert.fail("It has answered"),
            (error: unknown) => ({ error }),
          );
          assert.ok(caught.error === thrown, path);
          const left = path === "end" && store ? (count ?? 1) - 1 : count;
          assert.equal(await store?.count(), left, path);
        }
      });
    }
  }
});

describe("an option of a kind that cannot be told", () => {
  const values: Record<string, unknown> = {
    "a symbol": Symbol("swordfish"),
    "an object without a prototype": Object.create(null),
    "one that throws as a text": {
      toString() {
        throw new Error("swordfish");
      },
    },
    "a bigint": 10n,
  };
  const names = [
    "absoluteTimeout",
    "idleTimeout",
    "when",
    "onEvent",
    "now",
    "tokenCache",
    "csrf[0]",
    "cookie.name",
    "cookie.domain",
    "cookie.path",
  ];
  for (const [kind, value] of Object.entries(values)) {
    for (const name of names) {
      it(`is refused by its name: ${name} as ${kind}`, () => {
        const key = name.replace("cookie.", "");
        const options = name.startsWith("csrf")
          ? { csrf: [value] }
          : name === key
          ? { [name]: value }
          : { cookie: { [key]: value } };
        assert.throws(
          () => createSessions({ secret, ...options } as never),
          ({ message }: Error) =>
            message.includes(name) && !message.includes("swordfish"),
        );
      });
    }
  }

  for (
    const value of [[], new Date(), new Map(), Promise.resolve({}), new Error()]
  ) {
    it(`is refused where it is no object of options: ${value.constructor.name}`, () => {
      const all = [
        { secret, cookie: value },
        { secret, cookie: { name: "sid", previous: [value] } },
      ];
      for (const options of all) {
        assert.throws(() => createSessions(options as never), /cookie/);
      }
      assert.throws(() => createSessions(value as never), /options/);
    });
  }
});

describe("a value that is not what it was", () => {
  const session = () => createSessions({ secret }).create();
  const answering = (told: unknown) =>
    new Proxy({ part: 1 }, { get: () => told });

  for (const told of [NaN, new Date(), new Map(), 5n, () => 1]) {
    it(`is refused by its path: a proxy that shows ${typeof told}`, () => {
      assert.throws(
        () => session().set("key", answering(told)),
        { code: "invalid-data", message: /key\.part/ },
      );
    });
  }

  it("is looked at once", () => {
    let asked = 0;
    const one = session();
    one.set("key", new Proxy({ part: 1 }, { get: () => ++asked }));
    assert.deepEqual([one.get("key"), asked], [{ part: 1 }, 1]);
  });

  it("is kept as it shows itself, and not as JSON would write it", async () => {
    const { rawJSON } = JSON as never as { rawJSON?(text: string): object };
    if (!rawJSON) return;
    const sessions = createSessions({ secret });
    const one = sessions.create();
    one.set("key", rawJSON("1e1000"));
    const again = await createSessions({ secret })
      .unseal(await sessions.seal(one));
    assert.deepEqual(again?.get("key"), { rawJSON: "1e1000" });
  });
});

describe("a schema", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const makes = (value: object): StandardSchema<object> => ({
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => ({ value }),
    },
  });

  it("that makes what cannot be shown refuses the write, not a later request", async () => {
    const schema = makes({ tree: cyclic });
    const sessions = createSessions<object>({ secret, schema });
    const one = sessions.create() as Session;
    one.set("word", 1);
    await assert.rejects(() => sessions.seal(one), { code: "invalid-data" });
  });

  it("whose issues cannot be told is a SessionError", async () => {
    const path = [{ key: Object.create(null) }];
    const validate = () => ({ issues: [{ message: "No", path }] });
    const schema = {
      "~standard": { version: 1 as const, vendor: "test", validate },
    };
    const sessions = createSessions<object>({ secret, schema });
    const one = sessions.create() as Session;
    one.set("word", 1);
    await assert.rejects(() => sessions.seal(one), { code: "invalid-data" });
  });
});

describe("Cache-Control of a response that was read", () => {
  for (
    const said of [
      'max-age=60, private="set-cookie"',
      'no-cache="no-store"',
      'max-age=60, community="private"',
      "max-age=60, x-private-ttl=5",
    ]
  ) {
    it(`gets "private" beside ${said}`, async () => {
      const headers = { "cache-control": said };
      const handler = withSession((_request, session) => {
        return new Response(session.userId, { headers });
      }, { secret });
      const response = await handler(new Request(url));
      const value = response.headers.get("cache-control");
      assert.equal(value, `${said}, private`);
    });
  }

  for (
    const said of [
      "PUBLIC",
      "s-maxage=5",
      "max-age=0,private",
      'a="b", no-store',
    ]
  ) {
    it(`stays ${said}`, async () => {
      const headers = { "cache-control": said };
      const handler = withSession((_request, session) => {
        return new Response(session.userId, { headers });
      }, { secret });
      const response = await handler(new Request(url));
      assert.equal(response.headers.get("cache-control"), said);
    });
  }
});
