import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { describe, it } from "node:test";
import {
  betterAuth,
  type BetterAuthOptions,
  type BetterAuthSession,
} from "../../readers/better-auth.ts";
import { FORGERIES } from "../shared/forgeries.ts";
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

// What its own packages make is in tests/hosts/better_auth.test.ts: they do not
// run everywhere.

const SECRET = "what was in BETTER_AUTH_SECRET, for the servers of before";
const NAME = "__Secure-better-auth.session_token";
const DATA = "__Secure-better-auth.session_data";
const NOBODY = { user: null, data: {}, lines: [] };
const FAR = "2100-01-01T00:00:00.000Z";
const THEIRS = {
  session: { token: "one", userId: "ada", expiresAt: FAR },
  user: { id: "ada", name: "Ada", email: "", emailVerified: true },
};

/** A text with its signature behind a dot, as in a cookie. */
async function signed(text: string, secret = SECRET): Promise<string> {
  return encodeURIComponent(`${text}.${await hmac(text, secret)}`);
}

async function hmac(text: string, secret = SECRET): Promise<string> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const hash = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), hash, false, [
    "sign",
  ]);
  const all = await crypto.subtle.sign("HMAC", key, bytes(text));
  return btoa(String.fromCharCode(...new Uint8Array(all)));
}

const asked: string[] = [];

const map = ({ user: { id, name } }: BetterAuthSession) => ({
  user: id,
  data: { name },
});

/** A reader with a database, or another source. */
function reader(more: Partial<BetterAuthOptions> = {}) {
  const find = (token: string) => {
    asked.push(token);
    return THEIRS;
  };
  const until = "2100-01-01";
  return betterAuth({ secret: SECRET, until, map, find, ...more });
}

const inCookies = (more: Partial<BetterAuthOptions>) =>
  reader({ find: undefined, ...more });

describe("a cookie of better-auth", () => {
  const read = (value: string | readonly string[], more = {}) =>
    readCookies(reader(more), { [NAME]: value });

  it("is taken over with what is found", async () => {
    const { lines, ...seen } = await moved(reader())({
      [NAME]: await signed("one"),
      [`${DATA}.0`]: "x",
      "__Secure-better-auth.account_data": "x",
      "__Secure-better-auth.dont_remember": "x",
      "__Secure-better-auth.state": "x",
      "better-auth.session_token": "x",
    });
    assert.deepEqual(seen, { user: "ada", data: { name: "Ada" } });
    assert.deepEqual(lines.slice(1).map((line) => line.split("=")[0]), [
      NAME,
      `${DATA}.0`,
      "__Secure-better-auth.account_data",
      "__Secure-better-auth.dont_remember",
    ]);
  });

  it("is refused with each character changed or cut, and nobody is asked", async () => {
    const one = decodeURIComponent(await signed("one"));
    const two = decodeURIComponent(await signed("two"));
    assert.ok(await read(one));
    asked.length = 0;
    const forged = [
      `one.${two.slice(4)}`,
      one.slice(0, -1),
      `${one}=`,
      `${one}.${one}`,
      `.${one.slice(4)}`,
      "one.",
      "one",
      decodeURIComponent(await signed("one", "another secret")),
    ];
    for (let i = 0; i < one.length; i++) {
      for (const char of ["A", "0", ".", "-", "=", "\u212a", "\0"]) {
        if (char === one[i]) continue;
        forged.push(one.slice(0, i) + char + one.slice(i + 1));
      }
      forged.push(one.slice(0, i), one.slice(i + 1));
    }
    for (const value of forged) {
      assert.equal(await read(value), undefined, JSON.stringify(value));
    }
    assert.deepEqual(asked, []);
  });

  for (const [how, forge] of Object.entries(FORGERIES)) {
    it(`is refused if of its signature ${how}`, async () => {
      const url = (text: string) =>
        text.slice(0, 43).replaceAll("+", "-").replaceAll("/", "_")
          .padEnd(91, "A");
      const right = await hmac("one");
      for (const text of forge(url(right), url(await hmac("two")))) {
        const plain = text.replaceAll("-", "+").replaceAll("_", "/");
        for (const forged of [plain, plain.slice(0, -48)]) {
          // A character may be written as its code, as the cookie itself is.
          if (decoded(`${forged}=`) === right) continue;
          assert.equal(await read(`one.${forged}=`), undefined, forged);
        }
      }
    });
  }

  it("of hostile text fails no request, and stays", async () => {
    const visit = moved(reader());
    for (const text of [...HOSTILE, `${"a.".repeat(50_000)}.`]) {
      assert.deepEqual(await visit(`${NAME}=${text}`), NOBODY);
    }
  });

  it("is none if what is found is over, or no session", async () => {
    const one = await signed("one");
    for (
      const found of [
        undefined,
        null,
        {},
        [],
        { session: null, user: null },
        { session: {} },
        ...[0, "", "soon", null, true, NaN, new Date(NaN), new Date(1), {}]
          .map((expiresAt) => ({ session: { expiresAt }, user: THEIRS.user })),
      ]
    ) assert.equal(await read(one, { find: () => found }), undefined);
    const expiresAt = Date.now() + 1000;
    const find = () => ({ ...THEIRS, session: { expiresAt } });
    assert.ok(await read(one, { find }));
  });

  it("rejects if the database fails", async () => {
    const one = await signed("one");
    for (const find of [() => Promise.reject(new Error("down")), fail]) {
      await assert.rejects(read(one, { find }), /^Error: down$/);
    }
  });

  it("is found among the first four, at a cost that has a bound", async () => {
    const one = await signed("one");
    assert.ok(await read(["x", "y", "z", one]));
    assert.equal(await read(["x", "y", "z", "a", one]), undefined);
    const forged = await Promise.all(
      Array.from({ length: 60 }, (_, i) => signed(`${i}`, "other")),
    );
    const { subtle } = crypto;
    const { verify } = subtle;
    let count = 0;
    Object.defineProperty(subtle, "verify", {
      configurable: true,
      value: (...args: Parameters<typeof verify>) => {
        count++;
        return verify.apply(subtle, args);
      },
    });
    try {
      const secret = ["first", "second"];
      assert.equal(await read(forged, { secret }), undefined);
    } finally {
      Reflect.deleteProperty(subtle, "verify");
    }
    assert.equal(count, 8);
  });
});

function fail(): never {
  throw new Error("down");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

describe("a cache of better-auth as `jwe`", () => {
  const key = () =>
    keyOf(
      SECRET,
      "better-auth-session",
      "BetterAuth.js Generated Encryption Key",
      64,
    );
  const make = async () => {
    const exp = Math.floor(Date.now() / 1000) + 1000;
    return await sealAny(await key(), JSON.stringify({ ...THEIRS, exp }));
  };
  const open = async (text: string) =>
    await readCookies(inCookies({ cache: "jwe" }), {
      [NAME]: await signed("one"),
      [DATA]: text,
    });
  refuseForgeries({ make, open });
  refuseOddTokens(key, THEIRS, open);

  it("costs nothing without a good token, and little with one", async () => {
    const data = [
      await make(),
      ...Array.from({ length: 20 }, (_, i) => `e30..${i}.AAAA.AAAA`),
    ];
    const both = inCookies({ cache: "jwe", secret: ["another", SECRET] });
    const count = async (token: string) =>
      await countDecryptions(async () => {
        await readCookies(both, { [NAME]: token, [DATA]: data.toReversed() });
      });
    assert.deepEqual(await count(await signed("one", "other")), {
      decrypt: 0,
      deriveBits: 0,
      sign: 0,
    });
    assert.equal((await count(await signed("one"))).decrypt, 0);
  });
});

describe("a cache of better-auth as `jwt`", () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const make = (claims: object, alg = "HS256", more = {}) =>
    new SignJWT({ ...THEIRS, exp: seconds() + 1000, ...claims })
      .setProtectedHeader({ alg, ...more })
      .sign(new TextEncoder().encode(SECRET));
  const open = async (text: string, secret: string = SECRET) =>
    await readCookies(inCookies({ cache: "jwt", secret }), {
      [NAME]: await signed("one", secret),
      [DATA]: text,
    });

  it("is read with these claims alone", async () => {
    assert.equal((await open(await make({})))?.user, "ada");
    for (
      const claims of [
        { exp: seconds() - 1 },
        { exp: "soon" },
        { nbf: seconds() + 1000 },
        { iat: "now" },
        { version: "2" },
        { session: { ...THEIRS.session, token: "two" } },
        { session: { ...THEIRS.session, expiresAt: "2001-01-01" } },
        { session: "one" },
      ]
    ) assert.equal(await open(await make(claims as object)), undefined);
  });

  it("is refused if its header asks for anything else", async () => {
    const one = await make({});
    const rest = one.slice(one.indexOf("."));
    for (const alg of ["none", "hs256", "HS384", "RS256", ["HS256"], null]) {
      const head = btoa(JSON.stringify({ alg })).replaceAll("=", "");
      assert.equal(await open(head + rest), undefined);
      const text = `${head}${rest.slice(0, rest.lastIndexOf("."))}`;
      const mac = (await hmac(text)).replace("=", "").replaceAll("+", "-")
        .replaceAll("/", "_");
      assert.equal(await open(`${text}.${mac}`), undefined, `${alg}`);
      assert.equal(await open(`${text}.`), undefined);
    }
    const [head = ""] = one.split(".");
    const asking = JSON.stringify({ ...JSON.parse(atob(head)), crit: ["x"] });
    const text = `${btoa(asking).replaceAll("=", "")}.${one.split(".")[1]}`;
    const mac = (await hmac(text)).replace("=", "").replaceAll("+", "-")
      .replaceAll("/", "_");
    assert.equal(await open(`${text}.${mac}`), undefined);
    const secret = SECRET.padEnd(64, "!");
    const wide = await new SignJWT({ ...THEIRS }).setProtectedHeader({
      alg: "HS512",
    }).sign(new TextEncoder().encode(secret));
    assert.equal(await open(wide, secret), undefined);
  });

  it("is refused with each character changed, cut or of another", async () => {
    const [one, two] = [await make({}), await make({ n: 2 })];
    for (let i = 0; i < one.length; i++) {
      const char = one[i] === "A" ? "B" : "A";
      for (
        const forged of [
          one.slice(0, i) + char + one.slice(i + 1),
          one.slice(0, i),
          one.slice(i + 1),
          one.slice(0, i) + two.slice(i),
        ]
      ) {
        if ([one, two].includes(forged)) continue;
        assert.equal(await open(forged), undefined, `${i}`);
      }
    }
  });
});

describe("a compact cache of better-auth", () => {
  const make = async (more: object = {}, session: object = THEIRS) => {
    const expiresAt = Date.now() + 1000;
    const signature = (await hmac(JSON.stringify({ ...session, expiresAt })))
      .replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
    const text = JSON.stringify({ session, expiresAt, signature, ...more });
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_")
      .replaceAll("=", "");
  };
  const open = async (text: string) =>
    await readCookies(inCookies({ cache: "compact" }), {
      [NAME]: await signed("one"),
      [DATA]: text,
    });

  it("is read as it was signed, and not otherwise", async () => {
    assert.equal((await open(await make()))?.user, "ada");
    for (
      const more of [
        { signature: undefined },
        { signature: "" },
        { signature: ["a"] },
        { expiresAt: Date.now() + 2000 },
        { expiresAt: `${Date.now() + 1000}` },
        { expiresAt: null },
        { session: { ...THEIRS, user: { ...THEIRS.user, id: "eve" } } },
        { session: { ...THEIRS, version: "2" } },
        { session: [THEIRS] },
        { session: "text" },
      ]
    ) {
      assert.equal(
        await open(await make(more)),
        undefined,
        JSON.stringify(more),
      );
    }
    for (const text of HOSTILE) assert.equal(await open(text), undefined);
  });

  it("is none of another version, or without a session", async () => {
    for (
      const session of [
        { ...THEIRS, version: "2" },
        { ...THEIRS, version: 1 },
        { ...THEIRS, session: null },
        { user: THEIRS.user },
        [],
      ]
    ) assert.equal(await open(await make({}, session)), undefined);
    assert.ok(await open(await make({}, { ...THEIRS, version: "1" })));
  });
});

describe("options of betterAuth()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    secret: [undefined, null, "", [], [""], ["a", 5], {}, 5],
    find: [undefined, null, "sessions", {}],
    end: [null, "sessions", {}],
    cache: ["compact", "jwt", "jws", true, null],
    version: [1, null, {}],
    map: [undefined, null, "user"],
    until: [undefined, "soon"],
    cookie: [null, "sid", { name: "" }],
    storage: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuse a bad ${name}, and name it`, () => {
      for (const value of values) {
        assert.throws(
          () => reader({ [name]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option better-auth.${name}`) &&
            !error.message.includes(SECRET),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }

  it("refuse a name by which the cookie beside it is not known", () => {
    const cookie = { name: "my-token" };
    assert.throws(
      () => inCookies({ cache: "jwe", cookie }),
      /^TypeError: Option better-auth\.cookie\.name must end with/,
    );
    reader({ cookie });
  });
});
