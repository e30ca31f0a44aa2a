import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { moved } from "./_foreign.ts";
import { LARGE } from "./_outgrown.ts";

// Sessions in a store as overflow, and what is done beside one that moves.

describe("A session of another library that has moved back", () => {
  it("ends with that, also for a request with its cookie of before", async () => {
    const site = moved({ overflow: new MemoryStore() }, { keep: true });
    const jar = site.old();
    const write = async (length: number) => {
      await site.visit(jar, (_request, session) => {
        session.set("text", "x".repeat(length));
        return new Response();
      });
      return { ...jar };
    };
    const before = await write(LARGE);
    await write(10);
    const seen = ["ann", { cart: [1, 2], text: "x".repeat(10) }];
    assert.deepEqual(await (await site.visit({ ...before })).json(), seen);
    site.other.sessions.clear();
    assert.deepEqual(await (await site.visit(before)).json(), [null, {}]);
    assert.deepEqual(await (await site.visit(jar)).json(), [null, {}]);
  });
});
