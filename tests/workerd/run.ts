// Runs what runs in all runtimes inside workerd: node --test tests/workerd/run.ts

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { portableFolders, root } from "../../tools/paths.mjs";
import { type Bundle, bundle } from "./bundle.ts";
import { describeShims } from "./shim_checks.ts";
import { startWorkers, type WorkerTest } from "./workers.ts";

const files = portableFolders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => `${folder}/${name}`)
);
const fixture = "tests/workerd/fixture.ts";

// A file that cannot be bundled fails by itself; the others still run.
const bundles: Bundle[] = [await bundle(fixture)];
for (const file of files) {
  try {
    bundles.push(await bundle(file));
  } catch (error) {
    it(`bundles ${file}`, () => {
      throw error;
    });
  }
}
const { tests, stop } = await startWorkers(bundles);
after(stop);

describe("shims", () => {
  describeShims(tests.filter(({ file }) => file === fixture));
});

const portable = tests.filter(({ file }) => file !== fixture);
for (const [flags, inFlags] of Map.groupBy(portable, ({ flags }) => flags)) {
  describe(flags, () => {
    for (const [file, inFile] of Map.groupBy(inFlags, ({ file }) => file)) {
      describe(file, () => register(inFile));
    }
  });
}

/** Registers tests under the same `describe` names as in their file. */
function register(tests: WorkerTest[], depth = 0): void {
  const groups = Map.groupBy(
    tests,
    ({ path }) => path.length > depth + 1 ? path[depth] : undefined,
  );
  for (const [name, inGroup] of groups) {
    if (name !== undefined) {
      describe(name, () => register(inGroup, depth + 1));
      continue;
    }
    for (const { path, skip, run } of inGroup) {
      it(path.at(-1) ?? "", { skip: skip ?? false }, run);
    }
  }
}
