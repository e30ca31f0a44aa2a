import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Browser, type BrowserOptions, createClock } from "../../testing.ts";
import { PLAIN, SECURE, SET } from "./_set_cookie.ts";

const DAY = 86_400;
const START = Date.UTC(2036, 0, 1);

function open(options: BrowserOptions = {}) {
  const clock = createClock(START);
  const browser = new Browser(
    ({ headers }) => new Response(headers.get("cookie")),
    { now: clock.now, ...options },
  );
  return { browser, clock };
}

/** What a visit to an address brings after lines from another one. */
async function sent(
  lines: string | string[],
  from = SECURE,
  to = from,
  options?: BrowserOptions,
): Promise<string> {
  const { browser } = open(options);
  for (const line of [lines].flat()) browser.setCookie(line, from);
  return await (await browser.get(to)).text();
}

/** What `Expires` and `Max-Age` say, and for how many seconds that is. */
const LIVES: readonly [attributes: string, seconds: number][] = [
  ["", Infinity],
  ["Max-Age=60", 60],
  ["Max-Age=0", 0],
  ["Max-Age=-1", 0],
  ["Max-Age=6e1", Infinity],
  ["Max-Age=60; Max-Age=x", 60],
  ["Max-Age=60; Max-Age=120", 120],
  ["Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60],
  [`Max-Age=${500 * DAY}`, 400 * DAY],
  ["Expires=Tue, 01 Jan 2036 00:01:00 GMT", 60],
  ["Expires=Tuesday, 01-Jan-36 00:01:00 GMT", 60],
  ["Expires=Tue Jan  1 00:01:00 2036", 60],
  ["Expires=0:1:0 january 1 2036 and more", 60],
  ["Expires=Tue, 01 Jan 2036 00:01:00 PST", 60],
  ["Expires=Fri, 01 Jan 2038 00:00:00 GMT", 400 * DAY],
  ["Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Expires=Wed, 31 Feb 2037 00:00:00 GMT", Infinity],
  ["Expires=Tue, 01 Jan 2036 24:00:00 GMT", Infinity],
  ["Expires=Tue, 01 Foo 2036 00:01:00 GMT", Infinity],
  ["Expires=tomorrow", Infinity],
];

describe("Browser keeps cookies", () => {
  for (const [line, from, to, expected] of SET) {
    const name = line.length > 60 ? `${line.slice(0, 12)}…` : line;
    // Reports do not keep all that a name may hold.
    const shown = encodeURI(name);
    it(`${shown} from ${from} to ${to}: ${!!expected}`, async () => {
      assert.equal(await sent(line, from, to), expected);
    });
  }

  for (const [attributes, seconds] of LIVES) {
    it(`for ${seconds} s, with ${JSON.stringify(attributes)}`, async () => {
      const { browser, clock } = open();
      browser.setCookie("a=0; Path=/");
      browser.setCookie(`a=1; Path=/; ${attributes}`);
      const [cookie] = browser.cookies();
      if (seconds === 0) assert.equal(cookie, undefined);
      else if (seconds === Infinity) assert.equal(cookie?.expires, -1);
      else {
        assert.equal(cookie?.expires, START / 1000 + seconds);
        clock.advance(seconds * 1000 - 1);
        assert.equal(browser.cookie("a"), "1");
        clock.advance(1);
        assert.equal(browser.cookie("a"), undefined);
        assert.equal(await (await browser.get()).text(), "");
      }
    });
  }

  it("in their order: longer paths first, then older ones", async () => {
    const lines = ["a=1; Path=/", "b=1; Path=/", "c=1; Path=/a", "a=2; Path=/"];
    assert.equal(await sent(lines), "c=1; a=2; b=1");
    const again = ["a=1; Path=/; Max-Age=0", "a=3; Path=/"];
    assert.equal(await sent([...lines, ...again]), "c=1; b=1; a=3");
  });

  it("one for each scope", async () => {
    const scopes = ["", "; Domain=app.shop.example", "; Domain=shop.example"];
    const lines = scopes.map((scope, at) => `a=${at}; Path=/${scope}`);
    assert.equal(await sent(lines), "a=0; a=1; a=2");
  });

  it("that are secure out of the shadow of others from http", () => {
    const good = "a=good; Secure; Path=/; Domain=shop.example";
    for (
      const bad of ["a=bad; Path=/", "a=bad", "a=bad; Domain=shop.example"]
    ) {
      const { browser } = open();
      browser.setCookie(good, SECURE);
      browser.setCookie(bad, PLAIN);
      assert.equal(browser.cookie("a", SECURE), "good");
      assert.equal(browser.cookies().length, 1);
    }
    const { browser } = open();
    browser.setCookie("a=good; Secure; Path=/x", SECURE);
    browser.setCookie("a=other; Path=/", PLAIN);
    assert.equal(browser.cookies().length, 2);
  });

  it("of no suffix that the test names", async () => {
    const host = "https://app.shop.co.uk/";
    const options = { publicSuffixes: ["co.uk"] };
    const line = (domain: string) => `a=1; Path=/; Domain=${domain}`;
    assert.equal(await sent(line("co.uk"), host), "a=1");
    assert.equal(await sent(line("co.uk"), host, host, options), "");
    assert.equal(await sent(line("shop.co.uk"), host, host, options), "a=1");
    const root = "https://co.uk/";
    assert.equal(await sent(line("co.uk"), root, root, options), "a=1");
    assert.equal(await sent(line("co.uk"), root, host, options), "");
  });

  it("as far as there is room, those of the site that were used last", () => {
    const { browser } = open();
    browser.setCookie("__Host-sid=1; Secure; Path=/", SECURE);
    browser.setCookie("__Host-kept=1; Secure; Path=/; Priority=High", SECURE);
    browser.setCookie("other=1", "https://other.example/");
    browser.setCookie("open=1", SECURE);
    for (let n = 0; n < 200; n++) {
      browser.setCookie(
        `c${n}=1; Secure; Path=/c; Domain=shop.example`,
        "https://evil.shop.example/",
      );
      if (n === 150) browser.request(SECURE);
    }
    const names = browser.cookies().map(({ name }) => name);
    assert.equal(names.length, 181);
    assert.ok(names.includes("other"));
    assert.ok(names.includes("__Host-kept"));
    assert.ok(names.includes("__Host-sid"), "It was used");
    assert.ok(!names.includes("open"), "It is not secure");
    assert.ok(!names.includes("c0"));
    for (let n = 0; n < 400; n++) {
      browser.setCookie(
        `d${n}=1; Secure; Domain=shop.example`,
        "https://evil.shop.example/",
      );
    }
    assert.equal(browser.cookie("__Host-sid", SECURE), undefined);
    assert.equal(browser.cookie("__Host-kept", SECURE), "1");
  });

  it("3300 in all, and 10 KiB in a partition", () => {
    const { browser } = open();
    for (let n = 0; n < 3305; n++) {
      browser.setCookie("a=1", `https://a${n}.example/`);
    }
    assert.equal(browser.cookies().length, 3300);
    assert.equal(browser.cookie("a", "https://a0.example/"), undefined);
    const parts = open().browser;
    for (let n = 0; n < 5; n++) {
      const value = "x".repeat(3000);
      parts.setCookie(`a${n}=${value}; Secure; Partitioned`, SECURE);
    }
    const names = parts.cookies().map(({ name }) => name);
    assert.deepEqual(names, ["a2", "a3", "a4"]);
  });

  it("until it is closed, if they have no end", async () => {
    const { browser } = open();
    await browser.get("/page");
    browser.setCookie("session=1; Path=/");
    browser.setCookie("kept=1; Path=/; Max-Age=60");
    browser.restart();
    assert.equal(browser.url, "about:blank");
    assert.equal(await (await browser.get()).text(), "kept=1");
  });

  it("until Clear-Site-Data", async () => {
    const browser = new Browser(() =>
      new Response(null, {
        headers: { "clear-site-data": '"cache", "cookies"' },
      })
    );
    browser.setCookie("a=1; Domain=example.com");
    browser.setCookie("b=1", "https://app.example.com/");
    browser.setCookie("c=1", "https://other.example/");
    await browser.get();
    assert.deepEqual(browser.cookies().map(({ name }) => name), ["c"]);
  });

  it("although http has said Clear-Site-Data", async () => {
    const browser = new Browser(() =>
      new Response(null, { headers: { "clear-site-data": '"*"' } })
    );
    browser.setCookie("a=1");
    await browser.get("http://example.com/");
    assert.equal(browser.cookie("a"), "1");
    await browser.get("http://localhost/");
    browser.setCookie("b=1", "http://localhost/");
    await browser.get("http://localhost/");
    assert.deepEqual(browser.cookies().map(({ name }) => name), ["a"]);
  });

  it("written by hand, with the least that a test knows", async () => {
    const answer = ({ headers }: Request) =>
      new Response(headers.get("cookie"));
    const cookies = [{ name: "a", value: "1", domain: "EXAMPLE.com" }];
    const browser = new Browser(answer, { cookies: cookies as never });
    assert.equal(await (await browser.get()).text(), "a=1");
    assert.equal(browser.cookies()[0]?.expires, -1);
    assert.throws(
      () => new Browser(answer, { cookies: [{ name: "a" }] as never }),
      { name: "TypeError", message: "A cookie needs a domain" },
    );
  });

  it("in the form of Playwright", () => {
    const { browser } = open();
    browser.setCookie("a=1; Max-Age=60; HttpOnly; Secure; SameSite=strict");
    browser.setCookie("b=2; Path=/x; Domain=example.com; Secure; Partitioned");
    const common = { httpOnly: false, sameSite: "Lax", secure: true } as const;
    const expected = [
      {
        name: "a",
        value: "1",
        domain: "example.com",
        path: "/",
        expires: START / 1000 + 60,
        httpOnly: true,
        secure: true,
        sameSite: "Strict",
      } as const,
      {
        ...common,
        name: "b",
        value: "2",
        domain: ".example.com",
        path: "/x",
        expires: -1,
        partitionKey: "https://example.com",
      },
    ];
    assert.deepEqual(browser.cookies(), expected);
    const copy = open({ cookies: expected }).browser;
    assert.deepEqual(copy.cookies(), expected);
    assert.equal(copy.cookie("b", "/x"), "2");
  });
});
