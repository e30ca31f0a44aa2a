import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, withSessions } from "../../mod.ts";
import { requestWith } from "../shared/support.ts";

type Names = "one" | "two";

/** An answer to a request of two sessions, and what its fields say. */
async function answer(
  act: (sessions: Record<Names, Session>) => unknown,
  cookie = "",
  headers: HeadersInit = {},
): Promise<{ headers: Headers; lines: string[]; cookie: string }> {
  const handle = withSessions(OPTIONS, (_request, sessions) => {
    act(sessions);
    return new Response("", { headers });
  });
  const { headers: said } = await handle(requestWith(cookie));
  const lines = said.getSetCookie();
  const pairs = lines.map((line) => line.split(";", 1)[0]);
  return { headers: said, lines, cookie: pairs.join("; ") };
}

const secret = "a secret of 32 bytes and a bit more: x9!";
const OPTIONS = { one: { secret, clearCache: true }, two: { secret } };

const both = ({ one, two }: Record<Names, Session>) => {
  one.set("a", 1);
  two.set("a", 1);
};

describe("A response of several sessions", () => {
  it("sets the cookie of the one that was written, if another was read", async () => {
    const { lines, headers } = await answer(({ one, two }) => {
      one.get("a");
      two.set("a", 1);
    });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^__Host-two=./);
    assert.equal(headers.get("cache-control"), "no-store");
  });

  it("is for nobody else if one of them is signed in", async () => {
    const { cookie } = await answer(({ one }) => one.login("ada"));
    const { headers } = await answer(({ one, two }) => {
      one.get("a");
      two.get("a");
    }, cookie);
    assert.equal(headers.get("cache-control"), "no-store");
  });

  it("drops what the handler has set by the name of one of them", async () => {
    const headers = new Headers();
    headers.append("set-cookie", "__Host-two=evil; Path=/; Secure");
    headers.append("set-cookie", "c=3");
    const { lines } = await answer(both, "", headers);
    assert.equal(lines.length, 3);
    assert.doesNotMatch(lines.join(), /evil/);
    assert.equal(lines[0], "c=3");
  });

  it("reads the scope of another cookie as browsers do", async () => {
    const ours = "__Host-two";
    for (
      const [scope, isOurs] of [
        ["; Path=/; Secure", true],
        ["; Secure", true],
        ["; path = / ; Secure", true],
        ["; Domain=; Path=/; Secure", true],
        ["; Path= /app ; Secure", false],
        ["; Domain=a.example; Path=/; Secure", false],
      ] as const
    ) {
      const headers = { "set-cookie": `${ours}=theirs${scope}` };
      const { lines } = await answer(both, "", headers);
      assert.equal(/theirs/.test(lines.join()), !isOurs, scope);
    }
  });

  it("clears what is cached if the one has ended that asks for it", async () => {
    const { cookie } = await answer(both);
    const clearing = async (
      act: (sessions: Record<Names, Session>) => unknown,
      headers: HeadersInit = {},
    ) => {
      const { headers: said } = await answer(act, cookie, headers);
      return said.get("clear-site-data");
    };
    const field = "clear-site-data";
    const end = ({ one, two }: Record<Names, Session>) => {
      one.destroy();
      two.set("a", 2);
    };
    assert.equal(await clearing(end), '"cache"');
    // What the handler says stays, and is not said twice.
    assert.equal(
      await clearing(end, { [field]: '"cookies"' }),
      '"cookies", "cache"',
    );
    const said = '"cache", "cookies"';
    assert.equal(await clearing(end, { [field]: said }), said);
    // The other one does not ask for it.
    assert.equal(await clearing(({ two }) => two.destroy()), null);
    assert.equal(await clearing(({ one }) => one.set("a", 2)), null);
    const { headers } = await answer(
      ({ one }) => one.get("a"),
      "__Host-one=deleted",
    );
    assert.equal(headers.getSetCookie().length, 1);
    assert.equal(headers.get(field), null);
  });
});
