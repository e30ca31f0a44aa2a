import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { entryPoints, read } from "./manifests.ts";
import { root, run, secret } from "./process.ts";

describe("docs", () => {
  it("every exported symbol is documented", async () => {
    await run([runtimes.deno, "doc", "--lint", ...entryPoints]);
  });

  for (const path of entryPoints) {
    it(`${path} starts with a module doc`, () => {
      assert.match(read(path), /^\/\*\*(?:(?!\*\/)[\s\S])*@module[\s\S]*?\*\//);
    });
  }

  it("every snippet runs", async () => {
    // What only workerd can load has no snippet that runs elsewhere.
    const isForAll = (path: string) => !read(path).includes("cloudflare:");
    const loadable = (path: string) =>
      isForAll(path) && !/durable[-_]object/.test(path);
    const sources = globSync("{src,stores,readers,testing,cli}/**/*.ts", {
      cwd: root,
    })
      .filter(loadable);
    const pages = globSync("docs/**/*.md", { cwd: root });
    const output = await run([
      runtimes.deno,
      "test",
      "--doc",
      "--no-prompt",
      // Express looks for variables of its own, and for a folder of views.
      "--allow-env",
      "--allow-read",
      "--allow-net=127.0.0.1",
      "README.md",
      ...pages,
      ...entryPoints.filter(loadable),
      ...sources,
    ], { env: secret });
    assert.match(output, /[1-9]\d* passed/);
  });
});
