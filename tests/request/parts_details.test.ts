import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions, withSession } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import { setUp } from "../shared/support.ts";

const NAME = "__Host-sid";
const WIDE = { most: 9, maxBytes: 30_000 };

/** The pairs of name and value that a session with such a text is set to. */
async function pairsOf(
  length: number,
  more: Partial<Omit<SessionOptions, "lazy">>,
): Promise<string[]> {
  const { options } = setUp({ overflow: WIDE, ...more });
  const sessions = createSessions(options);
  const session = sessions.create();
  session.set("text", "a".repeat(length));
  const response = await sessions.commit(session, new Response());
  return response.headers.getSetCookie().map((line) =>
    line.split(";", 1)[0] ?? ""
  );
}

function namesIn(response: Response): string[] {
  return response.headers.getSetCookie().map((line) =>
    line.split("=", 1)[0] ?? ""
  );
}

describe("The length of a session in several cookies", () => {
  it("is at most what maxBytes says, and not a byte more", async () => {
    const pairs = await pairsOf(8_000, {});
    assert.equal(pairs.length, 3);
    const maxBytes = pairs.map((pair) => `${pair}; `).join("").length;
    const kept = await pairsOf(8_000, { overflow: { most: 9, maxBytes } });
    assert.equal(kept.length, 3);
    const refused = pairsOf(8_000, {
      overflow: { most: 9, maxBytes: maxBytes - 1 },
    });
    await assert.rejects(refused, { code: "oversize" });
  });

  it("makes parts of it beyond that of one cookie only", async () => {
    const [pair = ""] = await pairsOf(300, {});
    const maxBytes = pair.length - "=".length;
    const counts = [];
    for (const most of [maxBytes, maxBytes - 1]) {
      const pairs = await pairsOf(300, { cookie: { maxBytes: most } });
      counts.push(pairs.length);
    }
    assert.deepEqual(counts, [1, 2]);
  });
});

describe("A layer that makes a session shorter", () => {
  it("removes the parts that one before it has set", async () => {
    const { options, clock } = setUp({ overflow: WIDE });
    const sessions = createSessions(options);
    const browser = new Browser(async (request) => {
      const inner = await sessions.open(request);
      const outer = await sessions.open(request);
      inner.set("text", "a".repeat(8_000));
      const made = await sessions.commit(inner, new Response());
      assert.deepEqual(namesIn(made), [`${NAME}.2`, `${NAME}.1`, NAME]);
      outer.set("text", "a");
      return await sessions.commit(outer, made);
    }, { now: () => clock.now });
    const response = await browser.get();
    assert.deepEqual(namesIn(response), [`${NAME}.1`, `${NAME}.2`, NAME]);
    for (const name of [`${NAME}.1`, `${NAME}.2`]) {
      assert.equal(browser.cookie(name), undefined);
    }
    const reader = withSession(
      (_request, session) => Response.json(session.get("text")),
      options,
    );
    const headers = { cookie: `${NAME}=${browser.cookie(NAME)}` };
    const next = await reader(new Request("https://example.com/", { headers }));
    assert.equal(await next.json(), "a");
  });
});
