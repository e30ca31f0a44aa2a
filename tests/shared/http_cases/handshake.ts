import assert from "node:assert/strict";
import type { Session } from "../../../mod.ts";
import type { HttpCase } from "../harness.ts";
import { assertNoCookie, requestWith, tokenOf } from "../support.ts";

const URL_HERE = "https://example.com/";
const UPGRADE = { upgrade: "WebSocket", connection: "Upgrade" };
const late = { name: "SessionError", code: "late-write" };

/** A handshake with a good cookie, if there is one. */
function handshake(cookie = ""): Request {
  return requestWith(cookie, `${URL_HERE}ws`, { headers: UPGRADE });
}

/** Opening a WebSocket: its answer has no cookie, and must not fail. */
export const handshakeCases: readonly HttpCase[] = [
  {
    name: "a handshake refuses what needs a cookie when it is written",
    async run(harness) {
      const refused: unknown[] = [];
      const writes: ((session: Session) => unknown)[] = [
        (session) => session.set("a", 1),
        (session) => session.update("a", () => 1),
        (session) => session.flash("a", 1),
        (session) => session.login("ada"),
        (session) => session.regenerate(),
        (session) => session.persist(60),
      ];
      const handle = harness.wrap((_request, session) => {
        for (const write of writes) {
          assert.throws(() => write(session), late, `${write}`);
          refused.push(write);
        }
        return new Response(null, { status: 200 });
      });
      assertNoCookie(await handle(handshake()));
      assert.equal(refused.length, writes.length);
    },
  },
  {
    name:
      "a handshake refuses the changes and the end of a session in a cookie",
    sealedOnly: true,
    async run(harness) {
      const handle = harness.wrap((request, session) => {
        if (request.method === "POST") session.set("a", 1);
        else {
          assert.throws(() => session.set("a", 2), late);
          assert.throws(() => session.delete("a"), late);
          assert.throws(() => session.clear(), late);
          assert.throws(() => session.destroy(), late);
        }
        return Response.json(session.get("a"));
      });
      const made = await handle(new Request(URL_HERE, { method: "POST" }));
      const response = await handle(
        handshake(`__Host-sid=${tokenOf(made)}`),
      );
      assertNoCookie(response);
      assert.equal(await response.json(), 1);
    },
  },
  {
    name: "a handshake may read, also later, over its socket",
    async run(harness) {
      let kept: Session | undefined;
      const handle = harness.wrap((request, session) => {
        kept = session;
        if (request.method === "POST") session.login("ada");
        // As Bun's upgrade answers in Hono.
        return new Response(null);
      });
      const made = await handle(new Request(URL_HERE, { method: "POST" }));
      assertNoCookie(await handle(handshake(`__Host-sid=${tokenOf(made)}`)));
      assert.equal(kept?.userId, "ada");
    },
  },
  {
    name: "a handshake that may not log in keeps the values of its user",
    async run(harness) {
      const handle = harness.wrap((request, session) => {
        if (request.method === "POST") {
          session.login("ada");
          session.set("a", 1);
        } else {
          assert.throws(() => session.login("bob"), late);
          assert.throws(() => session.regenerate(), late);
          assert.throws(() => session.persist(true), late);
        }
        return Response.json([session.userId, session.get("a")]);
      }, { persistent: false });
      const made = await handle(new Request(URL_HERE, { method: "POST" }));
      const response = await handle(
        handshake(`__Host-sid=${tokenOf(made)}`),
      );
      assertNoCookie(response);
      assert.deepEqual(await response.json(), ["ada", 1]);
    },
  },
  {
    name: "a handshake for another protocol is a request like any other",
    async run(harness) {
      const handle = harness.wrap((_request, session) =>
        Response.json(session.update("n", (n = 0) => n + 1))
      );
      // As curl --http2 sends it.
      const headers = { upgrade: "h2c", connection: "Upgrade, HTTP2-Settings" };
      const response = await handle(new Request(URL_HERE, { headers }));
      assert.notEqual(tokenOf(response), "");
    },
  },
];
