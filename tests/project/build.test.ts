import assert from "node:assert/strict";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { root, start } from "./process.ts";

// What is built or installed, and what is not of the checkout.
const LEFT_OUT = new Set(["node_modules", "dist", ".git"]);

describe("a build", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "with-session-build-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Copies the checkout, with its packages linked from elsewhere. */
  function copy(path: string, modules: string): string {
    const checkout = join(folder, path);
    cpSync(root, checkout, {
      recursive: true,
      filter: (source) =>
        !relative(root, source).split(/[\\/]/)
          .some((name) => LEFT_OUT.has(name)),
    });
    symlinkSync(modules, join(checkout, "node_modules"), "junction");
    return checkout;
  }

  async function build(
    checkout: string,
    env: Record<string, string>,
  ): Promise<[number, string]> {
    const command = [process.execPath, join(checkout, "tools/build.mjs")];
    const { child, output } = start(command, { cwd: checkout, env });
    const [code] = await once(child, "close");
    return [code, output()];
  }

  it("is the same wherever the checkout lies", async () => {
    const built = [];
    for (const path of ["plain", "src", "tests/src/asked"]) {
      const checkout = copy(path, join(root, "node_modules"));
      // Should it come to that, npm must not get at the packages of whoever
      // runs the tests.
      const [code, output] = await build(checkout, { PATH: "" });
      assert.equal(code, 0, output);
      const dist = join(checkout, "dist");
      const files = globSync("**/*.*", { cwd: dist }).sort();
      assert.ok(files.includes("mod.js"), files.join());
      built.push(
        files.map((file) => [file, readFileSync(join(dist, file), "utf8")]),
      );
    }
    assert.deepEqual(built[1], built[0]);
    assert.deepEqual(built[2], built[0]);
  });

  it("installs nothing through a link", async () => {
    const others = join(folder, "others");
    mkdirSync(others);
    const theirs = join(others, "theirs.txt");
    writeFileSync(theirs, "");
    writeFileSync(
      join(others, ".package-lock.json"),
      JSON.stringify({ packages: { "node_modules/theirs": {} } }),
    );
    const env = { npm_config_offline: "true" };
    const [code, output] = await build(copy("linked", others), env);
    assert.equal(code, 1);
    assert.match(output, /node_modules is a link.*Remove the link/);
    assert.ok(existsSync(theirs));
  });
});
