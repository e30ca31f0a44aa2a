import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import * as mod from "../../mod.ts";
import { compileFiles, compilers } from "./consumer.ts";
import { nameOf, storeOf, subpaths } from "./doors.ts";
import { bundlers } from "./doors_bundled.ts";
import { addRunners, addVisits } from "./doors_runners.ts";
import { typedPrograms } from "./doors_types.ts";
import { pack, type Packed } from "./packed.ts";
import { run } from "./process.ts";

const nodes = ["node", "node22"] as const;
const runners = ["jest@30.5.2", "vitest@5.1.2"];
/** What `mod.ts` has besides sessions. */
const SMALL = ["SessionError", "checkKey", "generateSecret"];

describe("each door of the package", () => {
  let packed: Packed;
  before(async () => {
    packed = await pack({});
    await addVisits(packed.project);
  });
  after(() => packed?.[Symbol.asyncDispose]());

  it("has a visit", () => {
    const visits = createRequire(import.meta.url)("./doors_visits.cjs");
    assert.deepEqual(Object.keys(visits).sort(), subpaths.toSorted());
  });

  for (const node of nodes) {
    const visit = (...flags: string[]) => {
      const more = ["--import=./doors_hooks.mjs", "doors_program.mjs"];
      const command = [runtimes[node], ...flags, ...more];
      return run(command, { cwd: packed.project });
    };

    it(`opens by import and require(), which share it, in ${node}`, async () => {
      assert.match(await visit(), /^one copy$/m);
    });

    it(`opens where require() loads no modules, in ${node}`, async () => {
      const output = await visit("--no-experimental-require-module");
      assert.match(output, /^two copies$/m);
    });
  }

  for (const compiler of Object.keys(compilers)) {
    for (const resolution of ["nodenext", "node16", "bundler"]) {
      it(`has its types in .mts and .cts, by ${compiler}, ${resolution}`, async () => {
        await compileFiles(packed.project, {
          compiler,
          resolution,
          types: ["node"],
          // Types of the newest Node want those of the newest TypeScript.
          more: { skipLibCheck: true },
        }, { ...typedPrograms("mts"), ...typedPrograms("cts") });
      });
    }
  }

  for (const [bundler, bundle] of Object.entries(bundlers)) {
    it(`leaves nothing in a program that does not use it, by ${bundler}`, async () => {
      for (const subpath of subpaths) {
        const name = JSON.stringify(nameOf(subpath));
        for (const clause of ["", "* as door from "]) {
          const code = await bundle(packed.project, `import ${clause}${name};`);
          assert.equal(code, "", subpath);
        }
      }
    });

    it(`brings no core with a store, by ${bundler}`, async () => {
      for (const subpath of subpaths) {
        const name = storeOf(subpath);
        if (!name) continue;
        const program = `export { ${name} } from "${nameOf(subpath)}";`;
        const code = await bundle(packed.project, program);
        const names = [name, "LiveSession", "FLAG", "onDemand", "RULES"];
        assert.deepEqual(declaredIn(code, names), [name], subpath);
      }
    });

    it(`brings no other name of mod.ts than is used, by ${bundler}`, async () => {
      const names = Object.keys(mod);
      for (const name of names) {
        const program = `export { ${name} } from "with-session";`;
        const code = await bundle(packed.project, program);
        const isSmall = SMALL.includes(name);
        const expected = isSmall ? [name] : ["SessionError", name];
        assert.deepEqual(declaredIn(code, names), expected.sort(), name);
        assert.equal(code.length < 400, isSmall, `${name}: ${code.length}`);
      }
    });
  }

  describe("in test runners", () => {
    let project: string;
    let missing: string | undefined;
    before(async () => {
      project = join(packed.project, "runners");
      missing = await addRunners(project, [...runners, packed.tarball]);
    });

    const jest = ["node_modules/jest/bin/jest.js", "--ci", "--runInBand"];
    const modules = "--experimental-vm-modules";
    const ways: Readonly<Record<string, readonly string[]>> = {
      "Jest, by require()": [...jest, String.raw`\.cjs$`],
      "Jest, by import": [modules, ...jest, String.raw`\.mjs$`],
      "Vitest, by import": ["node_modules/vitest/vitest.mjs", "run"],
    };
    for (const node of nodes) {
      for (const [way, args] of Object.entries(ways)) {
        it(`opens in ${way}, in ${node}`, async (t) => {
          if (missing) return t.skip(missing);
          await run([runtimes[node], ...args], { cwd: project });
        });
      }
    }
  });
});

/** Which of these names a bundle declares, in order. */
function declaredIn(code: string, names: readonly string[]): string[] {
  return names.filter((name) =>
    new RegExp(`^(?:async )?(?:function|class|const|let|var) ${name}\\b`, "m")
      .test(code)
  );
}
