import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { gorilla, type GorillaOptions } from "../../readers/gorilla.ts";
import {
  countCalls,
  NOBODY,
  readCookies,
  refuseChanged,
  refuseOptions,
} from "./_made_elsewhere.ts";
import { moved } from "./_moved.ts";
import vectors from "./vectors/gorilla.json" with { type: "json" };

type Theirs = { user?: string; [key: string]: unknown };

const { name, hashKey, blockKey, short, older, good, bad, data } = vectors;
const NOW = vectors.at * 1000;
const MONTH = 30 * 86_400_000;
const both = { hashKey, blockKey };

function reader(more: Partial<GorillaOptions<Theirs>> = {}): SessionReader {
  return gorilla<Theirs>({
    keys: { hashKey },
    cookie: { name },
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

const read = (
  value: string,
  more?: Partial<GorillaOptions<Theirs>>,
  now = NOW,
) => readCookies(reader(more), { [name]: value }, now);

describe("a cookie of gorilla/securecookie", () => {
  it("goes on, and is removed", async () => {
    const { lines, ...seen } = await moved(reader(), NOW)({
      [name]: good.signed,
    });
    const { user, ...rest } = data;
    assert.deepEqual(seen, { user, data: rest });
    assert.deepEqual(lines.slice(1), [
      `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`,
    ]);
  });

  it("is told from others only if no two visitors can have the same", async () => {
    assert.equal((await read(good.signed))?.key, undefined);
    const found = await read(good.encrypted, { keys: both });
    assert.ok(found?.key?.includes(good.encrypted));
  });

  it("goes on if it is encrypted, and with no other key", async () => {
    const { user, ...rest } = data;
    const found = await read(good.encrypted, { keys: both });
    assert.equal(found?.user, user);
    assert.deepEqual(found?.data, rest);
    assert.ok(
      await read(good["AES-128"], { keys: { hashKey, blockKey: short } }),
    );
    assert.ok(await read(good.empty, { keys: [both] }));
    assert.equal(await read(good.encrypted), undefined);
    assert.equal(await read(good.signed, { keys: both }), undefined);
    assert.equal(await read(good["AES-128"], { keys: both }), undefined);
  });

  it("goes on by each of the keys, as text or bytes", async () => {
    const keys = [{ hashKey }, { hashKey: older }, both];
    for (const value of [good.signed, good.older, good.encrypted]) {
      assert.ok(await read(value, { keys }));
    }
    assert.equal(await read(good.older), undefined);
    const bytes = {
      hashKey: new TextEncoder().encode(hashKey),
      blockKey: new TextEncoder().encode(blockKey),
    };
    assert.ok(await read(good.encrypted, { keys: bytes }));
  });

  it("is over after MaxAge(), 30 days by itself", async () => {
    assert.ok(await read(good.signed, {}, NOW + MONTH + 999));
    assert.equal(await read(good.signed, {}, NOW + MONTH + 1000), undefined);
    const maxAge = 60;
    assert.ok(await read(good.signed, { maxAge }, NOW + 60_000));
    assert.equal(await read(good.signed, { maxAge }, NOW + 61_000), undefined);
    assert.ok(await read(good.signed, { maxAge: Infinity }, NOW + 9e11));
  });

  it("is refused by another name", async () => {
    assert.equal(await read(good["other name"]), undefined);
    const named = reader({ cookie: { name: "other" } });
    assert.ok(await readCookies(named, { other: good["other name"] }, NOW));
    const wrong = { other: good.signed };
    assert.equal(await readCookies(named, wrong, NOW), undefined);
  });

  for (const [what, value] of Object.entries(bad)) {
    it(`is refused if it is authentic, with ${what}`, async () => {
      assert.equal(await read(value, { keys: [{ hashKey }, both] }), undefined);
    });
  }

  it("is refused in other letters of base64", async () => {
    const value = good.encrypted;
    assert.match(value, /[-_]/);
    const other = value.replaceAll("-", "+").replaceAll("_", "/");
    assert.ok(await read(value, { keys: both }));
    assert.equal(await read(other, { keys: both }), undefined);
  });

  it("fails no request if it is hostile, and stays", async () => {
    const visit = moved(reader(), NOW);
    for (const value of ["fHx8", "MXxhfA==", good.older]) {
      assert.deepEqual(await visit({ [name]: value }), NOBODY);
    }
  });

  it("costs one signature for each key, and four cookies at most", async () => {
    const two = reader({ keys: [{ hashKey: older }, both] });
    await readCookies(two, { [name]: good.encrypted }, NOW);
    const forged = Array.from(
      { length: 60 },
      (_, i) => good.encrypted.replace(/..(?=.{4}$)/, `${10 + i}`),
    );
    const calls = await countCalls(async () => {
      const cookies = { [name]: forged };
      assert.equal(await readCookies(two, cookies, NOW), undefined);
    });
    assert.deepEqual(calls, { verify: 8 });
  });
});

describe("a signed cookie of gorilla/securecookie", () => {
  refuseChanged({
    good: good.another,
    other: good.signed,
    between: "none",
    open: (value) => read(value),
  });
});

describe("an encrypted cookie of gorilla/securecookie", () => {
  refuseChanged({
    good: good.empty,
    other: good.encrypted,
    between: "none",
    open: (value) => read(value, { keys: both }),
  });
});

describe("options of gorilla()", () => {
  refuseOptions("gorilla", reader, {
    keys: [
      undefined,
      null,
      "a key",
      [],
      {},
      { hashKey: "" },
      { hashKey: undefined },
      { hashKey, blockKey: "15 bytes, no key" + "!" },
      { hashKey, blockKey: "" },
      [{ hashKey }, { blockKey }],
    ],
    maxAge: [null, "3600", 0, -1, NaN],
  }, hashKey);

  it("need the cookie's name", () => {
    assert.throws(
      () => gorilla({ keys: both, until: "2100-01-01" }),
      /^TypeError: Option gorilla\.cookie\.name is missing \(with-session: docs\/errors\/option\.md\)$/,
    );
  });
});
