import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  cookieSession,
  type CookieSessionOptions,
} from "../../readers/cookie-session.ts";
import {
  koaSession,
  type KoaSessionOptions,
  type KoaSessionStore,
} from "../../readers/koa-session.ts";
import type { SessionReader } from "../../mod.ts";
import { moved } from "../readers/_moved.ts";
import { FORGERIES } from "../shared/forgeries.ts";
import { closeServers } from "./_express.ts";
import {
  type Cookies,
  type Keep,
  Keygrip,
  KEYS,
  PACKAGES,
} from "./_keygrip.ts";

type Theirs = { user?: string; cart?: unknown[] };
type More = Partial<CookieSessionOptions<Theirs>>;

const THEIRS = { user: "ada", cart: [1, { n: 2 }, "ü € 😀"] };
const ADA = { user: "ada", data: { cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const DAY = 86_400_000;

after(closeServers);

const READERS: Readonly<Record<string, (more?: More) => SessionReader>> = {
  "cookie-session": (more) => cookieSession<Theirs>({ ...options(), ...more }),
  "koa-session": (more) => koaSession<Theirs>({ ...options(), ...more }),
};

function options() {
  return {
    keys: KEYS,
    until: "2100-01-01",
    map: ({ user, ...data }: Theirs) => ({ user, data }),
  };
}

function keep(name: string): Keep {
  const found = PACKAGES[name];
  assert.ok(found);
  return found;
}

/** What a reader makes of cookies, by itself. */
async function read(
  reader: SessionReader,
  cookies: Readonly<Record<string, string | readonly string[]>>,
  now: number = Date.now(),
) {
  return await reader.read({
    names: Object.keys(cookies),
    valuesOf: (name) => [cookies[name] ?? []].flat(),
    now,
  });
}

for (const version of Object.keys(PACKAGES)) {
  const [library = ""] = version.split(" ");
  const make = READERS[library];
  assert.ok(make);
  const usual = library === "koa-session" ? "koa.sess" : "session";
  const named = (name: string) =>
    library === "koa-session" ? { key: name } : { name };

  describe(`a session of ${version}`, () => {
    it("goes on, and both of its cookies are removed", async () => {
      const cookies = await keep(version)(THEIRS);
      assert.deepEqual(Object.keys(cookies), [usual, `${usual}.sig`]);
      const { lines, ...seen } = await moved(make())(cookies);
      assert.deepEqual(seen, ADA);
      assert.match(lines[0] ?? "", /^__Host-sid=/);
      assert.deepEqual(
        lines.slice(1),
        ["", ".sig"].map((end) =>
          `${usual}${end}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`
        ),
      );
    });

    it("goes on by each of its keys, and by no other", async () => {
      const older = await keep(version)(THEIRS, {}, [KEYS[1] ?? ""]);
      for (
        const [keys, user] of [
          [KEYS, "ada"],
          [KEYS[1], "ada"],
          [["another", KEYS[1]], "ada"],
          [[KEYS[0]], null],
          ["an older ke", null],
        ] as const
      ) {
        const { user: seen } = await moved(make({ keys: keys as string }))(
          older,
        );
        assert.equal(seen, user);
      }
    });

    it("goes on by a Keygrip with another hash, and by that alone", async () => {
      for (const algorithm of ["sha256", "sha384", "sha512"] as const) {
        const keygrip = new Keygrip(KEYS, algorithm);
        const cookies = await keep(version)(THEIRS, {}, keygrip);
        const { user } = await moved(make({ algorithm }))(cookies);
        assert.equal(user, "ada");
        assert.deepEqual(await moved(make())(cookies), NOBODY);
        const usualOne = await keep(version)(THEIRS);
        assert.deepEqual(await moved(make({ algorithm }))(usualOne), NOBODY);
      }
    });

    it("goes on by another name, and not under that alone", async () => {
      const cookies = await keep(version)(THEIRS, named("old"));
      const cookie = { name: "old" };
      assert.equal((await moved(make({ cookie }))(cookies)).user, "ada");
      assert.deepEqual(await moved(make())(cookies), NOBODY);
      const { old = "", "old.sig": sig = "" } = cookies;
      const renamed = { [usual]: old, [`${usual}.sig`]: sig };
      assert.deepEqual(await moved(make())(renamed), NOBODY);
    });

    it("is none without a signature, or with that of another", async () => {
      const unsigned = await keep(version)(THEIRS, { signed: false });
      assert.deepEqual(Object.keys(unsigned), [usual]);
      assert.deepEqual(await moved(make())(unsigned), NOBODY);
      const one = await keep(version)(THEIRS);
      const other = await keep(version)({ user: "bob" });
      const [value = "", sig = ""] = Object.values(one);
      const [othersValue = "", othersSig = ""] = Object.values(other);
      for (
        const [value_, sig_] of [
          [value, othersSig],
          [othersValue, sig],
          [value, ""],
          [value, `${sig}=`],
          [value, `"${sig}"`],
          [`"${value}"`, sig],
          [sig, value],
          ["", sig],
        ] as const
      ) {
        const mixed = { [usual]: value_, [`${usual}.sig`]: sig_ };
        assert.equal(await read(make(), mixed), undefined);
      }
    });

    it("is refused with each character changed, cut or put in", async () => {
      const cookies = await keep(version)({ user: "ada" });
      for (const [name, text] of Object.entries(cookies)) {
        const reader = make();
        const forged: string[] = [];
        for (let i = 0; i <= text.length; i++) {
          for (const char of ["A", "0", "-", "+", "=", "\u212a", "\0", " "]) {
            if (text[i] !== char) {
              forged.push(text.slice(0, i) + char + text.slice(i + 1));
            }
            forged.push(text.slice(0, i) + char + text.slice(i));
          }
          if (i < text.length) forged.push(text.slice(0, i));
          if (i > 0) forged.push(text.slice(i));
          forged.push(text.slice(0, i) + text.slice(i + 1));
        }
        for (const value of forged) {
          if (value === text) continue;
          const seen = await read(reader, { ...cookies, [name]: value });
          assert.equal(seen, undefined, JSON.stringify(value));
        }
      }
    });

    it("beside others of the name is found, among the first four", async () => {
      const [value = "", sig = ""] = Object.values(await keep(version)(THEIRS));
      const pair = (values: string[], signatures: string[]) =>
        read(make(), { [usual]: values, [`${usual}.sig`]: signatures });
      assert.ok(await pair(["x", value], ["A".repeat(27), sig]));
      assert.ok(await pair(["x", "y", "z", value], [sig]));
      assert.equal(await pair(["x", "y", "z", "a", value], [sig]), undefined);
    });
  });
}

for (const [library, make] of Object.entries(READERS)) {
  const usual = library === "koa-session" ? "koa.sess" : "session";
  const keygrip = new Keygrip(KEYS);
  const signed = (value: string, name = usual): Cookies => ({
    [name]: value,
    [`${name}.sig`]: keygrip.sign(`${name}=${value}`),
  });
  const base64 = (value: unknown) =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value))
      .toString("base64");

  describe(`a cookie of ${library}`, () => {
    it("that is signed, and no session, is none", async () => {
      for (
        const value of [
          base64([1]),
          base64("null"),
          base64("5"),
          base64('"text"'),
          base64("{"),
          base64(""),
          "%7B%7D",
          Buffer.from([0x22, 0xff, 0x22]).toString("base64"),
          "x",
        ]
      ) assert.equal(await read(make(), signed(value)), undefined, value);
      assert.ok(await read(make(), signed(base64({}))));
    });

    it("brings nothing that every object has", async () => {
      const json = '{"__proto__":{"user":"eve"},"constructor":1,"user":"ada"}';
      const found = await read(make(), signed(base64(json)));
      assert.deepEqual(found?.data, {});
      assert.equal(found?.user, "ada");
    });

    for (const [how, forge] of Object.entries(FORGERIES)) {
      it(`is refused if of its signature ${how}`, async () => {
        const reader = make();
        const [one, other] = [{ user: "ada" }, { user: "bob" }]
          .map((data) => signed(base64(data)));
        const [value = "", sig = ""] = Object.values(one ?? {});
        const [, twin = ""] = Object.values(other ?? {});
        // As long as what the forgeries of tokens want, and cut again.
        let count = 0;
        for (const long of forge(sig.padEnd(91, "A"), twin.padEnd(91, "A"))) {
          if (count++ % 3) continue;
          for (const text of [long, long.slice(0, -64)]) {
            if (text === sig) continue;
            const cookies = { [usual]: value, [`${usual}.sig`]: text };
            assert.equal(await read(reader, cookies), undefined, text);
          }
        }
      });
    }

    it("of hostile text is refused at once, and fails no request", async () => {
      const texts = [
        "A".repeat(100_000),
        "=".repeat(100_000),
        "\0".repeat(1000),
        "%ff%",
        "\ud800",
        '"',
        "",
        " ",
        "=",
      ];
      const visit = moved(make());
      for (const text of texts) {
        for (const sig of [text, "A".repeat(27), keygrip.sign("a")]) {
          const cookie = `${usual}=${text}; ${usual}.sig=${sig}`;
          assert.deepEqual(await visit(cookie), NOBODY);
        }
      }
      // Signed, and longer than a browser keeps.
      const long = signed(base64({ user: "x".repeat(4000) }));
      assert.equal(await read(make(), long), undefined);
    });

    it("costs one signature for each key, value and other cookie", async () => {
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
        const many = Array.from({ length: 60 }, (_, i) => `${i}`);
        const sigs = many.map((text) => keygrip.sign(text));
        assert.equal(
          await read(make(), { [usual]: "x", [`${usual}.sig`]: sigs[0] ?? "" }),
          undefined,
        );
        assert.equal(count, KEYS.length);
        count = 0;
        const forged = { [usual]: many, [`${usual}.sig`]: sigs };
        assert.equal(await read(make(), forged), undefined);
        assert.equal(count, KEYS.length * 16);
      } finally {
        delete (subtle as { verify?: unknown }).verify;
      }
    });
  });

  describe(`options of the reader of ${library}`, () => {
    const BAD: Readonly<Record<string, readonly unknown[]>> = {
      keys: [undefined, null, "", [], [""], ["a", 5], {}, 5],
      algorithm: [null, "md5", "SHA-1", 5],
      until: [undefined, "soon"],
      cookie: [null, "session"],
      secret: ["of another reader"],
    };
    for (const [name, values] of Object.entries(BAD)) {
      it(`refuse a bad ${name}, and name it`, () => {
        for (const value of values) {
          assert.throws(
            () => make({ [name]: value }),
            (error: Error) =>
              error.message.startsWith(`Option ${library}.${name}`) &&
              !error.message.includes(KEYS[0] ?? ""),
            JSON.stringify(value),
          );
        }
      });
    }

    it("have to be an object", () => {
      const open = library === "koa-session" ? koaSession : cookieSession;
      for (const value of [undefined, null, 5]) {
        assert.throws(() => open(value as never), TypeError);
      }
    });
  });
}

for (const version of ["koa-session 7", "koa-session 6"]) {
  describe(`the end of a session of ${version}`, () => {
    const reader = koaSession<Theirs>(options());

    it("is what it says itself", async () => {
      const maxAge = 3_600_000;
      const cookies = await keep(version)(THEIRS, { maxAge });
      const { _expire: end, _maxAge } = JSON.parse(
        Buffer.from(cookies["koa.sess"] ?? "", "base64").toString(),
      );
      assert.equal(_maxAge, maxAge);
      assert.ok(await read(reader, cookies, end));
      assert.equal(await read(reader, cookies, end + 1), undefined);
    });

    it("is a day later without maxAge, and never with 'session'", async () => {
      const cookies = await keep(version)(THEIRS);
      assert.equal(
        await read(reader, cookies, Date.now() + DAY + 1),
        undefined,
      );
      const lasting = await keep(version)(THEIRS, { maxAge: "session" });
      const found = await read(reader, lasting, Date.now() + 9000 * DAY);
      assert.deepEqual(found?.data, { cart: THEIRS.cart });
    });
  });

  describe(`a session of ${version} in a store`, () => {
    /** A store as its documentation has it. */
    class MapStore implements KoaSessionStore {
      readonly all: Map<string, unknown> = new Map();
      readonly asked: string[] = [];
      get(key: string): Promise<unknown> {
        this.asked.push(key);
        return Promise.resolve(this.all.get(key));
      }
      set(key: string, value: unknown): Promise<void> {
        this.all.set(key, value);
        return Promise.resolve();
      }
      destroy(key: string): Promise<void> {
        this.all.delete(key);
        return Promise.resolve();
      }
    }
    const make = (store: KoaSessionStore, more: More = {}) =>
      koaSession<Theirs>({ ...options(), store, ...more });

    it("goes on, and ends there on demand", async () => {
      const store = new MapStore();
      const cookies = await keep(version)(THEIRS, { store });
      assert.equal(store.all.size, 1);
      const key = cookies["koa.sess"];
      const found = await read(make(store), cookies);
      assert.ok(found?.key?.includes(`${key}`));
      assert.ok(found?.id?.includes(`${key}`));
      const { lines, ...seen } = await moved(make(store))(cookies);
      assert.deepEqual(seen, ADA);
      assert.equal(lines.length, 3);
      await found?.end?.();
      assert.equal(store.all.size, 0);
      assert.equal(await read(make(store), cookies), undefined);
    });

    it("is over when it says so, whatever the store has", async () => {
      const store = new MapStore();
      const cookies = await keep(version)(THEIRS, { store, maxAge: 1000 });
      const now = Date.now();
      assert.ok(await read(make(store), cookies, now));
      assert.equal(await read(make(store), cookies, now + 2000), undefined);
    });

    it("is not asked for by a cookie that is not signed, or forged", async () => {
      const store = new MapStore();
      const prefix = "shop:";
      const cookies = await keep(version)(THEIRS, { store, prefix });
      const { "koa.sess": key = "", "koa.sess.sig": sig = "" } = cookies;
      assert.ok(key.startsWith(prefix));
      store.asked.length = 0;
      for (
        const forged of [
          { "koa.sess": key },
          { "koa.sess": `${key} `, "koa.sess.sig": sig },
          { "koa.sess": key.slice(1), "koa.sess.sig": sig },
          { "koa.sess": key, "koa.sess.sig": sig.toLowerCase() },
          { "koa.sess": "", "koa.sess.sig": sig },
        ]
      ) assert.equal(await read(make(store), forged), undefined);
      assert.deepEqual(store.asked, []);
    });

    it("that has none, or no object, is none; one that fails rejects", async () => {
      const cookies = await keep(version)(THEIRS, { store: new MapStore() });
      for (const none of [undefined, null, false, "", "text", 5, [1]]) {
        assert.equal(await read(make({ get: () => none }), cookies), undefined);
      }
      const down = new Error("down");
      for (
        const get of [
          () => Promise.reject(down),
          () => {
            throw down;
          },
        ]
      ) await assert.rejects(read(make({ get }), cookies), down);
      const found = await read(make({ get: () => THEIRS }), cookies);
      assert.equal(await found?.end?.(), undefined);
    });

    it("has to have get", () => {
      for (const store of [null, {}, "redis", { get: 5 }]) {
        const bad = { store } as Partial<KoaSessionOptions>;
        assert.throws(
          () => koaSession({ keys: KEYS, until: "2100-01-01", ...bad }),
          { message: /^Option koa-session\.store must have get/ },
        );
      }
    });
  });
}
