import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { rails, type RailsOptions } from "../../readers/rails.ts";
import {
  countCalls,
  NOBODY,
  readCookies,
  refuseChanged,
  refuseOptions,
} from "./_made_elsewhere.ts";
import { moved } from "./_moved.ts";
import vectors from "./vectors/rails.json" with { type: "json" };

type Theirs = { user_id?: number; [key: string]: unknown };

const { secret, older, name, good, bad } = vectors;
const { user_id: _id, ...DATA } = vectors.data;
const NOW = vectors.at * 1000;

function reader(more: Partial<RailsOptions<Theirs>> = {}): SessionReader {
  return rails<Theirs>({
    secretKeyBase: secret,
    cookie: { name },
    until: "2100-01-01",
    map: ({ user_id, ...data }) => ({ user: user_id?.toString(), data }),
    ...more,
  });
}

const read = (value: string, more?: Partial<RailsOptions<Theirs>>, now = NOW) =>
  readCookies(reader(more), { [name]: value }, now);

describe("a session of Rails", () => {
  it("goes on, and its cookie is removed", async () => {
    const { lines, ...seen } = await moved(reader(), NOW)({
      [name]: good.sha256,
    });
    assert.deepEqual(seen, { user: "7", data: DATA });
    assert.match(lines[0] ?? "", /^__Host-sid=/);
    assert.deepEqual(lines.slice(1), [
      `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`,
    ]);
  });

  it("of Rails 6.1 goes on with its digest, and with no other", async () => {
    const found = await read(good.sha1, { digest: "sha1" });
    assert.deepEqual(found?.data, DATA);
    assert.equal(await read(good.sha1), undefined);
    assert.equal(await read(good.sha256, { digest: "sha1" }), undefined);
  });

  it("goes on by each secret that was in use", async () => {
    const secretKeyBase = [secret, older];
    assert.ok(await read(good["older secret"], { secretKeyBase }));
    assert.ok(await read(good.sha256, { secretKeyBase }));
    assert.equal(await read(good["older secret"]), undefined);
  });

  it("goes on without what Rails keeps in it itself", async () => {
    const plain = rails({ secretKeyBase: secret, cookie: { name }, until });
    const cookies = { [name]: good["flash and csrf"] };
    const found = await readCookies(plain, cookies, NOW);
    assert.deepEqual(found?.data, vectors.data);
    assert.equal(found?.user, undefined);
  });

  it("of Devise says who is logged in", async () => {
    const found = await read(good.devise, {
      map: (theirs) => {
        const [[id]] = theirs["warden.user.user.key"] as [[number], string];
        return { user: `${id}` };
      },
    });
    assert.equal(found?.user, "7");
  });

  it("is over when it says so", async () => {
    const value = good["expires after an hour"];
    assert.ok(await read(value, {}, NOW + 3_590_000));
    assert.equal(await read(value, {}, NOW + 3_610_000), undefined);
    // Another one never is.
    assert.ok(await read(good.sha256, {}, NOW + 9e11));
  });

  it("with a salt of its own needs that", async () => {
    assert.equal(await read(good.salt), undefined);
    assert.ok(await read(good.salt, { salt: "another salt" }));
  });

  it("is the same one by its id, however often it is encrypted", async () => {
    const [one, two] = [await read(good.sha256), await read(good.another)];
    assert.ok(one?.id && two?.id);
    assert.notEqual(one.key, two.key);
    assert.notEqual(one.id, two.id);
  });
});

const until = "2100-01-01";

describe("a cookie of Rails", () => {
  refuseChanged({
    good: good.another,
    other: good.sha256,
    between: "--",
    open: (value) => read(value),
  });

  it("is refused with its parts cut at other places", async () => {
    const parts = decodeURIComponent(good.sha256).split("--").map(atob);
    const [sealed = "", iv = "", tag = ""] = parts;
    const open = (...parts: string[]) =>
      read(encodeURIComponent(parts.map(btoa).join("--")));
    assert.ok(await open(sealed, iv, tag));
    for (const length of [1, 2]) {
      const [start, end] = [sealed.slice(0, -length), sealed.slice(-length)];
      assert.equal(await open(start, iv, end + tag), undefined);
    }
  });

  it("is refused by another name, also that of its purpose", async () => {
    assert.equal(await read(good.name), undefined);
    const named = reader({ cookie: { name: "_other_session" } });
    const cookies = { _other_session: good.name };
    assert.ok(await readCookies(named, cookies, NOW));
    cookies._other_session = good.sha256;
    assert.equal(await readCookies(named, cookies, NOW), undefined);
  });

  for (const [what, value] of Object.entries(bad)) {
    it(`is refused if it is authentic, with ${what}`, async () => {
      assert.equal(await read(value), undefined);
    });
  }

  it("fails no request if it is hostile, and stays", async () => {
    const visit = moved(reader(), NOW);
    for (const value of ["x--y--z", "--", good.sha1]) {
      assert.deepEqual(await visit({ [name]: value }), NOBODY);
    }
  });

  it("costs a key for each secret once, and then a decryption", async () => {
    const both = reader({ secretKeyBase: [older, secret] });
    const once = { [name]: good.sha1 };
    assert.deepEqual(
      await countCalls(() => readCookies(both, once, NOW)),
      { deriveBits: 2, decrypt: 2 },
    );
    const forged = Array.from(
      { length: 60 },
      (_, i) => good.sha1.replace(/^../, `${10 + i}`),
    );
    assert.deepEqual(
      await countCalls(() => readCookies(both, { [name]: forged }, NOW)),
      { decrypt: 8 },
    );
  });

  it("beside others of the name is found, among the first four", async () => {
    const four = ["x", "y", "z", good.sha256];
    assert.ok(await readCookies(reader(), { [name]: four }, NOW));
    const five = { [name]: ["w", ...four] };
    assert.equal(await readCookies(reader(), five, NOW), undefined);
  });
});

describe("options of rails()", () => {
  refuseOptions("rails", reader, {
    secretKeyBase: [undefined, null, "", [], [""], 5, {}],
    digest: [null, "SHA256", "sha512", 5],
    salt: [null, 5],
  }, secret);

  it("need the cookie's name", () => {
    assert.throws(
      () => rails({ secretKeyBase: secret, until }),
      /^TypeError: Option rails\.cookie\.name is missing \(with-session: docs\/errors\/option\.md\)$/,
    );
  });
});
