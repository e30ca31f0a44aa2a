import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, describe, it } from "node:test";
import {
  expressSession,
  type ExpressSessionOptions,
  type ExpressSessionStore,
} from "../../readers/express-session.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { FORGERIES } from "../shared/forgeries.ts";
import { typesOf } from "../shared/support.ts";
import { closeServers } from "./_express.ts";
import {
  Jar,
  PACKAGES,
  SECRET,
  startNew,
  startOld,
} from "./_express_session.ts";

const ANN = { user: "ann", cart: [1, 2] };
const NOBODY = { user: null, cart: [] };

after(closeServers);

/** What the real package's cookie-signature makes of an id. */
function cookieFor(sid: string, secret = SECRET): string {
  const signature = createHmac("sha256", secret).update(sid).digest("base64");
  return encodeURIComponent(`s:${sid}.${signature.replace(/=+$/, "")}`);
}

function isSame(signature: string, cookie: string): boolean {
  try {
    return decodeURIComponent(`s:a.${signature}`) ===
      decodeURIComponent(cookie);
  } catch {
    return false;
  }
}

for (const name of Object.keys(PACKAGES)) {
  describe(`sessions of ${name} in its MemoryStore`, () => {
    for (
      const [where, options] of [
        ["cookies", () => ({})],
        ["a store", () => ({ store: new MemoryStore() })],
      ] as const
    ) {
      it(`show in ${where} who signs in under the id of before`, async () => {
        const store = new PACKAGES[name].MemoryStore();
        const old = await startOld(name, store);
        const { origin } = await startNew(store, options(), { keep: true });
        const jar = new Jar();
        await jar.get(`${old}/put/cart/1`);
        const guest = { user: null, cart: [1] };
        assert.deepEqual(await jar.get(origin), guest);
        await jar.get(`${old}/put/user/ann`);
        assert.deepEqual(await jar.get(origin), { ...guest, user: "ann" });
        assert.deepEqual(await jar.get(origin), { ...guest, user: "ann" });
      });

      it(`go on in ${where}`, async () => {
        const store = new PACKAGES[name].MemoryStore();
        const old = await startOld(name, store);
        const { origin, events } = await startNew(store, options());
        const jar = new Jar();
        assert.deepEqual(await jar.get(`${old}/login/ann`), ANN);
        assert.deepEqual([...jar.cookies.keys()], ["connect.sid"]);
        assert.deepEqual(await jar.get(origin), ANN);
        assert.deepEqual(typesOf(events).sort(), ["accepted", "created"]);
        assert.equal(jar.cookies.has("connect.sid"), false);
        await jar.get(`${origin}/add/3`);
        assert.deepEqual(await jar.get(origin), { ...ANN, cart: [1, 2, 3] });
      });
    }

    it("are none once they have ended there", async () => {
      const store = new PACKAGES[name].MemoryStore();
      const old = await startOld(name, store);
      const { origin } = await startNew(store);
      const jar = new Jar();
      await jar.get(`${old}/login/ann`);
      const copy = jar.copy();
      await jar.get(`${old}/logout`);
      assert.deepEqual(await copy.get(origin), NOBODY);
    });

    it("are none after their maxAge", async () => {
      const store = new PACKAGES[name].MemoryStore();
      const old = await startOld(name, store, { cookie: { maxAge: 50 } });
      const { origin } = await startNew(store);
      const jar = new Jar();
      await jar.get(`${old}/login/ann`);
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.deepEqual(await jar.get(origin), NOBODY);
    });

    it("go on by each secret of a list, and by no other", async () => {
      const store = new PACKAGES[name].MemoryStore();
      const old = await startOld(name, store, { secret: ["newer", SECRET] });
      for (
        const [secret, shown] of [
          ["newer", ANN],
          [[SECRET, "newer"], ANN],
          [[SECRET], NOBODY],
          ["new", NOBODY],
        ] as const
      ) {
        const { origin } = await startNew(store, {}, { secret });
        const jar = new Jar();
        await jar.get(`${old}/login/ann`);
        assert.deepEqual(await jar.get(origin), shown);
      }
    });

    it("go on by another name of the cookie, and not under that alone", async () => {
      const store = new PACKAGES[name].MemoryStore();
      const old = await startOld(name, store, { name: "old" });
      const cookie = { name: "old" };
      const { origin } = await startNew(store, {}, { cookie });
      const usual = await startNew(store);
      const jar = new Jar();
      await jar.get(`${old}/login/ann`);
      assert.deepEqual(await jar.copy().get(usual.origin), NOBODY);
      assert.deepEqual(await jar.get(origin), ANN);
    });
  });
}

describe("a cookie of express-session", () => {
  const asked: string[] = [];
  const store: ExpressSessionStore = {
    get(sid, callback) {
      asked.push(sid);
      callback(null, { cookie: {}, user: "ann" });
    },
  };
  const options: ExpressSessionOptions = {
    secret: SECRET,
    store,
    until: "2100-01-01",
  };
  const read = async (value: string, more: object = {}) =>
    await expressSession({ ...options, ...more }).read({
      names: ["connect.sid"],
      valuesOf: (name) => name === "connect.sid" ? [value] : [],
      now: 0,
    });

  it("is the same as the real package makes", async () => {
    const real = await startOld(
      "express-session 1.19",
      new PACKAGES["express-session 1.19"].MemoryStore(),
      { genid: () => "id.with~dots+ü" },
    );
    const jar = new Jar();
    await jar.get(`${real}/login/ann`);
    assert.equal(jar.cookies.get("connect.sid"), cookieFor("id.with~dots+ü"));
    const found = await read(cookieFor("id.with~dots+ü"));
    assert.match(`${found?.key}`, /id\.with~dots\+ü/);
    assert.deepEqual(found?.data, { user: "ann" });
  });

  it("is refused if it is forged, and no store is asked", async () => {
    const [one, other] = [cookieFor("a".repeat(32)), cookieFor("b".repeat(32))]
      .map(decodeURIComponent);
    assert.ok(one && other && await read(one));
    asked.length = 0;
    const forged = [
      one.replace("s:", ""),
      one.replace("s:", "S:"),
      one.replace(".", ""),
      one.replace(/\..*/, ""),
      one.replace(/\..*/, "."),
      one.slice(0, 34) + other.slice(34),
      `${one}=`,
      `s:${one}`,
      one.replaceAll("a", "A"),
      cookieFor("a".repeat(32), "another secret"),
      `j:${JSON.stringify({ sid: "a".repeat(32) })}`,
      "%",
      "%ff",
      "s:.",
      "s:",
      "",
      "s:" + ".".repeat(4000),
      `s:${"a".repeat(100_000)}.${"A".repeat(43)}`,
      "*".repeat(100_000),
      "\0".repeat(1000),
      "\ud800",
    ];
    for (let i = 0; i < one.length; i++) {
      for (const char of ["A", "0", ".", "+", "-", "=", "\u212a", "\0"]) {
        if (one[i] !== char) {
          forged.push(one.slice(0, i) + char + one.slice(i + 1));
        }
      }
      forged.push(
        one.slice(0, i),
        one.slice(i + 1),
        one.slice(0, i) + one.slice(i + 1),
      );
    }
    for (const value of forged) {
      assert.equal(await read(value), undefined, JSON.stringify(value));
    }
    assert.deepEqual(asked, []);
  });

  for (const [how, forge] of Object.entries(FORGERIES)) {
    it(`is refused if of its signature ${how}`, async () => {
      const [one = "", other = ""] = ["a", "b"].map((sid) =>
        decodeURIComponent(cookieFor(sid)).slice(4).replaceAll("+", "-")
          .replaceAll("/", "_")
      );
      asked.length = 0;
      // As long as what the forgeries of tokens want, and cut again.
      for (const forged of forge(one.padEnd(91, "A"), other.padEnd(91, "A"))) {
        const text = forged.replaceAll("-", "+").replaceAll("_", "/");
        const cut = text.slice(0, Math.max(0, text.length - 48));
        for (const value of [text, cut]) {
          // A character may be written as its code, as the cookie itself is.
          if (isSame(value, cookieFor("a"))) continue;
          assert.equal(await read(`s:a.${value}`), undefined, value);
        }
      }
      assert.deepEqual(asked, []);
    });
  }

  it("costs one signature for each secret, and four cookies at most", async () => {
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
      const secret = ["one", "two", "three"];
      const reader = expressSession({ ...options, secret });
      const values = Array.from({ length: 100 }, (_, i) => cookieFor(`${i}`));
      const given = { names: [], valuesOf: () => values, now: 0 };
      assert.equal(await reader.read(given), undefined);
    } finally {
      delete (subtle as { verify?: unknown }).verify;
    }
    assert.equal(count, 12);
  });
});

describe("a store of express-session", () => {
  const reads = (get: ExpressSessionStore["get"]) =>
    expressSession({ secret: SECRET, store: { get }, until: "2100-01-01" })
      .read({ names: [], valuesOf: () => [cookieFor("a")], now: 0 });

  it("that has none, or no object, has no session", async () => {
    for (const none of [undefined, null, false, "text", 5]) {
      assert.equal(await reads((_sid, done) => done(null, none)), undefined);
    }
    const missing = Object.assign(new Error("no file"), { code: "ENOENT" });
    assert.equal(await reads((_sid, done) => done(missing)), undefined);
  });

  it("that fails rejects, however it does", async () => {
    const down = new Error("down");
    for (
      const get of [
        (_sid, done) => done(down),
        () => Promise.reject(down),
        () => {
          throw down;
        },
      ] as ExpressSessionStore["get"][]
    ) {
      await assert.rejects(reads(get), /^Error: down$/);
    }
  });

  it("without destroy() is left alone", async () => {
    const found = await reads((_sid, done) => done(null, { cookie: {} }));
    assert.equal(await found?.end?.(), undefined);
  });
});

describe("options of expressSession()", () => {
  const good = {
    secret: SECRET,
    store: { get: () => {} },
    until: "2100-01-01",
  };
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    secret: [undefined, null, "", [], [""], ["a", 5], {}, 5],
    store: [undefined, null, {}, "redis", { get: 5 }],
    until: [undefined, "soon"],
    cookie: [null, "connect.sid"],
    prefix: ["sess:"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuses a bad ${name}, and names it`, () => {
      for (const value of values) {
        assert.throws(
          () => expressSession({ ...good, [name]: value } as never),
          (error: Error) =>
            error.message.startsWith(`Option express-session.${name}`) &&
            !error.message.includes(SECRET),
          JSON.stringify(value),
        );
      }
    });
  }
});
