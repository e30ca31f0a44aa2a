import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { moved } from "../request/_foreign.ts";

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
