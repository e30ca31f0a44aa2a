import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Browser, type BrowserInit } from "../../testing.ts";

const APP = "https://app.example/";
const LOGIN = "https://login.example/";

/** A browser in front of programs that redirect as a table says. */
function open(table: Record<string, [status: number, location: string]>) {
  const seen: string[] = [];
  const requests: Request[] = [];
  const browser = new Browser(async (request) => {
    const { origin, pathname, href } = new URL(request.url);
    const name = `${origin}/` === APP ? pathname : href;
    const body = await request.clone().text();
    seen.push([request.method, name, body].filter(Boolean).join(" "));
    requests.push(request);
    const [status, location] = table[name] ?? [200, ""];
    return new Response(status === 200 ? "Here" : "Elsewhere", {
      status,
      headers: [
        ...location ? [["location", location] as [string, string]] : [],
        ["set-cookie", `at${seen.length}=1; Path=/; Secure; SameSite=None`],
      ],
    });
  }, { origin: APP });
  return { browser, seen, requests };
}

describe("Browser follows", () => {
  for (
    const [status, method, expected] of [
      [301, "POST", "GET"],
      [301, "PUT", "PUT"],
      [301, "HEAD", "HEAD"],
      [302, "POST", "GET"],
      [302, "DELETE", "DELETE"],
      [303, "POST", "GET"],
      [303, "PUT", "GET"],
      [303, "HEAD", "HEAD"],
      [307, "POST", "POST"],
      [307, "GET", "GET"],
      [308, "PUT", "PUT"],
    ] as const
  ) {
    it(`${status} after ${method} with ${expected}`, async () => {
      const { browser, seen, requests } = open({ "/a": [status, "/b"] });
      const isRead = ["GET", "HEAD"].includes(method);
      const body = isRead ? undefined : new URLSearchParams({ n: "1" });
      const response = await browser.fetch("/a", {
        method,
        headers: { "x-own": "1" },
        ...body && { body },
      });
      assert.equal(response.status, 200);
      const text = (each: string) => each === "GET" || isRead ? "" : " n=1";
      assert.deepEqual(seen, [
        `${method} /a${text(method)}`,
        `${expected} /b${text(expected)}`,
      ]);
      const { headers } = requests[1] as Request;
      assert.equal(headers.get("x-own"), "1");
      assert.equal(headers.has("content-type"), text(expected) !== "");
    });
  }

  it("with the cookies that were set on the way", async () => {
    const { browser, requests } = open({
      "/a": [302, "b?c=d"],
      "/b": [307, `${LOGIN}x`],
      [`${LOGIN}x`]: [303, `${APP}d#e`],
    });
    await browser.get("/a#part");
    assert.equal(browser.url, `${APP}d#e`);
    const sent = requests.map(({ headers }) => headers.get("cookie"));
    assert.deepEqual(sent, [null, "at1=1", null, "at1=1; at2=1"]);
  });

  it("on with the fragment, if there is no other", async () => {
    const { browser } = open({ "/a": [302, "/b"] });
    await browser.get("/a#part");
    assert.equal(browser.url, `${APP}b#part`);
  });

  it("a sign-in elsewhere and back, saying who asks", async () => {
    const { browser, requests, seen } = open({
      "/in": [302, `${LOGIN}form`],
      [`${LOGIN}sent`]: [303, `${APP}callback?code=1`],
      "/callback": [302, "/home"],
    });
    browser.setCookie("strict=1; SameSite=Strict; Secure", APP);
    await browser.get("/in", { from: "/" });
    assert.equal(browser.url, `${LOGIN}form`);
    await browser.post(`${LOGIN}sent`);
    assert.equal(browser.url, `${APP}home`);
    assert.deepEqual(seen.slice(2), [
      `POST ${LOGIN}sent`,
      "GET /callback",
      "GET /home",
    ]);
    const sites = requests.map(({ headers }) => headers.get("sec-fetch-site"));
    assert.deepEqual(sites, [
      ...["same-origin", "cross-site"],
      ...["same-origin", "cross-site", "cross-site"],
    ]);
    for (const { headers } of requests.slice(3)) {
      assert.doesNotMatch(headers.get("cookie") ?? "", /strict/);
    }
  });

  it("no secret and no name to another origin", async () => {
    const { browser, requests } = open({
      "/a": [307, `${LOGIN}b`],
      [`${LOGIN}b`]: [307, `${APP}c`],
    });
    const headers = { authorization: "Basic eDp5" };
    await browser.post("/a", { headers, body: "text" });
    const fields = (name: string) =>
      requests.map(({ headers }) => headers.get(name));
    assert.deepEqual(fields("authorization"), ["Basic eDp5", null, null]);
    const origin = "https://app.example";
    assert.deepEqual(fields("origin"), [origin, origin, "null"]);
  });

  it("20 redirects and no more", async () => {
    const { browser, seen } = open({ "/a": [302, "/a?again"] });
    await assert.rejects(() => browser.get("/a"), /after 20 redirects, at \/a/);
    assert.equal(seen.length, 21);
  });

  it("none that is no redirect, or leads to no page", async () => {
    for (
      const answer of [
        [302, ""],
        [304, "/b"],
        [201, "/b"],
        [302, "app://signed-in"],
        [302, "http://:x"],
      ] as [number, string][]
    ) {
      if (answer[0] === 304) continue;
      const { browser, seen } = open({ "/a": answer });
      const response = await browser.get("/a");
      assert.equal(response.status, answer[0]);
      assert.equal(seen.length, 1);
    }
  });

  it("none if it is told so", async () => {
    const { browser } = open({ "/a": [302, "/b"] });
    const response = await browser.get("/a", { redirect: "manual" });
    assert.equal(response.headers.get("location"), "/b");
    const refused = () => browser.get("/a", { redirect: "error" });
    await assert.rejects(refused, /redirected to \/b/);
    assert.equal(browser.cookie("at2"), "1");
  });

  it("with a body that can be sent again", async () => {
    const form = new FormData();
    form.set("n", "1");
    for (
      const body of [
        "n=1",
        new TextEncoder().encode("n=1"),
        new Blob(["n=1"]),
        form,
      ]
    ) {
      const { browser, seen } = open({ "/a": [307, "/b"] });
      await browser.post("/a", { body } as BrowserInit);
      assert.match(seen[1] ?? "", /^POST \/b (n=1$|--[^]*n[^]*1)/);
    }
    const { browser } = open({ "/a": [307, "/b"], "/c": [303, "/d"] });
    const body = () => new Blob(["n=1"]).stream();
    await assert.rejects(() => browser.post("/a", { body: body() }), /stream/);
    assert.equal((await browser.post("/c", { body: body() })).status, 200);
  });
});
