import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { breakLibrary } from "../../proofs/soak/broken.ts";
import { FAULTS } from "../../proofs/soak/faults.ts";
import { run } from "../../proofs/soak/run.ts";
import { found as postgres } from "./postgres.ts";
import { found as redis } from "./redis.ts";

// A short one of `npm run soak`: that it still runs, and still finds something.
// What it cannot find in so little time is for the long one.

const SECONDS = 16;
const root = new URL("../../", import.meta.url);
const seed = Math.floor(Math.random() * 1e6);

for (const [store, found] of Object.entries({ redis, postgres })) {
  const skip = found.skip ||
    found.path === undefined && "it kills its servers, and needs its own";
  describe(`a short soak on ${store}`, { skip, concurrency: true }, () => {
    after(() => console.log(`seed of the soak on ${store}: ${seed}`));
    const options = {
      store: store as "redis" | "postgres",
      seconds: SECONDS,
      seed,
      faults: FAULTS,
      root,
    };

    it("breaks no promise", async () => {
      const { breaks, report: { figures } } = await run(options);
      assert.deepEqual(breaks, []);
      assert.ok(figures.writes > 20, "Hardly anything was written");
      assert.ok(figures.unknown > 0, "Nothing went wrong");
    });

    it("finds logouts that end nothing", async () => {
      const { breaks } = await run({
        ...options,
        seconds: SECONDS / 2,
        faults: [],
        root: breakLibrary("no-delete"),
      });
      assert.ok(breaks.some(({ rule }) => rule === "undone end"));
    });
  });
}
