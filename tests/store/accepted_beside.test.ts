import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { end, moved, STORES } from "../request/_foreign.ts";

// Two requests with one session of another library, whose calls of the store
// come in any order.

const ANN = ["ann", { cart: [1, 2] }];

describe("a request beside the one that takes a session over", () => {
  for (const number of [1, 2]) {
    it(`has the same, if that is answered after its call ${number}`, async () => {
      const faulty = createFaultyStore(new MemoryStore());
      const { old, visit, options } = moved({ store: faulty.store });
      const copy = old();
      let first: Promise<unknown> | undefined;
      // A second call of it would wait for itself.
      const after = () => first ??= visit(old());
      faulty.on("get", number, { after });
      assert.deepEqual(await (await visit(copy)).json(), ANN);
      assert.ok(first);
      assert.deepEqual(await (await visit(copy)).json(), ANN);
      assert.equal(await createSessions(options).count("ann"), 1);
    });
  }
});

describe("a logout by a copy from before a login", () => {
  it("does not end that", async () => {
    const site = moved({ store: new MemoryStore() });
    // What is sealed in a cookie cannot be ended there.
    site.other.sessions.delete = () => true;
    const [id = ""] = site.other.sessions.keys();
    site.other.sessions.set(id, { data: { cart: [1, 2] } });
    const jar = site.old();
    await site.visit(jar);
    await site.visit(jar, async (_request, session) => {
      await session.login("ann");
      return new Response();
    });
    site.clock.advance(600);
    await site.visit(site.old(), end);
    assert.deepEqual(await (await site.visit(jar)).json(), ANN);
  });
});

describe("a session of another library that is another user's by now", () => {
  for (const [where, options] of Object.entries(STORES)) {
    it(`shows nothing of who was there before, ${where}`, async () => {
      const others = [{ user: "bob", data: { n: 1 } }, { data: { n: 2 } }];
      for (const keep of [true, false]) {
        for (const theirs of others) {
          const site = moved(options(), { keep });
          const [id = ""] = site.other.sessions.keys();
          await site.visit(site.old());
          site.other.sessions.set(id, theirs);
          // The answer was lost, or is of another host.
          const jar = site.old();
          const seen = [theirs.user ?? null, theirs.data];
          for (let i = 0; i < 2; i++) {
            assert.deepEqual(await (await site.visit(jar)).json(), seen);
          }
        }
      }
    });
  }
});
