import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSession } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import { setUp, typesOf } from "../shared/support.ts";

type Change = Pick<SessionOptions, "overflow" | "compress">;

const TEXT = "abcdefghij".repeat(900);
const WIDE: Change = { overflow: { most: 9, maxBytes: 20_000 } };
const WAYS: readonly (readonly [string, Change, Change])[] = [
  ["with fewer parts", WIDE, { overflow: "parts" }],
  ["without parts", WIDE, { overflow: { maxBytes: 1_000 } }],
  ["without compress", { compress: true }, {}],
];

for (const [name, before, after] of WAYS) {
  describe(`A session that is too long to be renewed ${name}`, () => {
    const begin = async () => {
      const { options, events, clock } = setUp();
      let now: Change = before;
      const browser = new Browser(
        (request) =>
          withSession(({ url }, session) => {
            const { pathname } = new URL(url);
            if (pathname === "/fill") session.set("text", TEXT);
            if (pathname === "/note") session.set("note", 1);
            if (pathname === "/out") session.destroy();
            return new Response(
              pathname === "/out" ? "" : session.get("text") as string,
            );
          }, { ...options, ...now })(request),
        { now: () => clock.now },
      );
      await browser.get("/fill");
      now = after;
      clock.advance(50_000);
      events.splice(0);
      return { browser, events, clock };
    };

    it("is read to its end, with an event and no cookie", async () => {
      const { browser, events, clock } = await begin();
      const response = await browser.get("/look");
      assert.equal(await response.text(), TEXT);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.deepEqual(typesOf(events), ["opened", "oversize"]);
      for (const [seconds, seen] of [[36_399, TEXT], [1, ""]] as const) {
        clock.advance(seconds);
        assert.equal(await (await browser.get("/look")).text(), seen);
      }
    });

    it("can end, and is refused if it is written", async () => {
      const { browser } = await begin();
      await assert.rejects(browser.get("/note"), { code: "oversize" });
      await browser.get("/out");
      assert.equal(browser.cookie("__Host-sid"), undefined);
    });
  });
}

describe("A session that cannot be renewed for another reason", () => {
  it("makes an error", async () => {
    let isBroken = false;
    const codec = {
      parse: JSON.parse,
      stringify(value: unknown) {
        if (isBroken) throw new RangeError("Broken");
        return JSON.stringify(value);
      },
    };
    const { options, clock } = setUp({ codec });
    const handler = withSession((_request, session) => {
      if (session.isNew) session.set("text", "a");
      return Response.json(session.userId ?? null);
    }, options);
    const browser = new Browser(handler, { now: () => clock.now });
    await browser.get();
    clock.advance(50_000);
    isBroken = true;
    await assert.rejects(browser.get(), { name: "RangeError" });
  });
});
