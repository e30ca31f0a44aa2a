import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { breakLibrary } from "../../proofs/caches/broken.ts";
import { type CacheName, CACHES } from "../../proofs/caches/caches.ts";
import { readOptions } from "../../proofs/caches/options.ts";
import { play, type PlayOptions } from "../../proofs/caches/play.ts";
import { found as varnish } from "../../proofs/caches/varnish.ts";
import { found as nginx } from "./nginx.ts";

// A short one of `npm run caches`: that it still runs, and still finds
// something.

const seed = Math.floor(Math.random() * 1e6);
const options = (cache: CacheName): PlayOptions => ({
  cache,
  requests: 800,
  seed,
  root: new URL("../../", import.meta.url),
});

function skipOf(cache: CacheName): string | false {
  if (cache.startsWith("varnish")) return varnish.skip;
  return cache === "nginx" && nginx.skip;
}

describe("visitors behind a shared cache", { concurrency: true }, () => {
  for (const cache of CACHES) {
    it(`get nothing of each other from ${cache}`, {
      skip: skipOf(cache),
    }, async () => {
      const { breaks, figures } = await play(options(cache));
      assert.deepEqual({ seed, breaks }, { seed, breaks: [] });
      assert.ok(figures.hits >= 5, `seed ${seed}: hardly anything was kept`);
      assert.ok(figures.touched > 200, "Hardly any session was looked at");
      assert.ok(figures.failed < 8, `seed ${seed}: requests failed`);
    });
  }

  it("would get each other's pages if these were not private", async () => {
    const { breaks } = await play({
      ...options("workers"),
      root: breakLibrary("no-private"),
      stopsEarly: true,
    });
    assert.ok(breaks.length > 0, `seed ${seed}: nothing was found`);
  });

  it("are played by what the command line says", () => {
    const args = ["--requests=500", "--seed=7", "--cache=nginx,cdn"];
    const { requests, seed, caches } = readOptions(args);
    assert.deepEqual([requests, seed, caches], [500, 7, ["nginx", "cdn"]]);
    for (const arg of ["--requests=0.5", "--cache=squid", "--fast"]) {
      assert.throws(() => readOptions([arg]), RangeError, arg);
    }
  });
});
