import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { badCookies } from "../shared/bad_cookies.ts";
import {
  bodyOf,
  craft,
  filled,
  NOW,
  SECRET,
  toBase64url,
} from "../shared/format.ts";
import { contentIn, ringOf } from "../shared/rings.ts";
import { watch } from "../shared/store_bench.ts";
import { type Handler, requestWith, tokenOf } from "../shared/support.ts";

const now = () => NOW * 1000;

const count: Handler = (_request, session) => {
  const n = session.update("n", (n = 0) => n + 1);
  return Response.json([session.id, n]);
};

describe("Attacks by ids", () => {
  it("a write adopts no cookie that was refused", async () => {
    const watched = watch(new MemoryStore({ now }));
    for (const store of [undefined, watched.store]) {
      const purpose = store ? "store" : "session";
      const context = [purpose, "__Host-sid"];
      const handle = withSession(count, { secret: SECRET, now, store });
      const ask = (token: string) => handle(requestWith(`__Host-sid=${token}`));
      const made = await ask("");
      const good = tokenOf(made);
      const [own] = await made.json();
      const sid = filled(16, 0x77);
      const planted = toBase64url(sid).slice(0, 8);
      const bad = await badCookies({ secret: SECRET, purpose, good, now: NOW });
      const tokens = bad.map(({ token }) => token);
      const body = bodyOf({ sid, expires: NOW });
      tokens.push(await craft({ context, body }));
      if (store) {
        // Authentic, and of no record: who has the secret can make it.
        tokens.push(await craft({ context, body: bodyOf({ sid }) }));
      }
      for (const token of tokens) {
        watched.calls.splice(0);
        const first = await ask(token);
        const [id, n] = await first.json();
        assert.equal(n, 1, token.slice(0, 200));
        assert.ok(id !== own && id !== planted);
        const keys = watched.calls.splice(0).map(({ op, key }) => op + key);
        assert.equal(
          new Set(keys.map((key) => key.slice(-43))).size,
          keys.length,
        );
        const after = await (await ask(tokenOf(first))).json();
        assert.deepEqual(after, [id, 2]);
        const [other, again] = await (await ask(token)).json();
        assert.equal(again, 1);
        assert.notEqual(other, id);
      }
    }
  });

  it("the random id has 128 bits, each of which may be either", async () => {
    const ring = ringOf();
    const sessions = createSessions({ secret: SECRET, now });
    const ones = new Uint16Array(128);
    const many = 1_000;
    const seen = new Set<string>();
    for (let i = 0; i < many; i++) {
      const session = sessions.create();
      const { sid } = await contentIn(ring, await sessions.seal(session));
      assert.equal(sid.length, 16);
      assert.equal(session.id, toBase64url(sid).slice(0, 8));
      seen.add(toBase64url(sid));
      for (const bit of ones.keys()) {
        if (sid[bit >> 3]! >> (bit & 7) & 1) ones[bit]!++;
      }
    }
    assert.equal(seen.size, many);
    // Six standard deviations are 95.
    for (const [bit, count] of ones.entries()) {
      assert.ok(Math.abs(count - many / 2) < 110, `bit ${bit}: ${count}`);
    }
  });
});
