import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { flask, type FlaskOptions } from "../../readers/flask.ts";
import {
  countCalls,
  NOBODY,
  readCookies,
  refuseChanged,
  refuseOptions,
} from "./_made_elsewhere.ts";
import { moved } from "./_moved.ts";
import second from "./vectors/flask_2.json" with { type: "json" };
import third from "./vectors/flask_3.json" with { type: "json" };

type Theirs = { user?: string; [key: string]: unknown };

const { key, older, good, bad } = third;
const NOW = third.at * 1000;
const MONTH = 31 * 86_400_000;

function reader(more: Partial<FlaskOptions<Theirs>> = {}): SessionReader {
  return flask<Theirs>({
    secretKey: key,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

const plain = (more: Partial<FlaskOptions> = {}) =>
  flask({ secretKey: key, until: "2100-01-01", ...more });

const read = (value: string, more?: Partial<FlaskOptions>, now = NOW) =>
  readCookies(plain(more), { session: value }, now);

for (
  const [version, { good, data, long }] of [[2, second], [3, third]] as const
) {
  describe(`a session of Flask ${version}`, () => {
    it("goes on, and its cookie is removed", async () => {
      const { lines, ...seen } = await moved(reader(), NOW)({
        session: good.plain,
      });
      const { user, ...rest } = data;
      assert.deepEqual(seen, { user, data: rest });
      assert.deepEqual(lines.slice(1), [
        "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
      ]);
    });

    it("is told from no other: visitors of one second may have the same", async () => {
      assert.equal((await read(good.plain))?.key, undefined);
    });

    it("goes on if it is compressed", async () => {
      assert.match(good.compressed, /^\./);
      assert.deepEqual((await read(good.compressed))?.data, long);
    });

    it("brings values of all kinds, as JSON has them", async () => {
      const { lines: _lines, ...seen } = await moved(plain(), NOW)({
        session: good.kinds,
      });
      assert.deepEqual(seen, {
        user: null,
        data: {
          tuple: [1, ["a", 2]],
          uuid: "12345678-1234-5678-1234-56789abcdef0",
          bytes: btoa("\x00\xff tea"),
          markup: "<b>tea</b>",
          date: "2026-11-30T19:46:05.000Z",
          dict: { " t": [1] },
          nested: { " di": { " u": "tea" } },
          two: { " u": "tea", b: { " t": 1, " m": 2 } },
          inner: [{ at: ["x"] }],
        },
      });
    });

    it("may be one key that looks like a tag", async () => {
      assert.deepEqual((await read(good["single tag"]))?.data, { " t": [1] });
    });

    it("comes without what is Flask's own", async () => {
      const found = await read(good.login);
      assert.deepEqual(found?.data, {
        _user_id: "7",
        _fresh: true,
        note: "tea",
      });
    });
  });
}

describe("a session of Flask", () => {
  it("goes on by each key that was in use", async () => {
    assert.equal(await read(good["older key"]), undefined);
    const secretKey = [key, older];
    assert.ok(await read(good["older key"], { secretKey }));
    assert.ok(await read(good.plain, { secretKey }));
  });

  it("is over after PERMANENT_SESSION_LIFETIME, 31 days by itself", async () => {
    assert.ok(await read(good.plain, {}, NOW + MONTH + 999));
    assert.equal(await read(good.plain, {}, NOW + MONTH + 1000), undefined);
    const maxAge = 60;
    assert.ok(await read(good.plain, { maxAge }, NOW + 60_999));
    assert.equal(await read(good.plain, { maxAge }, NOW + 61_000), undefined);
  });

  it("is none if it is of the future", async () => {
    assert.ok(await read(good.plain, {}, NOW));
    assert.equal(await read(good.plain, {}, NOW - 1), undefined);
  });
});

describe("a cookie of Flask", () => {
  refuseChanged({
    good: good.another,
    other: good.plain,
    between: ".",
    open: (value) => read(value),
  });

  for (const [what, value] of Object.entries(bad)) {
    it(`is refused if it is authentic, with ${what}`, async () => {
      assert.equal(await read(value), undefined);
    });
  }

  it("fails no request if it is hostile, and stays", async () => {
    const visit = moved(reader(), NOW);
    for (const value of ["..", "a.b.c", ".a.b.c", bad["other salt"]]) {
      assert.deepEqual(await visit({ session: value }), NOBODY);
    }
  });

  it("costs one signature for each key, and four cookies at most", async () => {
    const both = plain({ secretKey: [older, key] });
    await readCookies(both, { session: good.plain }, NOW);
    const forged = Array.from(
      { length: 60 },
      (_, i) => good.plain.replace(/..(?=.$)/, `${10 + i}`),
    );
    const calls = await countCalls(async () => {
      const cookies = { session: forged };
      assert.equal(await readCookies(both, cookies, NOW), undefined);
    });
    assert.deepEqual(calls, { verify: 8 });
  });
});

describe("options of flask()", () => {
  refuseOptions("flask", plain, {
    secretKey: [undefined, null, "", [], [""], 5, {}],
    maxAge: [null, "3600", 0, -1, NaN],
  }, key);
});
