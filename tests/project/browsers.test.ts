// The quick visits of proofs/browsers in each engine that is installed.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type Engine,
  ENGINES,
  find,
} from "../../proofs/browsers/engines/engine.ts";
import { engines, visits } from "../../proofs/browsers/suite.ts";
import { differences, expectedOf } from "../../proofs/browsers/visit.ts";
import { World } from "../../proofs/browsers/world.ts";
import { read } from "./manifests.ts";

const quick = visits.filter(({ isQuick }) => isQuick);

for (const name of ENGINES) {
  const { programs, launch } = engines[name];
  const skip = find(programs).missing || false;

  describe(`in ${name}`, () => {
    let engine: Engine;
    before(async () => {
      if (!skip) engine = await launch();
    });
    after(() => engine?.close());

    for (const visit of quick) {
      it(visit.name, { skip }, async () => {
        const world = new World(engine);
        try {
          assert.deepEqual(await visit.run(world), expectedOf(visit, name));
        } finally {
          await world.end();
        }
      });
    }
  });
}

describe("docs/security.md", () => {
  it("says where browsers differ", () => {
    const page = read("docs/security.md");
    const [, section = ""] = page.split("### Where browsers differ\n");
    const [ours = ""] = section.split(/^#/m);
    const rows = ours.split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
    // The first two are its head.
    assert.deepEqual(rows.slice(2), differences(visits));
  });
});
