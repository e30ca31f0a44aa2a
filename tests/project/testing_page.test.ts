// docs/testing.md and its programs. What Vitest, Jest and Playwright run needs
// the registry of npm: `npm run test:frameworks -- --only=testing`.

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { read } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";
import { root, run } from "./process.ts";

const FOLDER = "integrations/testing";
const page = read("docs/testing.md");
const { scripts, devDependencies } = JSON.parse(read(`${FOLDER}/package.json`));

describe("docs/testing.md", () => {
  it("shows its programs as a whole", () => {
    const blocks = [
      ...page.matchAll(/^<!-- (\S+) -->\n\n```ts ignore\n([\s\S]*?)^```$/gm),
    ];
    assert.equal(blocks.length, 7);
    for (const [, path = "", code] of blocks) {
      assert.equal(code, read(path), path);
    }
  });

  it("says of Bun, Vitest and Jest that they differ in one line", () => {
    const linesOf = (runner: string) => {
      const text = read(`${FOLDER}/tests/${runner}.test.ts`);
      const [first = "", ...rest] = text.split("\n");
      return { first, rest };
    };
    const vitest = linesOf("vitest");
    for (
      const [runner, name] of [["bun", "bun:test"], ["jest", "@jest/globals"]]
    ) {
      const { first, rest } = linesOf(runner as string);
      assert.equal(first, vitest.first.replace("vitest", name as string));
      assert.deepEqual(rest, vitest.rest);
    }
  });

  it("names the versions that were tried, and each runner has a script", () => {
    const { devDependencies: ours } = JSON.parse(read("package.json"));
    const all = { ...devDependencies, deno: ours.deno, bun: ours.bun };
    const rows = [...page.matchAll(/^\| .+? \| `(.+?)` (\d\S+)/gm)];
    assert.equal(rows.length, 5);
    for (const [, name = "", version] of rows) {
      assert.equal(version, all[name], name);
    }
    for (
      const name of ["node", "deno", "bun", "vitest", "jest", "playwright"]
    ) {
      assert.ok(scripts[name]);
      assert.match(scripts.test, new RegExp(`npm run ${name}( |$)`));
    }
  });

  describe("from the package", () => {
    let packed: Packed;
    before(async () => {
      packed = await pack();
      for (const name of ["src", "tests"]) {
        const from = join(root, FOLDER, name);
        cpSync(from, join(packed.project, name), { recursive: true });
      }
    });
    after(() => packed?.[Symbol.asyncDispose]());

    const commands: Readonly<Record<string, readonly string[]>> = {
      node: [runtimes.node, "--test", "tests/node.test.ts"],
      // There are no types of Node here for it to check with.
      deno: [runtimes.deno, "test", "--no-check", "tests/deno.test.ts"],
      bun: [runtimes.bun, "test", "./tests/bun.test.ts"],
    };
    for (const [name, command] of Object.entries(commands)) {
      it(`runs its tests in ${name}`, async () => {
        await run([...command], { cwd: packed.project });
      });
    }
  });
});
