import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  hapiCookie,
  type HapiCookieOptions,
  yar,
  type YarOptions,
} from "../../readers/hapi.ts";
import {
  HOSTILE_SEALS,
  refuseForgedSeals,
  sealAny,
} from "../readers/_iron_seals.ts";
import { readCookies } from "../readers/_jwe.ts";
import { countDerivations, moved } from "../readers/_moved.ts";
import { PASSWORD, startCookie, startYar, YARS } from "./_hapi.ts";

type Theirs = { user?: string; cart?: unknown[] };

const THEIRS = { user: "ada", cart: [1, { n: 2 }, "ü"] };
const ADA = { user: "ada", data: { cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const DAY = 86_400_000;
const SECOND = PASSWORD.toUpperCase();
/** As hapi takes several: by id, and which of them seals. */
const ROTATED = { id: "2", secret: SECOND, 1: PASSWORD, 2: SECOND };

const both = {
  password: PASSWORD,
  until: "2100-01-01",
  map: ({ user, ...data }: Theirs) => ({ user, data }),
};
const readYar = (more: Partial<YarOptions<Theirs>> = {}) =>
  yar<Theirs>({ ...both, ...more });
const readCookie = (more: Partial<HapiCookieOptions<Theirs>> = {}) =>
  hapiCookie<Theirs>({ ...both, ...more });

for (const version of YARS) {
  for (
    const [library, name, start, reader] of [
      ["@hapi/yar", "session", startYar, readYar],
      ["@hapi/cookie", "sid", startCookie, readCookie],
    ] as const
  ) {
    const make = async (options: object = {}, data: object = THEIRS) => {
      const all = library === "@hapi/yar" && !("name" in options)
        ? { cookieOptions: options }
        : options;
      return await (await start(version, all)).visit("/set", data);
    };

    describe(`a session of ${library} ${version}`, () => {
      it("goes on, and its cookie is removed", async () => {
        const cookies = await make();
        assert.deepEqual(Object.keys(cookies), [name]);
        const { lines, ...seen } = await moved(reader())(cookies);
        assert.deepEqual(seen, ADA);
        assert.match(lines[0] ?? "", /^__Host-sid=/);
        assert.deepEqual(lines.slice(1), [
          `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`,
        ]);
      });

      it("goes on whole without a map, and nobody is logged in", async () => {
        const plain = reader({ map: undefined });
        const { lines: _lines, ...seen } = await moved(plain)(await make());
        assert.deepEqual(seen, { user: null, data: THEIRS });
      });

      it("is none by another password, or under another name", async () => {
        const cookies = await make();
        const password = PASSWORD.replace("hapi", "else");
        const seen = await readCookies(reader({ password }), cookies);
        assert.equal(seen, undefined);
        const other = reader({ cookie: { name: "other" } });
        assert.equal(await readCookies(other, cookies), undefined);
        const named = await make({ name: "other" });
        assert.ok(await readCookies(other, named));
        assert.equal(await readCookies(reader(), named), undefined);
      });

      it("is opened by the password that it names", async () => {
        const cookies = await make({ password: ROTATED });
        assert.match(cookies[name] ?? "", /^Fe26\.2\*2\*/);
        const open = (password: string | Record<string, string>) =>
          readCookies(reader({ password }), cookies);
        assert.ok(await open({ 1: PASSWORD, 2: SECOND }));
        assert.ok(await open({ 2: SECOND }));
        for (const bad of [{ 1: SECOND }, { 2: PASSWORD }, PASSWORD]) {
          assert.equal(await open(bad), undefined);
        }
      });

      it("is over 60 seconds after the end that its seal has", async () => {
        const iron = {
          encryption: {
            saltBits: 256,
            algorithm: "aes-256-cbc",
            iterations: 1,
            minPasswordlength: 32,
          },
          integrity: {
            saltBits: 256,
            algorithm: "sha256",
            iterations: 1,
            minPasswordlength: 32,
          },
          ttl: 3_600_000,
          timestampSkewSec: 60,
          localtimeOffsetMsec: 0,
        };
        const cookies = await make({ iron });
        const end = Number(cookies[name]?.split("*")[5]);
        assert.ok(await readCookies(reader(), cookies, end + 59_999));
        assert.equal(
          await readCookies(reader(), cookies, end + 60_000),
          undefined,
        );
      });

      it("never ends by itself without that, but at the reader's date", async () => {
        const cookies = await make({ ttl: DAY });
        const later = Date.now() + 9000 * DAY;
        assert.equal((await moved(reader(), later)(cookies)).user, "ada");
        const until = "2027-01-01";
        const seen = await moved(reader({ until }), later)(cookies);
        assert.deepEqual(seen, NOBODY);
      });
    });

    describe(`a cookie of ${library} ${version}`, () => {
      const open = reader();
      refuseForgedSeals({
        make: async () => (await make())[name] ?? "",
        open: (seal) => readCookies(open, { [name]: seal }),
      });
    });
  }

  describe(`a session of @hapi/yar ${version}, besides`, () => {
    it("leaves what was for the next page, and what lazy() notes", async () => {
      const { visit } = await startYar(version);
      const first = await visit("/set", THEIRS);
      const cookie = () => `session=${first["session"]}`;
      Object.assign(first, await visit("/flash", { notice: "hi" }, cookie()));
      Object.assign(first, await visit("/lazy", { late: 1 }, cookie()));
      const found = await readCookies(readYar(), first);
      assert.deepEqual(found?.data, { cart: THEIRS.cart, late: 1 });
    });

    it("stays the same one when it is sealed anew", async () => {
      const { visit } = await startYar(version);
      const first = await visit("/set", { user: "ada" });
      const then = await visit("/set", {}, `session=${first["session"]}`);
      const [a, b] = await Promise.all(
        [first, then].map((cookies) =>
          readYar().read({
            names: ["session"],
            valuesOf: () => [cookies["session"] ?? ""],
            now: Date.now(),
          })
        ),
      );
      assert.ok(a && b);
      assert.notEqual(first["session"], then["session"]);
      assert.equal(a.key, b.key);
      assert.equal(a.id, b.id);
    });

    it("is in a cache if it is long, and read and ended there", async () => {
      const { server, visit } = await startYar(version, {
        maxCookieSize: 0,
        cache: { segment: "kept", shared: true, expiresIn: DAY },
      });
      const cache = server.cache({
        segment: "kept",
        shared: true,
        expiresIn: DAY,
      });
      await server.initialize();
      after(() => server.stop());
      const cookies = await visit("/set", THEIRS);
      assert.equal(await readCookies(readYar(), cookies), undefined);
      const reader = readYar({ cache });
      const { lines: _lines, ...seen } = await moved(reader)(cookies);
      assert.deepEqual(seen, ADA);
      const found = await reader.read({
        names: ["session"],
        valuesOf: () => [cookies["session"] ?? ""],
        now: Date.now(),
      });
      await found?.end?.();
      assert.equal(await readCookies(reader, cookies), undefined);
      const get = () => THEIRS;
      const other = await readYar({ cache: { get } }).read({
        names: ["session"],
        valuesOf: () => [cookies["session"] ?? ""],
        now: Date.now(),
      });
      await other?.end?.();
      const down = () => Promise.reject(new Error("down"));
      const fails = moved(readYar({ cache: { get: down } }))(cookies);
      await assert.rejects(fails, { code: "store-failed" });
    });

    it("is not asked for in a cache by a forged cookie", async () => {
      const asked: string[] = [];
      const cache = { get: (id: string) => void asked.push(id) };
      const reader = readYar({ cache });
      const { server, visit } = await startYar(version, { maxCookieSize: 0 });
      await server.initialize();
      after(() => server.stop());
      const { session = "" } = await visit("/set", THEIRS);
      for (const forged of [`${session}A`, session.replace(/.$/, "*")]) {
        assert.equal(
          await readCookies(reader, { session: forged }),
          undefined,
        );
      }
      assert.deepEqual(asked, []);
      assert.equal(await readCookies(reader, { session }), undefined);
      assert.equal(asked.length, 1);
    });
  });
}

describe("an authentic seal that is no session of hapi", () => {
  it("is none", async () => {
    for (const value of ["text", 5, null, true]) {
      const seal = await sealAny(value, PASSWORD);
      const cookies = { session: seal, sid: seal };
      assert.equal(await readCookies(readYar(), cookies), undefined);
      assert.equal(await readCookies(readCookie(), cookies), undefined);
    }
    const asked: unknown[] = [];
    const cache = {
      get(id: unknown): object {
        asked.push(id);
        return THEIRS;
      },
    };
    for (
      const value of [
        {},
        { id: "" },
        { id: 5 },
        { id: 5, _store: {} },
        { id: "", _store: {} },
        { id: "1", _store: [] },
        { id: "1", _store: "text" },
      ]
    ) {
      const session = await sealAny(value, PASSWORD);
      const reader = readYar({ cache });
      assert.equal(await readCookies(reader, { session }), undefined);
    }
    // An empty id is none, and nobody has kept anything under it.
    assert.deepEqual(asked, []);
  });
});

for (
  const [reader, name, make] of [
    ["yar", "session", readYar],
    ["hapi-cookie", "sid", readCookie],
  ] as const
) {
  describe(`hostile cookies for ${reader}`, () => {
    it("are refused at once, fail no request, and stay", async () => {
      const began = performance.now();
      const visit = moved(make());
      const derivations = await countDerivations(async () => {
        for (const text of HOSTILE_SEALS) {
          assert.deepEqual(await visit(`${name}=${text}`), NOBODY);
          assert.deepEqual(await visit(text), NOBODY);
        }
      });
      assert.equal(derivations, 0);
      assert.ok(performance.now() - began < 500);
    });

    it("cost one key for each of the first four, and hide no good one", async () => {
      const good = await sealAny({ id: "1", _store: THEIRS }, PASSWORD);
      const forged = Array.from(
        { length: 60 },
        (_, i) => good.replace(/..(?=.{41}$)/, `${10 + i}`),
      ).filter((each) => each !== good);
      const derivations = await countDerivations(async () => {
        const seen = await readCookies(make(), { [name]: forged });
        assert.equal(seen, undefined);
      });
      assert.equal(derivations, 4);
      assert.ok(await readCookies(make(), { [name]: ["forged", good] }));
    });
  });

  describe(`options of ${reader}`, () => {
    const BAD: Readonly<Record<string, readonly unknown[]>> = {
      password: [undefined, null, "", "short", 5, {}, { 1: "short" }, []],
      cache: [null, {}, "redis", 5],
      until: [undefined, null, "", "soon", NaN],
      cookie: [null, "session", { name: "" }],
      map: [null, "user", {}],
      keep: [null, "yes", 1],
      secret: ["of another reader"],
    };
    for (const [option, values] of Object.entries(BAD)) {
      it(`refuse a bad ${option}, and name it`, () => {
        for (const value of values) {
          assert.throws(
            () => make({ [option]: value }),
            (error: Error) =>
              /^(Type|Range)Error$/.test(error.name) &&
              error.message.startsWith(`Option ${reader}.${option}`) &&
              !error.message.includes(PASSWORD),
            `${option} ${JSON.stringify(value)}`,
          );
        }
      });
    }
  });
}
