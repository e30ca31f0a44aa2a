import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  lucia,
  type LuciaOptions,
  type LuciaSession,
  type LuciaToken,
} from "../../readers/lucia.ts";
import { HOSTILE, readCookies } from "./_jwe.ts";
import {
  Database,
  type Row,
  signIn,
  signInHashed,
  signInSecretly,
  startLucia,
} from "./_lucia_sessions.ts";
import { moved } from "./_moved.ts";

type Theirs = LuciaSession & { user: { name?: string } | undefined };

const NOBODY = { user: null, data: {}, lines: [] };
const NAMES = {
  id: "auth_session",
  hash: "session",
  "id.secret": "session_token",
} as const;

function reader(more: Partial<LuciaOptions<Theirs>>) {
  return lucia<Theirs>({
    find: () => undefined,
    until: "2100-01-01",
    map: ({ session, user }) => ({
      user: session.userId,
      data: { name: user?.name },
    }),
    ...more,
  });
}

describe("a session of Lucia 3", () => {
  it("goes on, and its cookie is removed", async () => {
    const auth = startLucia(new Database());
    const find = (id: string) => auth.validateSession(id);
    const id = await signIn(auth, "ada");
    const { lines, ...seen } = await moved(reader({ find }))({
      auth_session: id,
    });
    assert.deepEqual(seen, { user: "ada", data: { name: "the ada" } });
    assert.deepEqual(lines.slice(1), [
      "auth_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });

  it("is none once it is over, or has ended there", async () => {
    const database = new Database();
    const auth = startLucia(database);
    const [over, ended] = [
      await signIn(auth, "ada"),
      await signIn(auth, "bob"),
    ];
    Object.assign(database.sessions.get(over) ?? {}, {
      expiresAt: new Date(Date.now() - 1),
    });
    await auth.invalidateSession(ended);
    const find = (id: string) => auth.validateSession(id);
    for (const auth_session of [over, ended]) {
      assert.deepEqual(await moved(reader({ find }))({ auth_session }), NOBODY);
    }
  });

  it("is ended there by what the program gives for it", async () => {
    const auth = startLucia(new Database());
    const auth_session = await signIn(auth, "ada");
    const find = (id: string) => auth.validateSession(id);
    const found = async (more: Partial<LuciaOptions<Theirs>> = {}) =>
      await readCookies(reader({ find, ...more }), { auth_session }) as
        | { end(): Promise<void> }
        | undefined;
    await (await found())?.end();
    assert.ok(await found());
    await (await found({ end: (id) => auth.invalidateSession(id) }))?.end();
    assert.equal(await found(), undefined);
  });

  it("is found by its own text alone", async () => {
    const auth = startLucia(new Database());
    const auth_session = await signIn(auth, "ada");
    // A database that does not tell large letters from small ones.
    const find = (id: string) => auth.validateSession(id.toLowerCase());
    const read = async (auth_session: string) =>
      await readCookies(reader({ find }), { auth_session });
    assert.ok(await read(auth_session));
    assert.equal(await read(auth_session.toUpperCase()), undefined);
  });
});

const PATTERNS = { hash: signInHashed, "id.secret": signInSecretly } as const;

for (const [token, signIn] of Object.entries(PATTERNS)) {
  const name = NAMES[token as LuciaToken];
  describe(`a session with ${token}, as Lucia's author teaches`, () => {
    const setUp = async () => {
      const rows = new Map<string, Row>();
      const value = await signIn(rows, "ada");
      const asked: string[] = [];
      const find = (id: string) => {
        asked.push(id);
        return rows.get(id);
      };
      const all = reader({ find, token: token as LuciaToken });
      const read = (value: string) => readCookies(all, { [name]: value });
      return { rows, value, asked, read, all };
    };

    it("goes on, and its cookie is removed", async () => {
      const { value, all } = await setUp();
      const { user, lines } = await moved(all)({ [name]: value });
      assert.equal(user, "ada");
      assert.match(lines[1] ?? "", new RegExp(`^${name}=; Max-Age=0`));
    });

    it("is none once it is over, or has ended there", async () => {
      const { rows, value, read } = await setUp();
      const [row] = rows.values();
      assert.ok(row && await read(value));
      row.session["expiresAt"] = new Date(Date.now() - 1);
      assert.equal(await read(value), undefined);
      rows.clear();
      assert.equal(await read(value), undefined);
    });

    it("is refused with each character changed or cut", async () => {
      const { value, read } = await setUp();
      for (let i = 0; i < value.length; i++) {
        for (const char of ["a", "2", ".", "Z", "\0"]) {
          if (char === value[i]) continue;
          const forged = value.slice(0, i) + char + value.slice(i + 1);
          assert.equal(await read(forged), undefined, `${i} ${char}`);
        }
        assert.equal(await read(value.slice(0, i)), undefined);
        assert.equal(await read(value.slice(i + 1)), undefined);
      }
      for (
        const more of [`${value}.`, `${value}.a`, `${value}a`, `.${value}`]
      ) {
        assert.equal(await read(more), undefined);
      }
    });

    it("is refused for the id alone, and for the id of another", async () => {
      const { rows, value, read } = await setUp();
      const other = await signIn(rows, "eve");
      for (const id of rows.keys()) {
        assert.equal(await read(id), undefined);
        const secret = other.split(".")[1] ?? "";
        const mixed = `${value.split(".")[0]}.${secret}`;
        assert.equal(await read(mixed), undefined);
      }
    });
  });
}

describe("a secret whose hash is kept", () => {
  it("is refused if what is kept is no hash", async () => {
    const rows = new Map<string, Row>();
    const session_token = await signInSecretly(rows, "ada");
    const [[id, { session }] = ["", { session: {} }]] = rows;
    const read = async (secretHash: unknown) =>
      await readCookies(
        reader({
          token: "id.secret",
          find: () => ({ session: { ...session, id, secretHash } }),
        }),
        { session_token },
      );
    const good = session["secretHash"] as Uint8Array;
    assert.ok(await read(good));
    for (
      const bad of [
        undefined,
        null,
        "",
        [],
        [...good],
        new Uint8Array(),
        new Uint8Array(32),
        good.slice(1),
        new Uint8Array([...good, 0]),
        `${good}`,
      ]
    ) assert.equal(await read(bad), undefined);
  });
});

describe("an id of Lucia that is a number in the database", () => {
  it("has one spelling, or a copy would go on as another session", async () => {
    const session = { userId: "ada", expiresAt: new Date("2100-01-01") };
    for (const id of [7, 7n]) {
      const find = (text: string) => {
        return Number(text) === 7 ? { session: { ...session, id } } : null;
      };
      const all = reader({ find: find as never });
      const seen = async (auth_session: string) =>
        (await readCookies(all, { auth_session }))?.user;
      assert.equal(await seen("7"), "ada");
      for (const other of ["07", "7.0"]) {
        assert.equal(await seen(other), undefined);
      }
    }
  });
});

describe("hostile cookies in place of one of Lucia", () => {
  it("ask for nothing that no id can be, and fail no request", async () => {
    for (const token of ["id", "hash", "id.secret"] as const) {
      const asked: string[] = [];
      const find = (id: string) => {
        asked.push(id);
        return { session: null, user: null };
      };
      const visit = moved(reader({ find, token }));
      for (
        const text of [
          ...HOSTILE,
          "%00",
          "a%00b",
          "a b",
          "%ED%A0%80",
          "\u00fc",
          "a".repeat(256),
          "constructor",
          "__proto__",
        ]
      ) assert.deepEqual(await visit({ [NAMES[token]]: text }), NOBODY);
      for (const id of asked) assert.match(id, /^[!-~]{1,255}$/);
    }
  });

  it("ask four times at most", async () => {
    let asked = 0;
    const find = () => {
      asked++;
      return undefined;
    };
    const auth_session = Array.from({ length: 60 }, (_, i) => `a${i}`);
    const found = await readCookies(reader({ find }), { auth_session });
    assert.equal(found, undefined);
    assert.equal(asked, 4);
  });

  it("are no reason to read on if the database fails", async () => {
    const find = () => Promise.reject(new Error("down"));
    await assert.rejects(
      readCookies(reader({ find }), { auth_session: "a" }),
      /^Error: down$/,
    );
  });
});

describe("options of lucia()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    find: [undefined, null, "sessions", {}],
    map: [undefined, null, "user"],
    end: [null, "sessions", {}],
    token: ["secret", "", true, null],
    until: [undefined, "soon"],
    cookie: [null, "auth_session", { name: "" }],
    secret: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuse a bad ${name}, and name it`, () => {
      for (const value of values) {
        assert.throws(
          () => reader({ [name]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option lucia.${name}`),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }
});
