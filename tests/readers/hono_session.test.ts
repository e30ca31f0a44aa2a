import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  honoSession,
  type HonoSessionOptions,
} from "../../readers/hono-session.ts";
import { Before, cookieOf, SECRET } from "./_hono_sessions.ts";
import {
  countDecryptions,
  HOSTILE,
  keyOf,
  readCookies,
  refuseForgeries,
  refuseOddTokens,
  sealAny,
} from "./_jwe.ts";
import { moved } from "./_moved.ts";

type Theirs = { user?: string; cart?: unknown[] };

const THEIRS = { user: "ada", cart: [1, { n: 2 }, "ü"] };
const ADA = { user: "ada", data: { cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const DAY = 86_400_000;

function reader(more: Partial<HonoSessionOptions<Theirs>> = {}) {
  return honoSession<Theirs>({
    secret: SECRET,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

const read = (sid: string, more?: Partial<HonoSessionOptions<Theirs>>) =>
  readCookies(reader(more), { sid });

describe("a session of @hono/session", () => {
  it("goes on, and its cookie is removed", async () => {
    const { lines, ...seen } = await moved(reader())({
      sid: await cookieOf(THEIRS),
    });
    assert.deepEqual(seen, ADA);
    assert.match(lines[0] ?? "", /^__Host-sid=/);
    assert.deepEqual(lines.slice(1), [
      "sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });

  it("goes on whole without a map, and nobody is logged in", async () => {
    const plain = honoSession({ secret: SECRET, until: "2100-01-01" });
    const sid = await cookieOf(THEIRS, { duration: { absolute: 60 } });
    const { lines: _lines, ...seen } = await moved(plain)({ sid });
    assert.deepEqual(seen, { user: null, data: THEIRS });
  });

  it("is opened by each secret that was in use, and by bytes", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const [first, second] = [
      await cookieOf(THEIRS),
      await cookieOf(THEIRS, { secret: bytes }),
    ];
    assert.ok(await read(first, { secret: ["newer", SECRET] }));
    assert.ok(await read(first, { secret: [bytes, SECRET] }));
    assert.ok(await read(second, { secret: [SECRET, bytes] }));
    assert.ok(await read(second, { secret: bytes }));
    assert.equal(await read(first, { secret: bytes }), undefined);
    assert.equal(await read(second), undefined);
    assert.equal(await read(first, { secret: `${SECRET} ` }), undefined);
  });

  it("is none under another name", async () => {
    const cookie = await cookieOf(THEIRS);
    assert.equal(await readCookies(reader(), { other: cookie }), undefined);
    const named = reader({ cookie: { name: "other" } });
    assert.ok(await readCookies(named, { other: cookie }));
    assert.equal(await readCookies(named, { sid: cookie }), undefined);
  });

  it("is over when it says so, to the second", async () => {
    const began = Math.floor(Date.now() / 1000) * 1000;
    const sid = await cookieOf(THEIRS, { duration: { absolute: 3600 } });
    const at = async (now: number) =>
      !!await readCookies(reader(), { sid }, now);
    assert.equal(await at(began + 3_599_000), true);
    // The clock may have turned between.
    assert.equal(await at(began + 3_602_000), false);
  });

  it("never ends by itself without a duration, but at the reader's date", async () => {
    const sid = await cookieOf(THEIRS);
    const later = Date.now() + 9000 * DAY;
    assert.equal((await moved(reader(), later)({ sid })).user, "ada");
    const until = "2027-01-01";
    assert.deepEqual(await moved(reader({ until }), later)({ sid }), NOBODY);
  });

  it("is another one once somebody has signed in, under the same id", async () => {
    const before = new Before();
    const id = await before.visit("POST", { cart: [1] });
    const guest = await reader().read(given(before.cookie));
    assert.equal(await before.visit("POST", THEIRS), id);
    const ada = await reader().read(given(before.cookie));
    await before.visit("POST", { cart: [1, 2] });
    const still = await reader().read(given(before.cookie));
    assert.ok(guest && ada && still);
    assert.notEqual(guest.key, ada.key);
    assert.notEqual(guest.id, ada.id);
    assert.equal(ada.key, still.key);
    assert.equal(ada.id, still.id);
  });
});

describe("a session of @hono/session in a storage", () => {
  function store() {
    const sessions = new Map<string, Record<string, unknown>>();
    const asked: string[] = [];
    const storage = {
      get: (sid: string) => {
        asked.push(sid);
        return sessions.get(sid) ?? null;
      },
      set: (sid: string, data: Record<string, unknown>) => {
        sessions.set(sid, data);
      },
      delete: (sid: string) => {
        sessions.delete(sid);
      },
    };
    return { sessions, asked, storage };
  }

  it("goes on from there", async () => {
    const { storage } = store();
    const sid = await cookieOf(THEIRS, {}, storage);
    const { lines, ...seen } = await moved(reader({ storage }))({ sid });
    assert.deepEqual(seen, ADA);
    assert.equal(lines.length, 2);
  });

  it("may come late, and is none if it has ended there", async () => {
    const { storage } = store();
    const before = new Before({}, storage);
    await before.visit("POST", THEIRS);
    const sid = before.cookie;
    const late = { get: (sid: string) => Promise.resolve(storage.get(sid)) };
    assert.ok(await read(sid, { storage: late }));
    await before.visit("DELETE");
    assert.equal(before.cookie, "");
    assert.equal(await read(sid, { storage: late }), undefined);
    for (const nothing of [null, undefined, "text", 5, false]) {
      const storage = { get: () => nothing };
      assert.equal(await read(sid, { storage }), undefined);
    }
  });

  it("is ended there, if the storage can", async () => {
    const { storage, sessions } = store();
    const sid = await cookieOf(THEIRS, {}, storage);
    const found = await reader({ storage }).read(given(sid));
    assert.equal(sessions.size, 1);
    await found?.end?.();
    assert.equal(sessions.size, 0);
    // One that cannot is left alone.
    const other = await reader({ storage: { get: () => THEIRS } })
      .read(given(sid));
    await other?.end?.();
  });

  it("is not asked for by a forged cookie, and not held by its cookie", async () => {
    const { storage, asked } = store();
    const sid = await cookieOf(THEIRS, {}, storage);
    const other = await cookieOf(THEIRS, { secret: "another" }, storage);
    asked.length = 0;
    assert.equal(await read(other, { storage }), undefined);
    assert.equal(await read("forged", { storage }), undefined);
    assert.deepEqual(asked, []);
    assert.ok(await read(sid, { storage }));
    assert.equal(asked.length, 1);
  });

  it("is store-failed if the storage fails", async () => {
    const { storage } = store();
    const sid = await cookieOf(THEIRS, {}, storage);
    const down = {
      get: () => {
        throw new Error("down");
      },
    };
    const fails = moved(reader({ storage: down }))({ sid });
    await assert.rejects(fails, { code: "store-failed" });
  });
});

describe("a cookie of @hono/session", () => {
  refuseForgeries({ make: () => cookieOf(THEIRS), open: (sid) => read(sid) });
});

describe("an authentic token of @hono/session", () => {
  const key = () => keyOf(SECRET, "", "session jwe cek", 32);
  refuseOddTokens(key, { sid: "1", ...THEIRS }, (sid) => read(sid));

  for (const sid of [undefined, "", 5, null, ["1"]]) {
    it(`is refused with ${JSON.stringify(sid)} for its id`, async () => {
      const text = JSON.stringify({ ...THEIRS, sid });
      assert.equal(await read(await sealAny(await key(), text)), undefined);
    });
  }
});

describe("hostile cookies in place of one of @hono/session", () => {
  it("are refused at once", async () => {
    const began = performance.now();
    const { decrypt } = await countDecryptions(async () => {
      for (const text of HOSTILE) assert.equal(await read(text), undefined);
    });
    assert.equal(decrypt, 0);
    assert.ok(performance.now() - began < 500);
  });

  it("fail no request, and stay", async () => {
    const visit = moved(reader());
    for (const text of HOSTILE) {
      assert.deepEqual(await visit(`sid=${text}`), NOBODY);
      assert.deepEqual(await visit(text), NOBODY);
    }
  });

  it("cost one decryption for each of the first four and each secret", async () => {
    const good = await cookieOf(THEIRS);
    const forged = Array.from(
      { length: 60 },
      (_, i) => good.replace(/..(?=.{10}$)/, `${10 + i}`),
    ).filter((each) => each !== good);
    const twice = reader({ secret: ["another", SECRET] });
    assert.equal(await readCookies(twice, { sid: "forged" }), undefined);
    const { decrypt } = await countDecryptions(async () => {
      assert.equal(await readCookies(twice, { sid: forged }), undefined);
    });
    assert.equal(decrypt, 8);
    const { deriveBits } = await countDecryptions(async () => {
      assert.equal(await readCookies(twice, { sid: forged }), undefined);
    });
    assert.equal(deriveBits, 0);
    const sid = ["forged", good];
    assert.ok(await readCookies(reader(), { sid }));
  });
});

describe("options of honoSession()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    secret: [undefined, null, "", 5, [], [""], {}, new Uint8Array(31)],
    storage: [null, {}, "redis", 5],
    until: [undefined, null, "", "soon", NaN],
    cookie: [null, "sid", { name: "" }],
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
            error.message.startsWith(`Option hono-session.${name}`) &&
            !error.message.includes(SECRET),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }
});

function given(sid: string) {
  return { names: ["sid"], valuesOf: () => [sid], now: Date.now() };
}
