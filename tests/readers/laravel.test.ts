import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { laravel, type LaravelOptions } from "../../readers/laravel.ts";
import {
  type Cookies,
  countCalls,
  NOBODY,
  readCookies,
  refuseChanged,
  refuseOptions,
} from "./_made_elsewhere.ts";
import { moved } from "./_moved.ts";
import vectors from "./vectors/laravel.json" with { type: "json" };

type Theirs = Record<string, unknown>;

const { key, short, older, guard, id, other, data, good, bad, stored } =
  vectors;
const NOW = vectors.at * 1000;
const HOURS = 7_200_000;
const whole = good["AES-256-CBC"];
const gcm = good["AES-256-GCM"];

function reader(more: Partial<LaravelOptions<Theirs>> = {}): SessionReader {
  return laravel<Theirs>({
    key,
    until: "2100-01-01",
    map: ({ [guard]: user, ...data }) => ({
      user: user === undefined ? undefined : `${user}`,
      data,
    }),
    ...more,
  });
}

const read = (
  cookies: Cookies,
  more?: Partial<LaravelOptions<Theirs>>,
  now = NOW,
) => readCookies(reader(more), cookies, now);

describe("a session of Laravel in cookies", () => {
  it("goes on, and both its cookies are removed", async () => {
    const { lines, ...seen } = await moved(reader(), NOW)(whole);
    assert.deepEqual(seen, { user: "7", data });
    const gone = "Max-Age=0; Path=/; HttpOnly; SameSite=Lax";
    assert.deepEqual(lines.slice(1), [
      `laravel_session=; ${gone}`,
      `${id}=; ${gone}`,
    ]);
  });

  for (
    const [cipher, secret] of [
      ["AES-256-CBC", key],
      ["AES-128-CBC", short],
      ["AES-256-GCM", key],
      ["AES-128-GCM", short],
    ] as const
  ) {
    it(`goes on if its cipher is ${cipher}, and with no other`, async () => {
      const options = { key: secret, cipher } as const;
      const found = await read(good[cipher], options);
      assert.deepEqual(found?.data, data);
      assert.equal(found?.user, "7");
      for (const [name, cookies] of Object.entries(good)) {
        if (name.startsWith("AES") && name !== cipher) {
          assert.equal(await read(cookies as never, options), undefined, name);
        }
      }
    });
  }

  it("goes on by each key that was in use", async () => {
    const cookies = good["older key"];
    assert.equal(await read(cookies), undefined);
    assert.ok(await read(cookies, { key: [key, older] }));
    assert.ok(await read(whole, { key: [older, key] }));
    const plain = atob(key.replace("base64:", ""));
    assert.ok(await read(whole, { key: plain }));
  });

  it("is over when it says so, two hours later", async () => {
    assert.ok(await read(whole, {}, NOW + HOURS + 999));
    // The clock may have turned between.
    assert.equal(await read(whole, {}, NOW + HOURS + 3000), undefined);
  });

  it("is none without the second cookie, or with that of another", async () => {
    const { laravel_session, ...second } = whole;
    assert.equal(await read({ laravel_session }), undefined);
    assert.equal(await read(second), undefined);
    const { laravel_session: _first, ...others } = good.another;
    assert.equal(await read({ laravel_session, ...others }), undefined);
    const value = (others as Record<string, string>)[other] ?? "";
    assert.ok(value);
    assert.equal(await read({ laravel_session, [id]: value }), undefined);
  });

  it("is found among the first four second cookies", async () => {
    const { laravel_session, ...second } = whole;
    const four = ["x", "y", "z", (second as Record<string, string>)[id] ?? ""];
    assert.ok(await read({ laravel_session, [id]: four }));
    const five = ["w", ...four];
    assert.equal(await read({ laravel_session, [id]: five }), undefined);
  });

  it("is none under another name", async () => {
    const { laravel_session, ...second } = whole;
    const cookies = { shop_session: laravel_session, ...second };
    const cookie = { name: "shop_session" };
    assert.equal(await read(cookies, { cookie }), undefined);
  });

  for (const [what, cookies] of Object.entries(bad)) {
    it(`is refused with ${what}`, async () => {
      assert.equal(await read(cookies as never), undefined);
    });
  }
});

describe("a session of Laravel in a store", () => {
  const { laravel_session } = whole;
  const storing = (text: unknown) => ({ get: () => text });

  for (const place of ["file", "database", "redis"] as const) {
    it(`goes on from what a ${place} has`, async () => {
      const visit = moved(reader({ store: storing(stored[place]) }), NOW);
      const { lines, ...seen } = await visit(whole);
      assert.deepEqual(seen, { user: "7", data });
      // The second one is of no session of this driver.
      assert.equal(lines.length, 2);
    });
  }

  for (const [what, text] of Object.entries(stored)) {
    if (["file", "database", "redis"].includes(what)) continue;
    it(`is none if what is stored is ${what}, and nothing says so`, async () => {
      const store = storing(text);
      assert.equal(await read({ laravel_session }, { store }), undefined);
    });
  }

  it("goes on if it is encrypted itself, and then only so", async () => {
    for (const [what, text] of Object.entries(stored)) {
      const store = storing(text);
      const found = await read({ laravel_session }, { store, encrypt: true });
      const isGood = what.endsWith("encrypted");
      assert.deepEqual(found?.data, isGood ? data : undefined, what);
    }
    const encrypt = true;
    assert.deepEqual((await read(good.encrypted, { encrypt }))?.data, data);
    const store = storing(vectors["stored by AES-256-GCM"]);
    const options = { store, encrypt, cipher: "AES-256-GCM" } as const;
    for (const keys of [key, [older, key]]) {
      assert.deepEqual(
        (await read(gcm, { ...options, key: keys }))?.data,
        data,
      );
    }
    assert.equal(await read(gcm, { ...options, key: [older] }), undefined);
    assert.equal(await read(good.encrypted), undefined);
    assert.equal(await read(whole, { encrypt }), undefined);
  });

  it("is none if it has ended there", async () => {
    for (const nothing of [null, undefined, "", 5, {}, "[]", "e30"]) {
      const store = storing(nothing);
      assert.equal(await read({ laravel_session }, { store }), undefined);
    }
  });

  it("is found and ended by its id, whenever that comes", async () => {
    const calls: string[] = [];
    const store = {
      get: (id: string) => {
        calls.push(`get ${id}`);
        return Promise.resolve(stored.file);
      },
      delete: (id: string) => void calls.push(`delete ${id}`),
    };
    const found = await read({ laravel_session }, { store });
    assert.equal(found?.id, JSON.stringify([id, "7"]));
    await found?.end?.();
    assert.deepEqual(calls, [`get ${id}`, `delete ${id}`]);
    const { end } = await read(
      { laravel_session },
      { store: storing(stored.file) },
    ) ?? {};
    await end?.();
  });

  it("is not asked for by a forged cookie", async () => {
    const store = {
      get: () => assert.fail("A forged cookie has come to the store"),
    };
    const { laravel_session } = good["older key"];
    for (const forged of ["", "e30=", laravel_session]) {
      const cookies = { laravel_session: forged };
      assert.equal(await read(cookies, { store }), undefined);
    }
  });

  it("is store-failed if the store fails", async () => {
    const down = { get: () => Promise.reject(new Error("down")) };
    const fails = moved(reader({ store: down }), NOW)({ laravel_session });
    await assert.rejects(fails, { code: "store-failed" });
  });
});

const store = { get: () => "{}" };

describe("a cookie of Laravel", () => {
  refuseChanged({
    good: whole.laravel_session,
    other: good.another.laravel_session,
    between: "none",
    open: (laravel_session) => read({ laravel_session }, { store }),
  });

  it("is refused with parts of another's", async () => {
    const partsOf = (value: string) =>
      JSON.parse(atob(decodeURIComponent(value))) as Record<string, string>;
    const one = partsOf(whole.laravel_session);
    const two = partsOf(good.another.laravel_session);
    const open = (parts: object) =>
      read({ laravel_session: btoa(JSON.stringify(parts)) }, { store });
    assert.ok(await open(one));
    for (const name of ["iv", "value", "mac"]) {
      assert.equal(await open({ ...one, [name]: two[name] }), undefined);
      const { [name]: _left, ...rest } = one;
      assert.equal(await open(rest), undefined);
      assert.equal(await open({ ...one, [name]: "" }), undefined);
    }
    for (const more of [{ tag: "AAAA" }, { more: 1 }, { mac: 0 }]) {
      assert.equal(await open({ ...one, ...more }), undefined);
    }
    const marked = btoa("\xef\xbb\xbf" + JSON.stringify(one));
    assert.equal(await read({ laravel_session: marked }, { store }), undefined);
    // Versions of before had none.
    const { tag: _tag, ...older } = one;
    assert.ok(await open(older));
  });

  it("fails no request if it is hostile, and stays", async () => {
    const visit = moved(reader(), NOW);
    for (const value of ["e30=", "eyJpdiI6IiJ9", "%"]) {
      assert.deepEqual(await visit({ laravel_session: value }), NOBODY);
    }
  });

  it("costs one signature for each key, and four cookies at most", async () => {
    const both = reader({ key: [older, key] });
    const { laravel_session } = good["AES-128-CBC"];
    await readCookies(both, { laravel_session }, NOW);
    const forged = Array.from({ length: 60 }, () => laravel_session);
    const calls = await countCalls(async () => {
      const cookies = { laravel_session: forged };
      assert.equal(await readCookies(both, cookies, NOW), undefined);
    });
    assert.deepEqual(calls, { verify: 8 });
  });
});

describe("a cookie of Laravel by AES-256-GCM", () => {
  const options = { cipher: "AES-256-GCM", store } as const;
  refuseChanged({
    good: gcm.laravel_session,
    other: gcm.laravel_session,
    between: "none",
    open: (laravel_session) => read({ laravel_session }, options),
  });
});

describe("options of laravel()", () => {
  refuseOptions("laravel", reader, {
    key: [
      undefined,
      null,
      "",
      [],
      [""],
      5,
      {},
      short,
      "base64:",
      "base64:AA==",
    ],
    cipher: [null, "aes-256-cbc", "AES-256-CTR", 5],
    store: [null, {}, "redis", 5],
    encrypt: [null, "yes", 1],
  }, key);
});
