import assert from "node:assert/strict";
import { it } from "node:test";
import { resolveOptions } from "../../src/options/resolve.ts";
import { visitOf } from "../../src/session/begin.ts";
import { setUp } from "../shared/support.ts";

it("a visit without a request is the visitor's own, and others have to show it", () => {
  const settings = resolveOptions(setUp().options);
  assert.equal(visitOf(settings).isNavigation, true);
  // Headers are only looked at where it matters.
  const request = new Request("https://example.com/", {
    headers: { "sec-fetch-dest": "document" },
  });
  assert.equal(visitOf(settings, request).isNavigation, false);
});
