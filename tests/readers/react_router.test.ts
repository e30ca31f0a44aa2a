import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FORGERIES } from "../shared/forgeries.ts";
import { moved } from "./_moved.ts";
import {
  ADA,
  GONE,
  NOBODY,
  reader,
  REMIX,
  SECRETS,
  signed,
  THEIRS,
} from "./_react_router.ts";

/** What a reader makes of a cookie, by itself. */
async function read(...values: string[]) {
  return await reader().read({
    names: ["__session"],
    valuesOf: (name) => name === "__session" ? values : [],
    now: 0,
  });
}

/** The text and the signature of a good cookie. */
async function partsOf(data: object): Promise<[text: string, sig: string]> {
  const bytes = new TextEncoder().encode(JSON.stringify(data));
  const cookie = await signed(btoa(String.fromCharCode(...bytes)));
  const [text = "", signature = ""] = decodeURIComponent(cookie).split(".");
  return [text, signature];
}

describe("a session of Remix 2", () => {
  it("goes on, without its flash value", async () => {
    const { lines, ...seen } = await moved(reader())({ __session: REMIX });
    assert.deepEqual(seen, ADA);
    assert.deepEqual(lines.slice(1), [GONE]);
  });
});

describe("a cookie of React Router", () => {
  it("that is signed, and no session, is none", async () => {
    for (
      const text of [
        btoa("[1]"),
        btoa("null"),
        btoa("5"),
        // As other kinds of its storage keep an id.
        btoa('"e1b9a5e0"'),
        btoa("{"),
        btoa('{"a":"\xff"}'),
        "",
        "x",
        "{}",
      ]
    ) assert.equal(await read(await signed(text)), undefined, text);
    assert.deepEqual((await read(await signed(btoa("{}"))))?.data, {});
    const other = await signed(btoa("{}"), "another secret");
    assert.equal(await read(other), undefined);
  });

  it("brings nothing that every object has", async () => {
    const json = '{"__proto__":{"user":"eve"},"constructor":1,"user":"ada"}';
    const found = await read(await signed(btoa(json)));
    assert.deepEqual(found?.data, {});
    assert.equal(found?.user, "ada");
  });

  it("is refused with each character changed, cut or put in", async () => {
    const one = (await partsOf({ user: "ada" })).join(".");
    assert.ok(await read(one));
    for (let i = 0; i <= one.length; i++) {
      const [start, end, rest] = [
        one.slice(0, i),
        one.slice(i),
        one.slice(i + 1),
      ];
      const forged = [start, start + rest];
      if (i > 0) forged.push(end);
      for (const char of ["A", "0", ".", "-", "+", "=", "\u212a", "\0", " "]) {
        forged.push(start + char + rest, start + char + end);
      }
      for (const value of forged) {
        if (value === one) continue;
        assert.equal(await read(value), undefined, JSON.stringify(value));
      }
    }
  });

  it("is refused with the signature of another, or more than one", async () => {
    const [text, signature] = await partsOf(THEIRS);
    const [other, others] = await partsOf({ user: "bob" });
    for (
      const forged of [
        `${text}.${others}`,
        `${other}.${signature}`,
        `${text}.`,
        text,
        `.${signature}`,
        signature,
        `${text}.${signature}=`,
        `${text}.${signature}.${signature}`,
        `${text}.${text}.${signature}`,
        `"${text}.${signature}"`,
        `s:${text}.${signature}`,
        text.replace(/=+$/, "") + `.${signature}`,
      ]
    ) {
      // A text without padding is what has no padding to lose.
      if (forged === `${text}.${signature}`) continue;
      assert.equal(await read(forged), undefined, forged);
    }
  });

  for (const [how, forge] of Object.entries(FORGERIES)) {
    it(`is refused if of its signature ${how}`, async () => {
      const [text, signature] = await partsOf({ user: "ada" });
      const [, twin] = await partsOf({ user: "bob" });
      const url = (part: string) =>
        part.replaceAll("+", "-").replaceAll("/", "_").padEnd(91, "A");
      // As long as what the forgeries of tokens want, and cut again.
      let count = 0;
      for (const long of forge(url(signature), url(twin))) {
        if (count++ % 3) continue;
        const plain = long.replaceAll("-", "+").replaceAll("_", "/");
        for (const forged of [plain, plain.slice(0, -48)]) {
          // A character may be written as its code, as the cookie itself is.
          if (decoded(forged) === signature) continue;
          assert.equal(await read(`${text}.${forged}`), undefined, forged);
        }
      }
    });
  }

  it("of hostile text is refused at once, and fails no request", async () => {
    const visit = moved(reader());
    for (
      const text of [
        "A".repeat(100_000),
        ".".repeat(100_000),
        `${"A".repeat(4000)}.${"A".repeat(43)}`,
        "=".repeat(4000),
        `${"=".repeat(4000)}.${"A".repeat(43)}`,
        "\0".repeat(1000),
        "%",
        "%ff",
        "\ud800",
        '"',
        "",
        " ",
        "=",
      ]
    ) assert.deepEqual(await visit(`__session=${text}`), NOBODY);
    const long = await signed(btoa(JSON.stringify({ a: "x".repeat(4000) })));
    assert.equal(await read(long), undefined);
  });

  it("beside others of the name is found, among the first four", async () => {
    assert.ok(await read("x", "y", "z", REMIX));
    assert.equal(await read("x", "y", "z", "a", REMIX), undefined);
  });

  it("costs one signature for each secret, and four cookies at most", async () => {
    const { subtle } = crypto;
    const { verify } = subtle;
    let count = 0;
    const forged = await Promise.all(
      Array.from({ length: 60 }, (_, i) => signed(btoa(`{"n":${i}}`), "other")),
    );
    Object.defineProperty(subtle, "verify", {
      configurable: true,
      value: (...args: Parameters<typeof verify>) => {
        count++;
        return verify.apply(subtle, args);
      },
    });
    try {
      assert.equal(await read(...forged), undefined);
    } finally {
      delete (subtle as { verify?: unknown }).verify;
    }
    assert.equal(count, 4 * SECRETS.length);
  });
});

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

describe("options of reactRouter()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    secrets: [undefined, null, "", [], [""], ["a", 5], {}, 5],
    until: [undefined, "soon"],
    cookie: [null, "__session"],
    keys: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuses a bad ${name}, and names it`, () => {
      for (const value of values) {
        assert.throws(
          () => reader({ [name]: value }),
          (error: Error) =>
            error.message.startsWith(`Option react-router.${name}`) &&
            !error.message.includes(SECRETS[0] ?? ""),
          JSON.stringify(value),
        );
      }
    });
  }
});
