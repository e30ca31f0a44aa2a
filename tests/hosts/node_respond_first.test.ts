// The first response of a process that has a cookie waits for the part that sets
// it. Each file of tests has a process of its own, so this stands alone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Directives } from "../../src/http/directives.ts";
import { markAgain } from "../../src/node/respond.ts";
import { NotedResponse } from "./_node_response.ts";

describe("the first cookies of a process", () => {
  it("are all said once the part is loaded", async () => {
    const res = new NotedResponse();
    const noted: Directives[] = [];
    const all = [{ setCookie: ["a=1"] }, { setCookie: ["b=2"] }];
    await markAgain(res.whole, all, { note: (said) => void noted.push(said) });
    assert.deepEqual(res.getHeader("set-cookie"), ["a=1", "b=2"]);
    assert.equal(res.getHeader("cache-control"), "no-store");
    assert.equal(noted.length, 2);
  });
});
