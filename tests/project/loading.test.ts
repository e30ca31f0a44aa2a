import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadedBy, namesOf, partPaths, REQUESTS, rows } from "./loading.ts";
import { read } from "./manifests.ts";
import { root } from "./process.ts";

describe("what is loaded on demand", () => {
  it("is in the table of decision 017", () => {
    const text = read("src/on_demand.ts");
    const loaded = [...text.matchAll(/\bimport\(\s*"\.\/(.*?)"/g)]
      .map(([, path]) => `src/${path}`);
    assert.deepEqual([...new Set(loaded)].sort(), partPaths.toSorted());
    assert.deepEqual(
      rows.map(({ request }) => request),
      Object.keys(REQUESTS),
    );
  });

  for (const { request, parts } of rows) {
    it(`is what the table says, by a request that ${request}`, async () => {
      const asking = REQUESTS[request];
      assert.ok(asking);
      const loaded = await loadedBy(root, asking);
      assert.deepEqual(
        loaded.start.filter((path) => partPaths.includes(path)),
        [],
      );
      const found = partPaths.filter((path) => loaded.request.includes(path));
      assert.deepEqual(namesOf(found), parts);
      assert.equal(loaded.request.length > 0, parts.length > 0);
    });
  }
});
