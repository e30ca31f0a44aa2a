import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encrypt } from "hono-sessions";
import {
  honoSessions,
  type HonoSessionsOptions,
} from "../../readers/hono-sessions.ts";
import { HOSTILE_SEALS, refuseForgedSeals, sealAny } from "./_iron_seals.ts";
import { readCookies } from "./_jwe.ts";
import { countDerivations, moved } from "./_moved.ts";
import {
  Before,
  KEY,
  memoryOf,
  sealOf,
  VERSIONS,
} from "./_sessions_of_hono_sessions.ts";

type Theirs = { user?: string; cart?: unknown[] };

const THEIRS = { user: "ada", cart: [1, { n: 2 }, "ü"] };
const ADA = { user: "ada", data: { cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const DAY = 86_400_000;

type Options = Partial<HonoSessionsOptions<Theirs>>;

function reader(more: Options = {}) {
  return honoSessions<Theirs>({
    encryptionKey: KEY,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

const read = (session: string, more?: Options, now?: number) =>
  readCookies(reader(more), { session }, now);

for (const version of VERSIONS) {
  describe(`a session of ${version} in its cookie`, () => {
    it("goes on, and its cookie is removed", async () => {
      const session = await sealOf(version, THEIRS);
      const { lines, ...seen } = await moved(reader())({ session });
      assert.deepEqual(seen, ADA);
      assert.match(lines[0] ?? "", /^__Host-sid=/);
      assert.deepEqual(lines.slice(1), [
        "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
      ]);
    });

    it("goes on whole without a map, but for flash values", async () => {
      const plain = honoSessions({ encryptionKey: KEY, until: "2100-01-01" });
      const before = new Before(version);
      await before.visit("POST", "/set", { ...THEIRS, none: null, no: false });
      await before.visit("POST", "/flash", { notice: "Welcome" });
      const { lines: _lines, ...seen } = await moved(plain)(before.cookie);
      const data = { ...THEIRS, none: null, no: false };
      assert.deepEqual(seen, { user: null, data });
    });

    it("is none by another key, or under another name", async () => {
      const session = await sealOf(version, THEIRS);
      const encryptionKey = KEY.replace("before", "beyond");
      assert.equal(await read(session, { encryptionKey }), undefined);
      assert.equal(
        await read(session, { cookie: { name: "other" } }),
        undefined,
      );
      const other = { other: session };
      assert.equal(await readCookies(reader(), other), undefined);
      const named = reader({ cookie: { name: "other" } });
      assert.ok(await readCookies(named, other));
    });

    it("is over when it says so", async () => {
      const began = Date.now();
      const session = await sealOf(version, THEIRS, {
        expireAfterSeconds: 3600,
      });
      const before = new Before(version, { expireAfterSeconds: 3600 });
      before.cookie = `session=${session}`;
      // An end is set when a session is used again, in the older one.
      await before.visit("POST", "/set", {});
      const ended = Date.now();
      assert.ok(await read(before.value, {}, began + 3_599_999));
      assert.equal(
        await read(before.value, {}, ended + 3_600_000),
        undefined,
      );
    });

    it("never ends by itself without that, but at the reader's date", async () => {
      const session = await sealOf(version, THEIRS);
      const later = Date.now() + 9000 * DAY;
      assert.equal((await moved(reader(), later)({ session })).user, "ada");
      const until = "2027-01-01";
      const seen = await moved(reader({ until }), later)({ session });
      assert.deepEqual(seen, NOBODY);
    });

    it("is none once it has been deleted", async () => {
      const before = new Before(version);
      await before.visit("POST", "/set", THEIRS);
      await before.visit("DELETE");
      assert.match(before.value, /^Fe26\.2/);
      assert.equal(await read(before.value), undefined);
    });
  });

  describe(`a cookie of ${version}`, () => {
    const open = reader();
    refuseForgedSeals({
      make: () => sealOf(version, THEIRS),
      open: (session) => readCookies(open, { session }),
    });
  });

  for (const encryptionKey of [KEY, undefined]) {
    const how = encryptionKey ? "sealed" : "plain";
    describe(`a session of ${version} in a store, by a ${how} id`, () => {
      const begin = async () => {
        const store = memoryOf(version);
        const config = { store, encryptionKey };
        const session = await sealOf(version, THEIRS, config);
        return { session, more: config };
      };

      it("goes on from there, and its cookie is removed", async () => {
        const { session, more } = await begin();
        const { lines, ...seen } = await moved(reader(more))({ session });
        assert.deepEqual(seen, ADA);
        assert.equal(lines.length, 2);
      });

      it("is ended there, and none any more", async () => {
        const { session, more } = await begin();
        const found = await reader(more).read({
          names: ["session"],
          valuesOf: () => [session],
          now: Date.now(),
        });
        assert.ok(found?.id);
        await found.end?.();
        assert.equal(await read(session, more), undefined);
        // A store that cannot end one is left alone.
        const getSessionById = () => ({ _data: {}, _expire: null });
        const { end } = await reader({ ...more, store: { getSessionById } })
          .read({
            names: ["session"],
            valuesOf: () => [session],
            now: Date.now(),
          }) ?? {};
        await end?.();
      });

      it("is not what a stranger asks for", async () => {
        const { session, more } = await begin();
        const asked: unknown[] = [];
        const store = {
          getSessionById(id: string): unknown {
            asked.push(id);
            return undefined;
          },
        };
        const cut = session.slice(0, -1);
        for (const bad of [...HOSTILE_SEALS, cut, `${session}A`]) {
          assert.equal(await read(bad, { ...more, store }), undefined);
        }
        assert.deepEqual(asked, []);
        assert.equal(await read(session, { ...more, store }), undefined);
        assert.equal(asked.length, 1);
      });

      it("is store-failed if the store fails", async () => {
        const { session, more } = await begin();
        const store = {
          getSessionById(): unknown {
            throw new Error("down");
          },
        };
        const fails = moved(reader({ ...more, store }))({ session });
        await assert.rejects(fails, { code: "store-failed" });
      });
    });
  }
}

describe("what a store of hono-sessions has", () => {
  const id = "V1StGXR8_Z5jdHi6B-myT";
  const found = (session: unknown) =>
    read(id, {
      encryptionKey: undefined,
      store: { getSessionById: () => Promise.resolve(session) },
    });

  it("is a session by an id of its first versions, too", async () => {
    const entry = { value: "ada", flash: false };
    const good = { _data: { user: entry }, _expire: null, _delete: false };
    assert.equal((await found(good))?.user, "ada");
    for (
      const bad of [
        { _delete: true },
        { _data: null },
        { _data: [] },
        { _expire: "soon" },
        { _expire: "2020-01-01" },
      ]
    ) assert.equal(await found({ ...good, ...bad }), undefined);
    for (const bad of [null, undefined, "text", 5, []]) {
      assert.equal(await found(bad), undefined);
    }
  });

  it("is no entry that is none", async () => {
    const _data = { user: "ada", cart: null, n: [{ value: 1 }] };
    assert.deepEqual((await found({ _data }))?.data, {});
  });
});

describe("hostile cookies in place of one of hono-sessions", () => {
  it("are refused at once", async () => {
    const began = performance.now();
    const derivations = await countDerivations(async () => {
      for (const text of HOSTILE_SEALS) {
        assert.equal(await read(text), undefined);
      }
    });
    assert.equal(derivations, 0);
    assert.ok(performance.now() - began < 500);
  });

  it("fail no request, and stay", async () => {
    const visit = moved(reader());
    for (const text of HOSTILE_SEALS) {
      assert.deepEqual(await visit(`session=${text}`), NOBODY);
      assert.deepEqual(await visit(text), NOBODY);
    }
  });

  it("cost one key for each of the first four, and hide no good one", async () => {
    const good = await sealOf("hono-sessions 0.8", THEIRS);
    const forged = Array.from(
      { length: 60 },
      (_, i) => good.replace(/..(?=.{41}$)/, `${10 + i}`),
    ).filter((each) => each !== good);
    const derivations = await countDerivations(async () => {
      assert.equal(await readCookies(reader(), { session: forged }), undefined);
    });
    assert.equal(derivations, 4);
    const session = ["forged", good];
    assert.ok(await readCookies(reader(), { session }));
  });

  it("of iron are none by a password with an id", async () => {
    const user = { value: "ada", flash: false };
    const text = JSON.stringify({ _data: { user } });
    assert.ok(await read(await encrypt(KEY, text)));
    assert.equal(await read(await sealAny(text, KEY)), undefined);
  });

  it("of iron are none for another purpose", async () => {
    for (
      const value of [THEIRS, "text", "", "[]", "null", "5", '{"_data":5}', 5]
    ) {
      assert.equal(
        await read(await encrypt(KEY, value as never)),
        undefined,
      );
    }
  });
});

describe("options of honoSessions()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    encryptionKey: [undefined, null, "", "short", 5, [], { 1: KEY }],
    store: [null, {}, "memory", 5],
    until: [undefined, null, "", "soon", NaN],
    cookie: [null, "session", { name: "" }],
    map: [null, "user", {}],
    keep: [null, "yes", 1],
    password: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuses a bad ${name}, and names it`, () => {
      for (const value of values) {
        assert.throws(
          () => reader({ [name]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option hono-sessions.${name}`) &&
            !error.message.includes(KEY),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }
});
