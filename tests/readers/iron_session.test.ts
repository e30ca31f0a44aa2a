import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ironSession,
  type IronSessionOptions,
} from "../../readers/iron-session.ts";
import { HOSTILE_SEALS, refuseForgedSeals } from "./_iron_seals.ts";
import { cookiesOf, PASSWORD, sealOf, VERSIONS } from "./_iron_sessions.ts";
import { countDerivations, moved } from "./_moved.ts";

type Theirs = { user?: { id: string }; cart?: unknown[] };

const THEIRS = { user: { id: "ada" }, cart: [1, { n: 2 }, "ü"] };
const ADA = { user: "ada", data: { cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const DAY = 86_400_000;

function reader(more: Partial<IronSessionOptions<Theirs>> = {}) {
  return ironSession<Theirs>({
    password: PASSWORD,
    cookie: { name: "before" },
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user: user?.id, data }),
    ...more,
  });
}

/** What a reader makes of a seal, by itself. */
async function readSeal(
  seal: string,
  more: Partial<IronSessionOptions<Theirs>> = {},
): Promise<unknown> {
  return await reader(more).read({
    names: ["before"],
    valuesOf: (name) => name === "before" ? [seal] : [],
    now: Date.now(),
  });
}

for (const version of VERSIONS) {
  describe(`a session of ${version}`, () => {
    it("goes on, and its cookie is removed", async () => {
      const cookies = await cookiesOf(version, THEIRS);
      assert.deepEqual(Object.keys(cookies), ["before"]);
      const { lines, ...seen } = await moved(reader())(cookies);
      assert.deepEqual(seen, ADA);
      assert.equal(lines.length, 2);
      assert.match(lines[0] ?? "", /^__Host-sid=/);
      assert.equal(
        lines[1],
        "before=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
      );
    });

    it("is opened by the password that it names", async () => {
      const passwords = { 1: PASSWORD, 2: PASSWORD.toUpperCase() };
      const cookies = await cookiesOf(version, THEIRS, { password: passwords });
      assert.match(cookies["before"] ?? "", /^Fe26\.2\*2\*/);
      const open = async (password: string | Record<string, string>) =>
        (await moved(reader({ password }))(cookies)).user;
      assert.equal(await open(passwords), "ada");
      assert.equal(await open({ 2: PASSWORD.toUpperCase() }), "ada");
      assert.equal(await open({ 1: PASSWORD }), null);
      assert.equal(await open({ 2: PASSWORD }), null);
    });

    it("is over 60 seconds after its end", async () => {
      const cookies = await cookiesOf(version, THEIRS, { ttl: 3600 });
      const end = Number(cookies["before"]?.split("*")[5]);
      const at = async (now: number) =>
        (await moved(reader(), now)(cookies)).user;
      assert.equal(await at(end - 1), "ada");
      assert.equal(await at(end + 59_999), "ada");
      assert.equal(await at(end + 60_000), null);
    });

    it("never ends by itself with ttl: 0, but at the reader's date", async () => {
      const cookies = await cookiesOf(version, THEIRS, { ttl: 0 });
      const later = Date.now() + 9000 * DAY;
      assert.equal((await moved(reader(), later)(cookies)).user, "ada");
      const seen = await moved(reader({ until: "2027-01-01" }), later)(cookies);
      assert.deepEqual(seen, NOBODY);
    });

    it("is none by another password, or under another name", async () => {
      const cookies = await cookiesOf(version, THEIRS);
      const password = PASSWORD.replace("old", "new");
      assert.deepEqual(await moved(reader({ password }))(cookies), NOBODY);
      const cookie = { name: "other" };
      assert.deepEqual(await moved(reader({ cookie }))(cookies), NOBODY);
    });
  });
}

describe("a session of iron-session 9 in parts", () => {
  const cart = Array.from({ length: 5 }, () => "x".repeat(1000));
  const parts = () =>
    cookiesOf("iron-session 9", { ...THEIRS, cart }, { chunk: true });

  /** The handler's session is larger than a cookie, so only `read` is looked at. */
  async function userOf(cookies: Record<string, string>): Promise<unknown> {
    const found = await reader().read({
      names: Object.keys(cookies),
      valuesOf: (name) => cookies[name] === undefined ? [] : [cookies[name]],
      now: Date.now(),
    });
    return found?.user;
  }

  it("is read from all of them, which are all removed", async () => {
    const cookies = await parts();
    assert.deepEqual(Object.keys(cookies), ["before.0", "before.1"]);
    assert.equal(await userOf(cookies), "ada");
    const lines = reader().clear({
      names: ["before", "before.0", "before.1", "before.9", "beforehand"],
      valuesOf: () => [],
      now: 0,
    });
    assert.deepEqual(lines.map((line) => line.split("=")[0]), [
      "before",
      "before.0",
      "before.1",
    ]);
  });

  it("is none if one is missing, cut, doubled, swapped or of another", async () => {
    const cookies = await parts();
    const other = await parts();
    const [a = "", b = ""] = Object.values(cookies);
    const [, c = ""] = Object.values(other);
    for (
      const forged of [[a], [b], [b, a], [a, a], [a, c], [a, ""], [
        a.slice(1),
        b,
      ], [a, b.slice(0, -3)]]
    ) {
      const cookies = Object.fromEntries(
        forged.map((part, i) => [`before.${i}`, part]),
      );
      assert.equal(await userOf(cookies), undefined);
    }
    assert.equal(await userOf({ "before.0": a, "before.2": b }), undefined);
  });

  it("is none beside one in a single cookie, as for iron-session", async () => {
    const cookies = { ...await parts(), before: await sealOf({}) };
    assert.equal(await userOf(cookies), undefined);
  });
});

describe("a seal of iron", () => {
  it("of another kind than an object is no session", async () => {
    for (const value of ["text", 5, true, null]) {
      assert.equal(await readSeal(await sealOf(value as never)), undefined);
    }
  });

  it("counts whatever version is written behind it", async () => {
    const [seal = ""] = (await sealOf(THEIRS)).split("~");
    for (const version of ["", "~", "~1", "~2", "~3", "~~", "~2~1"]) {
      assert.ok(await readSeal(seal + version), version);
    }
    const old = await sealOf({ persistent: THEIRS });
    const found = await readSeal(old) as { user?: string };
    assert.equal(found.user, "ada");
  });

  refuseForgedSeals({
    make: async () => (await sealOf(THEIRS)).split("~")[0] ?? "",
    open: readSeal,
  });

  it("has no password by what every object has", async () => {
    const [one = []] = [await sealOf(THEIRS)].map((seal) => seal.split("*"));
    for (const id of ["constructor", "toString", "__proto__", "3", ""]) {
      const forged = one.with(1, id).join("*");
      const password = { 1: PASSWORD };
      assert.equal(await readSeal(forged, { password }), undefined);
    }
  });
});

describe("hostile text", () => {
  it("is refused at once", async () => {
    const began = performance.now();
    const derivations = await countDerivations(async () => {
      for (const text of HOSTILE_SEALS) {
        assert.equal(await readSeal(text), undefined);
      }
    });
    assert.equal(derivations, 0);
    assert.ok(performance.now() - began < 500);
  });

  it("fails no request, and leaves the cookie", async () => {
    const visit = moved(reader());
    for (const text of HOSTILE_SEALS) {
      for (const cookie of [`before=${text}`, text, `before.0=${text}`]) {
        assert.deepEqual(await visit(cookie), NOBODY);
      }
    }
  });

  it("costs one key for each of the first four cookies of the name", async () => {
    const [seal = ""] = (await sealOf(THEIRS)).split("~");
    const forged = Array.from(
      { length: 60 },
      (_, i) => `before=${seal.replace(/..(?=.{41}$)/, `${10 + i}`)}`,
    );
    const visit = moved(reader());
    const derivations = await countDerivations(async () => {
      assert.deepEqual(await visit(forged.join("; ")), NOBODY);
    });
    assert.equal(derivations, 4);
  });

  it("beside a good cookie of the name does not hide it", async () => {
    const seal = await sealOf(THEIRS);
    const { lines: _lines, ...seen } = await moved(reader())(
      `before=forged; before=${seal}`,
    );
    assert.deepEqual(seen, ADA);
  });
});

describe("options of ironSession()", () => {
  const good = {
    password: PASSWORD,
    cookie: { name: "before" },
    until: "2100-01-01",
  };
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    password: [undefined, null, "", "short", 5, {}, { 1: "short" }, []],
    until: [undefined, null, "", "soon", 5, NaN, new Date(NaN)],
    cookie: [undefined, null, "before", {}, { name: "" }],
    map: [null, "user", {}],
    keep: [null, "yes", 1],
    secret: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuses a bad ${name}, and names it`, () => {
      for (const value of values) {
        assert.throws(
          () => ironSession({ ...good, [name]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option iron-session.${name}`) &&
            !error.message.includes(PASSWORD),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }

  it("tells of a map that fails, and nothing of the session", async () => {
    const map = () => {
      throw new Error(PASSWORD);
    };
    await assert.rejects(
      moved(reader({ map }))({ before: await sealOf(THEIRS) }),
      { code: "invalid-data", message: "The map of iron-session failed" },
    );
  });

  it("takes nothing over that map leaves out", async () => {
    const before = await sealOf(THEIRS);
    const seen = await moved(reader({ map: () => undefined }))({ before });
    assert.deepEqual(seen, NOBODY);
  });

  it("takes all over without a map, and nobody is logged in", async () => {
    const plain = ironSession(good);
    const { lines: _lines, ...seen } = await moved(plain)({
      before: await sealOf(THEIRS),
    });
    assert.deepEqual(seen, { user: null, data: THEIRS });
  });
});
