// The quick models of proofs/models, if Debian's spin and gcc are installed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { it } from "node:test";
import { root } from "./process.ts";

const missing = [["spin", "-V"], ["gcc", "--version"]]
  .filter(([name = "", flag = ""]) => spawnSync(name, [flag]).status !== 0)
  .map(([name]) => name);
const skip = missing.length > 0 && `${missing.join(" and ")} missing`;

it("the quick models come out as they should", { skip }, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "proofs/models/run.mjs"), "--quick"],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^[1-9]\d* rows, 0 not as they should be$/m);
});
