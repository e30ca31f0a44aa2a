import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { h3Session, type H3SessionOptions } from "../../readers/h3.ts";
import { cookiesOf, PASSWORD, sealOf, VERSIONS } from "./_h3_sessions.ts";
import { HOSTILE_SEALS, refuseForgedSeals, sealAny } from "./_iron_seals.ts";
import { readCookies } from "./_jwe.ts";
import { countDerivations, moved } from "./_moved.ts";

type Theirs = { user?: string; cart?: unknown[] };

const THEIRS = { user: "ada", cart: [1, { n: 2 }, "ü"] };
const ADA = { user: "ada", data: { cart: THEIRS.cart } };
const NOBODY = { user: null, data: {}, lines: [] };
const DAY = 86_400_000;

function reader(more: Partial<H3SessionOptions<Theirs>> = {}) {
  return h3Session<Theirs>({
    password: PASSWORD,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

const read = async (
  cookies: Record<string, string>,
  more?: Partial<H3SessionOptions<Theirs>>,
  now?: number,
) => (await readCookies(reader(more), cookies, now))?.user;

for (const version of VERSIONS) {
  const iterations = version === "h3 2" ? 8192 : 1;
  const one = (data: object = THEIRS, config?: Parameters<typeof sealOf>[2]) =>
    sealOf(version, data, config);

  describe(`a session of ${version}`, () => {
    it("goes on, and its cookie is removed", async () => {
      const cookies = await cookiesOf(version, THEIRS);
      assert.deepEqual(Object.keys(cookies), ["h3"]);
      const { lines, ...seen } = await moved(reader())(cookies);
      assert.deepEqual(seen, ADA);
      assert.match(lines[0] ?? "", /^__Host-sid=/);
      assert.deepEqual(lines.slice(1), [
        "h3=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
      ]);
    });

    it("goes on whole without a map, and nobody is logged in", async () => {
      const plain = h3Session({ password: PASSWORD, until: "2100-01-01" });
      const cookies = await cookiesOf(version, THEIRS);
      const { lines: _lines, ...seen } = await moved(plain)(cookies);
      assert.deepEqual(seen, { user: null, data: THEIRS });
    });

    it("is read as often hashed as it was, and by default", async () => {
      const h3 = await one();
      assert.equal(await read({ h3 }), "ada");
      assert.equal(await read({ h3 }, { iterations }), "ada");
      const other = 8193 - iterations;
      assert.equal(await read({ h3 }, { iterations: other }), undefined);
    });

    it("is opened by the password that it names", async () => {
      const secret = PASSWORD.toUpperCase();
      const passwords = { 1: PASSWORD, 2: secret };
      const password = { id: "2", secret, 2: secret };
      const h3 = await one(THEIRS, { password });
      assert.match(h3, /^Fe26\.2\*2\*/);
      assert.equal(await read({ h3 }, { password: passwords }), "ada");
      assert.equal(await read({ h3 }, { password: secret }), "ada");
      assert.equal(await read({ h3 }, { password: { 2: secret } }), "ada");
      for (const bad of [{ 1: secret }, { 2: PASSWORD }, PASSWORD]) {
        assert.equal(await read({ h3 }, { password: bad }), undefined);
      }
      const plain = { h3: await one() };
      assert.equal(
        await read(plain, { password: { default: PASSWORD } }),
        "ada",
      );
      assert.equal(await read(plain, { password: { 1: PASSWORD } }), undefined);
    });

    it("is none by another password, or under another name", async () => {
      const h3 = await one();
      const password = PASSWORD.replace("before", "beyond");
      assert.equal(await read({ h3 }, { password }), undefined);
      const cookie = { name: "start" };
      assert.equal(await read({ h3 }, { cookie }), undefined);
      const start = await cookiesOf(version, THEIRS, { name: "start" });
      assert.equal(await read(start, { cookie }), "ada");
      assert.equal(await read(start), undefined);
    });

    it("is over 60 seconds after the end that its seal has", async () => {
      const h3 = await one(THEIRS, { maxAge: 3600 });
      const end = Number(h3.split("*")[5]);
      assert.equal(await read({ h3 }, {}, end + 59_999), "ada");
      assert.equal(await read({ h3 }, {}, end + 60_000), undefined);
    });

    it("is over maxAge after it has begun", async () => {
      // As if it had been sealed anew in between: that end is of the last seal.
      const began = Date.now();
      const h3 = await one();
      const maxAge = 3600;
      assert.equal(await read({ h3 }, { maxAge }, began + 3_600_000), "ada");
      const late = Date.now() + 3_600_001;
      assert.equal(await read({ h3 }, { maxAge }, late), undefined);
      const idleTimeout = maxAge;
      assert.equal(await read({ h3 }, { idleTimeout }, late), undefined);
      assert.equal(await read({ h3 }, { idleTimeout }, began + 1000), "ada");
    });

    it("never ends by itself without maxAge, but at the reader's date", async () => {
      const cookies = await cookiesOf(version, THEIRS);
      const later = Date.now() + 9000 * DAY;
      assert.equal((await moved(reader(), later)(cookies)).user, "ada");
      const seen = await moved(reader({ until: "2027-01-01" }), later)(cookies);
      assert.deepEqual(seen, NOBODY);
    });

    it("stays the same one when it is sealed anew, until somebody signs in", async () => {
      const guest = await cookiesOf(version, { cart: [1] });
      const ada = await cookiesOf(version, THEIRS, {}, guest);
      const still = await cookiesOf(version, { cart: [] }, {}, ada);
      const [a, b, c] = await Promise.all(
        [guest, ada, still].map((cookies) =>
          reader().read({
            names: ["h3"],
            valuesOf: (name) => [cookies[name] ?? ""],
            now: Date.now(),
          })
        ),
      );
      assert.ok(a && b && c);
      assert.notEqual(a.key, b.key);
      assert.notEqual(a.id, b.id);
      assert.equal(b.key, c.key);
      assert.equal(b.id, c.id);
    });
  });

  describe(`a seal of ${version}`, () => {
    const patient = reader();
    let waited = 0;
    refuseForgedSeals({
      make: () => one(),
      // So that there is always work left for a bad one.
      open: (h3) => readCookies(patient, { h3 }, Date.now() + (waited += 1000)),
    });
  });
}

for (const version of VERSIONS.filter((each) => each !== "h3 1")) {
  describe(`a session of ${version} in parts`, () => {
    const cart = Array.from({ length: 7 }, () => "x".repeat(1000));
    const parts = () => cookiesOf(version, { ...THEIRS, cart });

    it("is read from all of them, which are all removed", async () => {
      const cookies = await parts();
      const names = ["h3", "h3.1", "h3.2", "h3.3"];
      assert.deepEqual(Object.keys(cookies), names);
      assert.equal(cookies["h3"], "__chunked__3");
      assert.equal(await read(cookies), "ada");
      const lines = reader().clear({
        names: [...names, "h3.0", "h3.4", "h3.10", "h33"],
        valuesOf: (name) => [cookies[name] ?? []].flat(),
        now: 0,
      });
      assert.deepEqual(lines.map((line) => line.split("=")[0]), names);
      const many = reader().clear({
        names,
        valuesOf: () => ["__chunked__101"],
        now: 0,
      });
      assert.equal(many.length, 1);
    });

    it("is none if one is missing, cut, doubled, swapped or of another", async () => {
      const cookies = await parts();
      const other = await parts();
      const all = Object.entries(cookies);
      for (const [name, value] of all) {
        const { [name]: _gone, ...rest } = cookies;
        const cut = { ...rest, [name]: value.slice(0, -1) };
        for (const forged of [rest, cut, { ...rest, [name]: "" }]) {
          assert.equal(await read(forged), undefined, name);
        }
        if (name === "h3") continue;
        for (const [second, text] of all) {
          if (second === name) continue;
          const doubled = { ...rest, [name]: text };
          assert.equal(await read(doubled), undefined, name);
          const swapped = { ...doubled, [second]: value };
          assert.equal(await read(swapped), undefined, name);
        }
        const mixed = { ...rest, [name]: other[name] ?? "" };
        assert.equal(await read(mixed), undefined, name);
      }
    });

    it("is none under a number that h3 would not take", async () => {
      const cookies = await parts();
      const [, first, second, third] = Object.values(cookies);
      for (const count of ["0", "2", "4", "-3", "101", "1e9", "3.", ""]) {
        const h3 = `__chunked__${count}`;
        assert.equal(await read({ ...cookies, h3 }), undefined, count);
      }
      const whole = `${first}${second}${third}`;
      assert.equal(await read({ h3: whole }), "ada");
    });
  });
}

describe("hostile cookies in place of one of h3", () => {
  it("are refused at once", async () => {
    const began = performance.now();
    const derivations = await countDerivations(async () => {
      for (const h3 of HOSTILE_SEALS) {
        assert.equal(await read({ h3 }), undefined);
        const cookies = { h3: "__chunked__2", "h3.1": h3, "h3.2": h3 };
        assert.equal(await read(cookies), undefined);
      }
    });
    assert.equal(derivations, 0);
    assert.ok(performance.now() - began < 500);
  });

  it("fail no request, and stay", async () => {
    const visit = moved(reader());
    for (const text of HOSTILE_SEALS) {
      for (
        const cookie of [`h3=${text}`, text, `h3=__chunked__1; h3.1=${text}`]
      ) {
        assert.deepEqual(await visit(cookie), NOBODY);
      }
    }
  });

  it("in a hundred parts are not put together", async () => {
    const parts = Array.from(
      { length: 100 },
      (_, i) => [`h3.${i + 1}`, "Fe26.2*".repeat(500)],
    );
    const cookies = { h3: "__chunked__100", ...Object.fromEntries(parts) };
    assert.equal(await read(cookies), undefined);
  });

  it("do not hide a good one of the name", async () => {
    for (const version of VERSIONS) {
      const seal = await sealOf(version, THEIRS);
      const { lines: _lines, ...seen } = await moved(reader())(
        `h3=forged; h3=${seal.replace("Fe26.2*", "Fe26.2*0")}; h3=${seal}`,
      );
      assert.deepEqual(seen, ADA);
    }
  });
});

describe("an authentic seal of h3", () => {
  const good = { id: "1", data: THEIRS };
  const open = async (value: unknown, more?: Parameters<typeof reader>[0]) =>
    await readCookies(reader(more), { h3: await sealAny(value, PASSWORD) });

  it("is no session without an id and data", async () => {
    assert.ok(await open(good));
    for (
      const bad of [{ id: "" }, { id: 5 }, { data: [] }, { data: "text" }]
    ) assert.equal(await open({ ...good, ...bad }), undefined);
    for (const value of ["text", 5, null, true]) {
      assert.equal(await open(value), undefined);
    }
  });

  it("is over idleTimeout after it was last seen", async () => {
    const createdAt = Date.now() - DAY;
    const seen = { ...good, createdAt, lastSeenAt: Date.now() };
    assert.ok(await open(seen, { idleTimeout: 3600 }));
    assert.equal(await open(seen, { idleTimeout: 3600, maxAge: 1 }), undefined);
    const idle = { ...seen, lastSeenAt: createdAt };
    assert.equal(await open(idle, { idleTimeout: 3600 }), undefined);
    assert.ok(await open(idle));
  });

  it("is none if it is longer than all that a browser keeps of it", async () => {
    for (const [length, isRead] of [[14_000, true], [16_000, false]] as const) {
      const data = { text: "x".repeat(length) };
      const seal = await sealAny({ id: "1", data }, PASSWORD);
      const parts = seal.match(/.{1,4000}/g) ?? [];
      const cookies = {
        h3: `__chunked__${parts.length}`,
        ...Object.fromEntries(parts.map((part, i) => [`h3.${i + 1}`, part])),
      };
      for (const each of [cookies, { h3: seal }]) {
        assert.equal(!!await readCookies(reader(), each), isRead, `${length}`);
      }
    }
  });

  it("of an id does not hide one of another", async () => {
    const passwords = { 1: PASSWORD, 2: PASSWORD.toUpperCase() };
    const seal = await sealOf("h3 2", THEIRS, {
      password: { id: "1", secret: PASSWORD } as never,
    });
    const both = reader({ password: passwords });
    const forged = seal.replace("*1*", "*2*");
    assert.equal(await readCookies(both, { h3: forged }), undefined);
    assert.ok(await readCookies(both, { h3: seal }));
  });
});

describe("options of h3Session()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    password: [undefined, null, "", "short", 5, {}, { 1: "short" }, []],
    maxAge: [null, 0, -1, NaN, "1h"],
    idleTimeout: [null, 0, -1, NaN, "1h"],
    iterations: [null, 0, -1, 1.5, NaN, "1", 100_001],
    until: [undefined, null, "", "soon", NaN],
    cookie: [null, "h3", { name: "" }],
    map: [null, "user", {}],
    keep: [null, "yes", 1],
    secret: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuses a bad ${name}, and names it`, () => {
      for (const value of values) {
        assert.throws(
          () => reader({ [name]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option h3.${name}`) &&
            !error.message.includes(PASSWORD),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }
  it("refuses what is no options", () => {
    for (const bad of [undefined, null, "password"]) {
      assert.throws(() => h3Session(bad as never), TypeError);
    }
  });
});
