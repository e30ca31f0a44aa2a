import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { breakLibrary } from "../../proofs/soak/broken.ts";
import { FAULTS } from "../../proofs/soak/faults.ts";
import type { Break, History, Op } from "../../proofs/soak/history.ts";
import {
  prepare,
  run,
  type RunOptions,
  type Stage,
} from "../../proofs/soak/run.ts";
import { found as postgres } from "./postgres.ts";
import { found as redis } from "./redis.ts";
import type { FoundServer } from "./server.ts";

// A short one of `npm run soak`: that it still runs, and still finds something.
// What it cannot find in so little time is for the long one.

const seed = Math.floor(Math.random() * 1e6);
const options = (store: "redis" | "postgres"): RunOptions => ({
  store,
  seconds: 12,
  seed,
  faults: FAULTS,
  root: new URL("../../", import.meta.url),
});
const cases = [
  { found: postgres, options: options("postgres") },
  { found: redis, options: options("redis") },
];
const skips = ({ path, skip }: FoundServer) =>
  skip || path === undefined && "it kills its servers, and needs its own";

/** What was broken, and all that the visitors who met it had done. */
function storyOf(breaks: readonly Break[], ops: readonly Op[]): string {
  const told = breaks.map(({ rule, text }) => `${rule}: ${text}`);
  const theirs = ops.filter(({ browser, kind }) =>
    kind === "revokeAll" || told.some((line) => line.includes(`${browser}.`))
  );
  const lines = theirs.map((each) => JSON.stringify(each));
  return [`seed ${seed}`, ...told, ...lines].join("\n");
}

describe("a short soak", { concurrency: true }, () => {
  // A database that makes its files keeps this process from all else.
  let ready: Promise<Stage | void> = Promise.resolve();

  for (const { found, options } of cases) {
    const { store } = options;
    it(`breaks no promise on ${store}`, { skip: skips(found) }, async () => {
      const preparing = ready.then(() => prepare(options));
      ready = preparing;
      const stage = await preparing;
      await ready;
      let ops: readonly Op[] = [];
      const onHistory = (history: History) => ops = history.ops;
      const result = await run({ ...options, onHistory }, stage);
      const { breaks, report: { figures } } = result;
      if (breaks.length) assert.fail(storyOf(breaks, ops));
      assert.ok(figures.writes > 20, "Hardly anything was written");
      assert.ok(figures.unknown > 0, "Nothing went wrong");
    });
  }

  it("finds logouts that end nothing", { skip: skips(redis) }, async () => {
    await ready;
    const { breaks } = await run({
      ...options("redis"),
      seconds: 6,
      faults: [],
      root: breakLibrary("no-delete"),
    });
    assert.ok(breaks.some(({ rule }) => rule === "undone end"));
  });
});
