import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { pack } from "./packed.ts";
import { root, run } from "./process.ts";

const jest = "jest@30.5.2";

describe("Jest", () => {
  it("runs a test that requires the package", async (t) => {
    await using packed = await pack({});
    const { project, tarball } = packed;
    const npm = ["npm", "install", "--no-audit", "--no-fund"];
    try {
      await run([...npm, "--prefer-offline", jest, tarball], { cwd: project });
    } catch (error) {
      if (
        !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT/.test(
          `${error}`,
        )
      ) throw error;
      return t.skip(`npm has no ${jest} for want of a network`);
    }
    const file = "tests/project/jest_program.cjs";
    await copyFile(join(root, file), join(project, "program.test.js"));
    const start = join(project, "node_modules/jest/bin/jest.js");
    for (const runtime of [runtimes.node, runtimes.node22]) {
      await run([runtime, start, "--ci", "--runInBand"], { cwd: project });
    }
  });
});
