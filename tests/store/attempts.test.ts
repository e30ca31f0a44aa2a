import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, StoreBench } from "../shared/store_bench.ts";
import { requestWith, setUp } from "../shared/support.ts";

// What a record says of its last writes.

/** What names the writes of the one record that a store has had calls for. */
async function namesIn({ watched }: StoreBench): Promise<string> {
  const { value = "" } =
    await watched.store.get(watched.calls.at(-1)?.key ?? "") ?? {};
  return JSON.parse(value)["~w"];
}

describe("the writes that a record names", () => {
  it("are eight at most, in six characters each", async () => {
    const { random } = Math;
    const bench = setUp();
    const store = new MemoryStore({ now: () => bench.clock.now });
    const inStore = new StoreBench(bench, { store });
    let writes = 0;
    try {
      // In base 36, such a number has more digits than are needed, or fewer.
      Math.random = () => writes++ % 2 ? 0.5 : 0.1 + writes / 1000;
      const made = await inStore.act("", (session) => session.set("n", 0));
      const request = requestWith(cookieOf(made));
      const session = await inStore.sessions.open(request);
      const lengths = [(await namesIn(inStore)).length];
      for (let n = 1; n <= 9; n++) {
        session.set("n", n);
        await session.save();
        lengths.push((await namesIn(inStore)).length);
      }
      assert.deepEqual(lengths, [6, 12, 18, 24, 30, 36, 42, 48, 48, 48]);
    } finally {
      Math.random = random;
    }
  });
});
