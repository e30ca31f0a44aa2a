import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsr, npm, read } from "./manifests.ts";

describe("manifests", () => {
  it("package.json and deno.json name the same version and licence", () => {
    assert.equal(npm.version, jsr.version);
    assert.equal(npm["license"], jsr.license);
  });

  it("package.json and deno.json export the same", () => {
    const { "./package.json": _manifest, ...exports } = npm.exports;
    const expected = Object.entries(jsr.exports).map(([name, path]) => {
      const base = path.replace("./", "").replace(/\.ts$/, "");
      const filesIn = (folder: string) => ({
        types: `${folder}/${base}.d.ts`,
        default: `${folder}/${base}.js`,
      });
      const module = filesIn("./dist");
      // One copy for both ways of loading, where they can share it.
      const require = {
        "module-sync": module.default,
        ...filesIn("./dist/cjs"),
      };
      return [name, { require, ...module }];
    });
    assert.deepEqual(exports, Object.fromEntries(expected));
  });

  it("CHANGELOG.md has a heading for the version", () => {
    const headings = read("CHANGELOG.md").match(/^## .*$/gm) ?? [];
    assert.ok(
      headings.some((heading) =>
        heading.includes(npm.version) || /unreleased/i.test(heading)
      ),
    );
  });
});
