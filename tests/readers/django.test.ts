import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { django, type DjangoOptions } from "../../readers/django.ts";
import {
  countCalls,
  NOBODY,
  readCookies,
  refuseChanged,
  refuseOptions,
} from "./_made_elsewhere.ts";
import { moved } from "./_moved.ts";
import vectors from "./vectors/django.json" with { type: "json" };

type Theirs = { _auth_user_id?: string; [key: string]: unknown };

const { key, older, good, bad, rows, data, login } = vectors;
const NOW = vectors.at * 1000;
const WEEKS = 14 * 86_400_000;
const ROW = "3kd9vq0x7n1m5b8c2z4l6j0h9g8f7d6s";

function reader(more: Partial<DjangoOptions<Theirs>> = {}): SessionReader {
  return django<Theirs>({
    secretKey: key,
    until: "2100-01-01",
    map: ({ _auth_user_id, cart, note }) => ({
      user: _auth_user_id,
      data: { cart, note },
    }),
    ...more,
  });
}

const plain = (more: Partial<DjangoOptions> = {}) =>
  django({ secretKey: key, until: "2100-01-01", ...more });

const read = (value: string, more?: Partial<DjangoOptions>, now = NOW) =>
  readCookies(plain(more), { sessionid: value }, now);

describe("a session of Django in a cookie", () => {
  it("goes on, and its cookie is removed", async () => {
    const { lines, ...seen } = await moved(reader(), NOW)({
      sessionid: good.login,
    });
    assert.deepEqual(seen, { user: "7", data });
    assert.deepEqual(lines.slice(1), [
      "sessionid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });

  it("goes on whole without a map, but for what is Django's own", async () => {
    const found = await read(good.login);
    assert.deepEqual(found?.data, { ...login, ...data });
    assert.equal(found?.key, undefined, "Two visitors may have the same");
    assert.equal(found?.user, undefined);
  });

  it("goes on if it is compressed", async () => {
    assert.match(good.compressed, /^\./);
    assert.deepEqual((await read(good.compressed))?.data, vectors.long);
  });

  it("goes on by each key that was in use", async () => {
    assert.equal(await read(good["older key"]), undefined);
    const secretKey = [key, older];
    assert.ok(await read(good["older key"], { secretKey }));
    assert.ok(await read(good.plain, { secretKey }));
  });

  it("is over after SESSION_COOKIE_AGE, two weeks by itself", async () => {
    assert.ok(await read(good.plain, {}, NOW + WEEKS));
    assert.equal(await read(good.plain, {}, NOW + WEEKS + 1), undefined);
    const maxAge = 60;
    assert.ok(await read(good.plain, { maxAge }, NOW + 60_000));
    assert.equal(await read(good.plain, { maxAge }, NOW + 60_001), undefined);
  });
});

describe("a session of Django in its database", () => {
  const asked: string[] = [];
  const store = {
    get: (key: string) => {
      asked.push(key);
      return key === ROW ? rows.plain : undefined;
    },
  };

  it("goes on from there, whenever it was changed", async () => {
    const visit = moved(reader({ store }), NOW + 10 * WEEKS);
    const { lines, ...seen } = await visit({ sessionid: ROW });
    assert.deepEqual(seen, { user: "7", data });
    assert.equal(lines.length, 2);
  });

  it("may be compressed, and come late", async () => {
    const late = { get: () => Promise.resolve(rows.compressed) };
    const found = await read(ROW, { store: late });
    assert.deepEqual(found?.data, vectors.long);
    assert.equal(found?.key, JSON.stringify([ROW, ""]));
  });

  it("is ended there, if the store can", async () => {
    const ended: string[] = [];
    const able = { ...store, delete: (key: string) => void ended.push(key) };
    await (await read(ROW, { store: able }))?.end?.();
    assert.deepEqual(ended, [ROW]);
    await (await read(ROW, { store }))?.end?.();
  });

  it("is none if the row is not signed for that", async () => {
    for (
      const text of [good.plain, "", "e30", null, undefined, 5, {}, "e30:a:b"]
    ) assert.equal(await read(ROW, { store: { get: () => text } }), undefined);
    assert.equal(await read(rows.plain), undefined);
  });

  it("is not asked for by what is no session key", async () => {
    asked.length = 0;
    for (const key of ["", "short", good.plain, ROW.toUpperCase(), "../../x"]) {
      assert.equal(await read(key, { store }), undefined);
    }
    assert.deepEqual(asked, []);
    const many = Array.from({ length: 60 }, (_, i) => `${ROW}${i}`);
    const cookies = { sessionid: many };
    assert.equal(await readCookies(plain({ store }), cookies, NOW), undefined);
    assert.equal(asked.length, 4);
  });

  it("is store-failed if the store fails", async () => {
    const down = { get: () => Promise.reject(new Error("down")) };
    const fails = moved(reader({ store: down }), NOW)({ sessionid: ROW });
    await assert.rejects(fails, { code: "store-failed" });
  });
});

describe("a cookie of Django", () => {
  refuseChanged({
    good: good.another,
    other: good.plain,
    between: ":",
    open: (value) => read(value),
  });

  for (const [what, value] of Object.entries(bad)) {
    it(`is refused if it is authentic, with ${what}`, async () => {
      assert.equal(await read(value), undefined);
    });
  }

  it("fails no request if it is hostile, and stays", async () => {
    const visit = moved(reader(), NOW);
    for (const value of ["::", "a:b:c", bad["other salt"]]) {
      assert.deepEqual(await visit({ sessionid: value }), NOBODY);
    }
  });

  it("costs one signature for each key, and four cookies at most", async () => {
    const both = plain({ secretKey: [older, key] });
    await readCookies(both, { sessionid: good.plain }, NOW);
    const forged = Array.from(
      { length: 60 },
      (_, i) => good.plain.replace(/..(?=.$)/, `${10 + i}`),
    );
    const calls = await countCalls(async () => {
      const cookies = { sessionid: forged };
      assert.equal(await readCookies(both, cookies, NOW), undefined);
    });
    assert.deepEqual(calls, { verify: 8 });
  });
});

describe("options of django()", () => {
  refuseOptions("django", plain, {
    secretKey: [undefined, null, "", [], [""], 5, {}],
    maxAge: [null, "3600", 0, -1, NaN],
    store: [null, {}, "postgres", 5],
  }, key);
});
