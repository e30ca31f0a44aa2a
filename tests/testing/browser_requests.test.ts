import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Browser,
  type BrowserInit,
  type BrowserOptions,
} from "../../testing.ts";

const APP = "https://app.shop.example/";
const SIBLING = "https://api.shop.example/";
const OTHER = "https://evil.example/";
const LINES = ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "plain=1"]
  .concat("none=1; SameSite=None", "own=1; SameSite=None; Partitioned")
  .map((line) => `${line}; Secure; Path=/`);
const ALL = "strict lax plain none own";

type Way = "get" | "post" | "fetch";

/** A browser with a cookie of each kind, and what its requests have brought. */
function open(options: BrowserOptions = {}) {
  const requests: Request[] = [];
  const browser = new Browser((request) => {
    requests.push(request);
    return new Response();
  }, { origin: APP, ...options });
  for (const line of LINES) browser.setCookie(line);
  const names = () =>
    (requests.at(-1)?.headers.get("cookie") ?? "").replace(/=1/g, "")
      .replaceAll(";", "");
  return { browser, requests, names };
}

/** Which cookies go to the app, by who asks. */
const ASKED: readonly [
  what: string,
  way: Way,
  init: BrowserInit,
  names: string,
][] = [
  ["an address that is typed", "get", {}, ALL],
  ["a link of the app", "get", { from: "/" }, ALL],
  ["a link of a sibling", "get", { from: SIBLING }, ALL],
  ["a link of another site", "get", { from: OTHER }, "lax plain none own"],
  ["a link of the same host on http", "get", {
    from: "http://app.shop.example/",
  }, "lax plain none own"],
  ["a form of the app", "post", {}, ALL],
  ["a form of another site", "post", { from: OTHER }, "none own"],
  ["a form of another site that reads", "get", {
    from: OTHER,
  }, "lax plain none own"],
  ["a script of the app", "fetch", {}, ALL],
  ["a script of the app without", "fetch", { credentials: "omit" }, ""],
  ["a script of a sibling", "fetch", { from: SIBLING }, ""],
  ["a script of a sibling with credentials", "fetch", {
    from: SIBLING,
    credentials: "include",
  }, ALL],
  ["a script of another site", "fetch", { from: OTHER }, ""],
  ["a script of another site with credentials", "fetch", {
    from: OTHER,
    credentials: "include",
  }, ""],
  ["a frame of the app", "get", { within: "/" }, ALL],
  ["a frame of another site", "get", { within: OTHER }, ""],
  ["a form in a frame of another site", "post", { within: OTHER }, ""],
  ["a script in a frame of another site", "fetch", { within: OTHER }, ""],
];

describe("Browser asks", () => {
  for (const [what, way, init, expected] of ASKED) {
    it(`with ${expected || "no cookie"}, for ${what}`, async () => {
      const { browser, names } = open();
      await browser[way]("/x", init);
      assert.equal(names(), expected);
    });
  }

  it("with cookies for third parties, if it has them", async () => {
    const { browser, names } = open({ thirdPartyCookies: true });
    for (
      const [way, init] of [
        ["get", { within: OTHER }],
        ["fetch", { within: OTHER }],
        ["fetch", { from: OTHER, credentials: "include" }],
      ] as const
    ) {
      await browser[way]("/x", init);
      assert.equal(names(), "none");
    }
  });

  it("in a partition for each site around a frame", async () => {
    const browser = new Browser(({ headers }) =>
      new Response(headers.get("cookie"), {
        headers: [
          ["set-cookie", "own=1; Secure; SameSite=None; Partitioned"],
          ["set-cookie", "none=1; Secure; SameSite=None"],
          ["set-cookie", "lax=1; Secure; SameSite=Lax"],
        ],
      })
    );
    const ask = async (init: BrowserInit) =>
      await (await browser.get("/", init)).text();
    const here = { within: "https://a.example/" };
    assert.equal(await ask(here), "");
    assert.equal(await ask(here), "own=1");
    assert.equal(await ask({ within: "https://www.a.example/" }), "own=1");
    assert.equal(await ask({ within: "https://b.example/" }), "");
    assert.equal(await ask({}), "");
    assert.equal(await ask({}), "own=1; none=1; lax=1");
  });

  it("and keeps what the answer to a form of another site sets", async () => {
    const browser = new Browser(() =>
      new Response(null, {
        headers: { "set-cookie": "sid=1; SameSite=Strict" },
      })
    );
    await browser.fetch("/", { from: OTHER, credentials: "include" });
    assert.equal(browser.cookie("sid"), undefined);
    await browser.post("/", { from: OTHER });
    assert.equal(browser.cookie("sid"), "1");
  });

  const FIELDS = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"]
    .concat("sec-fetch-user", "origin", "referer");

  for (
    const [what, way, url, init, ...expected] of [
      ["typed", "get", "/x", {}, "none", "navigate", "document", "?1"],
      [
        ...["a link", "get", "/x", { from: "/y?z#a" }, "same-origin"] as const,
        ...["navigate", "document", "?1", null, `${APP}y?z`],
      ],
      [
        ...["a foreign form", "post", "/x", { from: OTHER + "y" }] as const,
        ...["cross-site", "navigate", "document", "?1"],
        ...["https://evil.example", OTHER],
      ],
      [
        ...["a script", "fetch", "/x", {}, "same-origin", "cors"] as const,
        ...["empty", null, null, `${APP}x`],
      ],
      [
        ...["a script that writes", "fetch", "/x", { method: "PUT" }] as const,
        ...["same-origin", "cors", "empty", null, APP.slice(0, -1), `${APP}x`],
      ],
      [
        ...["a sibling's script", "fetch", "/x", { from: SIBLING }] as const,
        ...["same-site", "cors", "empty", null, SIBLING.slice(0, -1), SIBLING],
      ],
      [
        ...["a picture", "fetch", "/x"] as const,
        ...[{ from: OTHER, mode: "no-cors" } as const, "cross-site", "no-cors"],
        ...["empty", null, null, OTHER],
      ],
      [
        ...["a frame", "get", "/x", { within: OTHER }, "cross-site"] as const,
        ...["navigate", "iframe", null, null, OTHER],
      ],
      ["plain http", "get", "http://192.168.0.1/x", { from: APP }],
      [
        ...["localhost", "get", "http://localhost/x", {}, "none"] as const,
        ...["navigate", "document", "?1"],
      ],
    ] as readonly [
      string,
      Way,
      string,
      BrowserInit,
      ...(string | null)[],
    ][]
  ) {
    it(`saying who it is: ${what}`, async () => {
      const { browser, requests } = open();
      await browser[way](url, init);
      const { headers } = requests[0] as Request;
      const found = FIELDS.map((name) => headers.get(name));
      assert.deepEqual(found, FIELDS.map((_, at) => expected[at] ?? null));
    });
  }

  it("with the fields that a test gives, and no others of these", async () => {
    const { browser, requests } = open();
    const headers = {
      "cookie": "mine=1",
      "sec-fetch-site": "same-site",
      "origin": "null",
      "x-own": "1",
    };
    await browser.post("/", { headers, body: "text" });
    const [request] = requests;
    for (const [name, value] of Object.entries(headers)) {
      assert.equal(request?.headers.get(name), value);
    }
    assert.equal(await request?.text(), "text");
  });

  it("a server that runs, and does not let fetch() follow", () => {
    const { browser } = open();
    const request = browser.request("/x?y#z");
    assert.equal(request.redirect, "manual");
    assert.equal(request.url, `${APP}x?y`);
    assert.match(request.headers.get("cookie") ?? "", /lax=1/);
  });

  it("by the page that a tab shows", async () => {
    const { browser, requests, names } = open();
    const tab = browser.newTab();
    await tab.get(OTHER);
    assert.equal(tab.url, OTHER);
    assert.equal(browser.url, "about:blank");
    await tab.post(APP);
    assert.equal(names(), "none own");
    assert.equal(requests.at(-1)?.headers.get("sec-fetch-site"), "cross-site");
    // Now it shows the app.
    await tab.post(APP);
    assert.equal(names(), ALL);
    await tab.fetch(`${OTHER}count`);
    await tab.get("/framed", { within: OTHER });
    assert.equal(tab.url, APP);
  });

  it("for all tabs with one jar, also at the same time", async () => {
    const waiting = Promise.withResolvers<void>();
    const browser = new Browser(async ({ url, headers }) => {
      if (url.endsWith("/slow")) await waiting.promise;
      const name = url.split("/").at(-1);
      const init = { headers: { "set-cookie": `${name}=1; Path=/` } };
      return new Response(headers.get("cookie"), init);
    });
    const slow = browser.get("/slow");
    await browser.newTab().get("/quick");
    waiting.resolve();
    assert.equal(await (await slow).text(), "");
    assert.equal(await (await browser.get("/x")).text(), "quick=1; slow=1");
  });

  it("nothing of no address, or without an answer", async () => {
    assert.throws(() => new Browser(() => new Response(), { origin: "x" }));
    const silent = new Browser((() => undefined) as never);
    await assert.rejects(
      () => silent.get(),
      { name: "TypeError", message: "The handler must return a Response" },
    );
    const failing = new Browser(() => Promise.reject(new Error("Down")));
    await assert.rejects(() => failing.get(), /Down/);
    const empty = new Browser(() => new Response(null, { status: 204 }));
    await empty.get("/x");
    assert.equal(empty.url, "about:blank");
  });
});
