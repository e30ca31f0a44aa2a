import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSession } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import { setUp } from "../shared/support.ts";

const TEXT = "abcdefghij".repeat(500);
type Scope = NonNullable<SessionOptions["cookie"]>;
const CHANGES: readonly (readonly [string, Scope, Scope])[] = [
  ["a domain", {}, { domain: "example.com" }],
  ["another path", { path: "/a" }, { previous: [{ path: "/a" }] }],
  ["no domain", { domain: "example.com" }, {
    previous: [{ domain: "example.com" }],
  }],
];

for (const [what, before, after] of CHANGES) {
  describe(`A session in parts whose cookie gets ${what}`, () => {
    const begin = (from: Scope, to: Scope) => {
      const { options, clock } = setUp({ overflow: "parts" });
      let scope = from;
      const lengths: number[] = [];
      const browser = new Browser(
        (request) => {
          lengths.push(request.headers.get("cookie")?.length ?? 0);
          return withSession(({ url }, session) => {
            const { pathname } = new URL(url);
            if (pathname === "/a/short") session.set("text", "a");
            if (pathname === "/a/fill") session.set("text", TEXT);
            if (pathname === "/a/note") session.set("note", 1);
            if (pathname === "/a/out") session.destroy();
            return new Response(
              pathname === "/a/out" ? "" : session.get("text") as string,
            );
          }, {
            ...options,
            cookie: { name: "__Secure-sid", ...scope },
          })(request);
        },
        { origin: "https://www.example.com", now: () => clock.now },
      );
      return {
        browser,
        change: () => scope = to,
        length: async (path: string) => {
          const response = await browser.get(`/a/${path}`);
          return [await response.text(), lengths.at(-1) ?? 0] as const;
        },
      };
    };

    it("is in one scope after the next change", async () => {
      const { browser, change, length } = begin(before, after);
      await browser.get("/a/fill");
      change();
      await browser.get("/a/note");
      const [text, bytes] = await length("look");
      assert.equal(text, TEXT);
      assert.ok(bytes < 7_168, `${bytes}`);
      await browser.get("/a/out");
      assert.deepEqual(await length("look"), ["", 0]);
    });

    it("is in one scope if it gets longer or shorter by it", async () => {
      for (const [one, other] of [["short", "fill"], ["fill", "short"]]) {
        const { browser, change, length } = begin(before, after);
        await browser.get(`/a/${one}`);
        change();
        const [text] = await length(`${other}`);
        const [again, bytes] = await length("look");
        assert.equal(again, text);
        assert.ok(bytes < (other === "fill" ? 7_168 : 200), `${bytes}`);
      }
    });
  });
}

describe("Parts that are refused, of a cookie with a domain", () => {
  it("stay in each scope on a request that goes to no page", async () => {
    const cookie = { domain: "example.com" };
    const { options, events } = setUp({ overflow: "parts", cookie });
    const handler = withSession(
      (_request, session) => Response.json(session.userId ?? null),
      options,
    );
    const removed = async (destination: string) => {
      const headers = {
        cookie: "__Secure-sid.1=AAAAAAAA.a",
        "sec-fetch-dest": destination,
      };
      const url = "https://example.com/";
      const response = await handler(new Request(url, { headers }));
      return response.headers.getSetCookie().length;
    };
    assert.equal(await removed("empty"), 0);
    assert.equal(await removed("document"), 4);
    assert.deepEqual(events.map(({ type }) => type), ["rejected", "rejected"]);
  });
});
