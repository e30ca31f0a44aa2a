import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { breakLibrary } from "../../proofs/soak/broken.ts";
import { FAULTS } from "../../proofs/soak/faults.ts";
import { run } from "../../proofs/soak/run.ts";
import { found as postgres } from "./postgres.ts";
import { found as redis } from "./redis.ts";
import type { FoundServer } from "./server.ts";

// A short one of `npm run soak`: that it still runs, and still finds something.
// What it cannot find in so little time is for the long one.

const SECONDS = 12;
const root = new URL("../../", import.meta.url);
const seed = Math.floor(Math.random() * 1e6);
const isOurs = ({ path, skip }: FoundServer) =>
  skip || path === undefined && "it kills its servers, and needs its own";

describe("a short soak", { concurrency: true }, () => {
  for (const [store, found] of Object.entries({ redis, postgres })) {
    it(`breaks no promise on ${store}`, { skip: isOurs(found) }, async () => {
      const { breaks, report: { figures } } = await run({
        store: store as "redis" | "postgres",
        seconds: SECONDS,
        seed,
        faults: FAULTS,
        root,
      });
      assert.deepEqual({ seed, breaks }, { seed, breaks: [] });
      assert.ok(figures.writes > 20, "Hardly anything was written");
      assert.ok(figures.unknown > 0, "Nothing went wrong");
    });
  }

  it("finds logouts that end nothing", { skip: isOurs(redis) }, async () => {
    const { breaks } = await run({
      store: "redis",
      seconds: SECONDS / 2,
      seed,
      faults: [],
      root: breakLibrary("no-delete"),
    });
    assert.ok(breaks.some(({ rule }) => rule === "undone end"));
  });
});
