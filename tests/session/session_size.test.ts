import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession } from "../../mod.ts";
import { lineOf, type MoreOptions, setUp } from "../shared/support.ts";

/** A text that makes the JSON of a session with it so many bytes long. */
function textFor(bytes: number): string {
  return "x".repeat(bytes - '{"a":""}'.length);
}

async function sealText(text: string, more?: MoreOptions): Promise<string> {
  const sessions = createSessions(setUp(more).options);
  const session = sessions.create();
  session.set("a", text);
  return await sessions.seal(session);
}

const OVERSIZE = { name: "SessionError", code: "oversize" };

describe("Session size", () => {
  it("2990 bytes of JSON fit, 2991 do not", async () => {
    const token = await sealText(textFor(2_990));
    assert.ok("__Host-sid".length + token.length <= 4_096);
    await assert.rejects(sealText(textFor(2_991)), OVERSIZE);
  });

  it("a longer cookie name leaves less room", async () => {
    const cookie = { name: `__Host-${"n".repeat(300)}` };
    await assert.rejects(sealText(textFor(2_990), { cookie }), OVERSIZE);
    const token = await sealText(textFor(2_990 - 225), { cookie });
    assert.ok(cookie.name.length + token.length <= 4_096);
  });

  it("name and token may be 4096 bytes, and not one more", async () => {
    const sizes = new Set<number>();
    for (let more = 0; more < 4; more++) {
      const cookie = { name: `__Host-sid${"n".repeat(more)}` };
      for (let bytes = 2_980; bytes <= 2_992; bytes++) {
        const token = await sealText(textFor(bytes), { cookie }).catch(() =>
          ""
        );
        if (token) sizes.add(cookie.name.length + token.length);
      }
    }
    assert.equal(Math.max(...sizes), 4_096);
  });

  it("is what cookie.maxBytes says, if that is less", async () => {
    const cookie = { maxBytes: 1_000 };
    const token = await sealText(textFor(600), { cookie });
    assert.ok("__Host-sid".length + token.length <= 1_000);
    await assert.rejects(sealText(textFor(700), { cookie }), (error: Error) => {
      assert.match(error.message, /^Cookie of \d+ bytes, 1000 at most: /);
      return true;
    });
  });

  it("a text is counted in bytes, not in characters", async () => {
    const room = 2_990 - '{"a":""}'.length;
    await sealText("č".repeat(room / 2));
    await assert.rejects(sealText("č".repeat(room / 2 + 1)), OVERSIZE);
    await sealText("🐎".repeat(Math.floor(room / 4)));
    await assert.rejects(
      sealText("🐎".repeat(Math.floor(room / 4) + 1)),
      OVERSIZE,
    );
  });

  it("owner and notices count as well", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const fill: ((session: ReturnType<typeof sessions.create>) => void)[] = [
      (session) => session.login("u"),
      (session) => session.flash("f", 1),
      (session) => session.persist(60),
    ];
    for (const more of fill) {
      const session = sessions.create();
      session.set("a", textFor(2_990));
      await sessions.seal(session);
      more(session);
      await assert.rejects(sessions.seal(session), OVERSIZE);
    }
  });

  it("the error names the bytes and the largest keys, not the values", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("small", "s");
    session.set("essay", "swordfish ".repeat(300));
    session.set("list", Array.from({ length: 50 }, () => "swordfish"));
    session.set("note", "swordfish".repeat(9));
    session.flash("notice", "swordfish".repeat(20));
    let message = "";
    await assert.rejects(sessions.seal(session), (error: unknown) => {
      message = (error as Error).message;
      return (error as { code: string }).code === "oversize";
    });
    const [event] = events;
    assert.ok(event?.type === "oversize");
    assert.ok(message.includes(String(event.bytes)));
    assert.ok(message.includes("4096"));
    assert.match(
      message,
      /\bessay\b\D*3002\b.*\blist\b\D*601\b.*\bnote\b\D*83\b/,
    );
    assert.equal(message.includes("small"), false);
    assert.equal(message.includes("~"), false, "Only keys of the program");
    assert.equal(message.includes("swordfish"), false);
  });

  it("a session that shrinks in time is kept", async () => {
    const { options } = setUp();
    const handle = withSession((_request, session) => {
      session.set("a", "x".repeat(5_000));
      session.set("a", "x");
      return new Response();
    }, options);
    lineOf(await handle(new Request("https://example.com/")));
  });
});
