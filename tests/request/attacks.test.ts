import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSession } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import {
  assertNoCookie,
  type Handler,
  NAVIGATION,
  requestWith,
  router,
  setUp,
  tokenOf,
  turn,
  typesOf,
} from "../shared/support.ts";

const url = "https://example.com/";

const count: Handler = (_request, session) =>
  Response.json(session.update("n", (n = 0) => n + 1));

describe("Attacks by cookies", () => {
  it("a valid cookie tossed from a sibling host is never used", async () => {
    const { options, events } = setUp({ cookie: { name: "__Secure-sid" } });
    const handle = withSession(
      router({
        login: (session) => session.login("mallory"),
        me: (session) => [session.isNew, session.userId ?? null],
      }),
      options,
    );
    const attacker = new Browser(handle, { now: options.now ?? Date.now });
    const stolen = tokenOf(await attacker.get("/login"));
    const victim = new Browser(
      withSession(
        router({
          login: (session) => session.login("ada"),
          me: (session) => [session.isNew, session.userId ?? null],
        }),
        options,
      ),
      { now: options.now ?? Date.now },
    );
    await victim.get("/login");
    assert.deepEqual(await (await victim.get("/me")).json(), [false, "ada"]);
    // With a longer path, it even comes first.
    victim.setCookie(
      `__Secure-sid=${stolen}; Domain=example.com; Path=/me; Secure`,
      "https://evil.example.com/",
    );
    events.splice(0);
    const response = await victim.get("/me", NAVIGATION);
    assert.deepEqual(await response.json(), [true, null]);
    assertNoCookie(response);
    assert.deepEqual(typesOf(events), ["duplicate"]);
  });

  it("no cookie of another name passes for ours behind a comma", async () => {
    const handle = withSession(count, setUp().options);
    const token = tokenOf(await handle(new Request(url)));
    const headers = new Headers();
    headers.append("cookie", "a=b");
    headers.append("cookie", `__Host-sid=${token}`);
    const joined = [
      headers.get("cookie") ?? "",
      `a=b, __Host-sid=${token}`,
      `a=b; c=d,__Host-sid=${token}`,
      `a="b, __Host-sid=${token}"`,
      `a="b; c=d, __Host-sid=${token}`,
      `a=b,\t "__Host-sid=${token}"`,
    ];
    for (const cookie of joined) {
      const response = await handle(requestWith(cookie));
      const found = await response.json();
      // Where the fields are joined as they should be, it is found.
      assert.equal(found, cookie.includes("a=b; __Host") ? 2 : 1, cookie);
    }
  });

  it("a thousand cookies of the name take no time to speak of", async () => {
    const handle = withSession(count, setUp().options);
    const token = tokenOf(await handle(new Request(url)));
    const many = (value: (i: number) => string, between: string) =>
      Array.from({ length: 1_000 }, (_, i) => `__Host-sid=${value(i)}`)
        .join(between);
    const long = " ".repeat(200_000);
    for (const between of ["; ", ",", `;${long}`.slice(0, 900)]) {
      for (
        const value of [
          (i: number) => `${i}`,
          (i: number) => turn(token, 29, i % 255 + 1),
          (i: number) => `"${i}`,
          () => '"""""',
        ]
      ) {
        const planted = requestWith(many(value, between));
        assert.equal(await (await handle(planted)).json(), 1);
      }
    }
    const blank = requestWith(`__Host-sid="${long}x${long}", a; b="`);
    assert.equal(await (await handle(blank)).json(), 1);
  });

  it("blanks and separators without end take no time to speak of", async () => {
    const handle = withSession(count, setUp().options);
    const token = tokenOf(await handle(new Request(url)));
    const many = 200_000;
    const fillers = [
      ";".repeat(many),
      "; ".repeat(many),
      `a${" ".repeat(many)}b`,
      `a${"\t ".repeat(many)}=`,
      "=".repeat(many),
      "__Host-sid".repeat(many / 10),
    ];
    for (const filler of fillers) {
      const request = requestWith(`${filler}; __Host-sid=${token}`);
      assert.equal(await (await handle(request)).json(), 2);
    }
  });

  it("blanks around a pair do not matter, within the value they do", async () => {
    const handle = withSession(count, setUp().options);
    const token = tokenOf(await handle(new Request(url)));
    const ask = async (cookie: string) =>
      await (await handle(requestWith(cookie))).json();
    assert.equal(await ask(`a=b;__Host-sid=${token};c=d`), 2);
    assert.equal(await ask(`a=b;  \t__Host-sid=${token} \t; c=d`), 2);
    assert.equal(await ask(`__Host-sid=${token} ${token}`), 1);
    assert.equal(await ask(`__Host-sid=${token.slice(0, 9)} ${token}`), 1);
  });

  it("every single flipped byte of a token is noticed", async () => {
    const { options, events } = setUp();
    const handle = withSession(count, options);
    const token = tokenOf(await handle(new Request(url)));
    const length = Math.floor(token.length * 3 / 4);
    for (let at = 0; at < length; at++) {
      const cookie = `__Host-sid=${turn(token, at, 1 << at % 8)}`;
      events.splice(0);
      const response = await handle(requestWith(cookie));
      assert.equal(await response.json(), 1, `byte ${at}`);
      assert.deepEqual(typesOf(events), ["rejected", "created"]);
    }
  });

  it("parts of two good tokens make no good one", async () => {
    const handle = withSession(count, setUp().options);
    const [one, two] = [
      tokenOf(await handle(new Request(url))),
      tokenOf(await handle(new Request(url))),
    ];
    assert.equal(one.length, two.length);
    for (let at = 1; at < one.length; at++) {
      const mixed = one.slice(0, at) + two.slice(at);
      if (mixed === one || mixed === two) continue;
      const response = await handle(requestWith(`__Host-sid=${mixed}`));
      assert.equal(await response.json(), 1, `cut at ${at}`);
    }
  });

  it("characters beyond ASCII are no token", async () => {
    const handle = withSession(count, setUp().options);
    const token = tokenOf(await handle(new Request(url)));
    // What a header can hold: one byte for each character.
    for (const char of ["é", "\u00ff", "\u00ad", "\u0085"]) {
      for (const at of [0, 5, token.length]) {
        const value = token.slice(0, at) + char + token.slice(at);
        const response = await handle(requestWith(`__Host-sid=${value}`));
        assert.equal(await response.json(), 1);
      }
    }
  });
});

describe("Attacks by options", () => {
  it("what browsers drop or a header cannot hold is refused at set-up", () => {
    const { options } = setUp();
    const long = "a".repeat(1_025);
    const cookies = [
      { name: "a;b" },
      { name: "a b" },
      { name: "a=b" },
      { name: "" },
      { name: "a\r\nset-cookie: b" },
      { name: "sïd" },
      { name: "__host-sid" },
      { name: "__HOST-sid" },
      { name: "__Host-sid", domain: "example.com" },
      { name: "__Host-sid", path: "/shop" },
      { name: "__Host-sid", secure: false },
      { name: "__Secure-sid", secure: false },
      { domain: "example.com; Path=/" },
      { domain: "a\nb" },
      { domain: "a b" },
      { domain: long },
      { path: "shop" },
      { path: "/a;b" },
      { path: "/\u0000" },
      { path: `/${long}` },
      { sameSite: "None", secure: false },
      { sameSite: "none" },
      { partitioned: true, secure: false },
      { priority: "Highest" },
      { httpOnly: false },
      { maxAge: "60" },
    ];
    for (const cookie of cookies) {
      const given = { ...options, cookie } as SessionOptions;
      assert.throws(
        () => withSession(() => new Response(), { ...given, lazy: false }),
        TypeError,
        JSON.stringify(cookie),
      );
    }
  });

  it("times that a browser or the server would misread are refused", () => {
    const { options } = setUp();
    const times = [0, -1, 1.5, NaN, Infinity, 34_560_001, 2 ** 53];
    for (const name of ["idleTimeout", "absoluteTimeout"]) {
      for (const seconds of times) {
        assert.throws(
          () =>
            withSession(() => new Response(), {
              ...options,
              absoluteTimeout: 34_560_000,
              [name]: seconds,
            }),
          RangeError,
          `${name} ${seconds}`,
        );
      }
    }
    assert.throws(
      () =>
        withSession(() => new Response(), {
          ...options,
          idleTimeout: 61,
          absoluteTimeout: 60,
        }),
      RangeError,
    );
  });
});
