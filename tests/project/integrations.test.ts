import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { npm, read } from "./manifests.ts";
import { root } from "./process.ts";

// What runs these programs needs the registry of npm: `npm run test:frameworks`.

const programs = globSync("integrations/*/package.json", { cwd: root })
  .map((path) => basename(join(path, "..")))
  // It is visited by no one, and has its page in docs/testing.md.
  .filter((name) => name !== "testing");

/** A block of a page, under a comment that names the file it is from. */
const FROM_A_FILE =
  /^<!-- (integrations\/[\w./+-]+) -->\n\n```(?:tsx? ignore|jsonc|svelte|astro|vue)\n([\s\S]*?)^```$/gm;

/** A line and what it holds, however deep it is. */
function outdent(code: string): string {
  return code.split("\n").map((line) => line.trim()).join("\n").trim();
}

describe("pages of frameworks", () => {
  it("are there for each program, and are named where one looks", () => {
    assert.ok(programs.length > 0);
    for (const name of programs) {
      const page = `docs/frameworks/${name}.md`;
      assert.ok(existsSync(join(root, page)), page);
      assert.match(read("README.md"), RegExp(`\\./${page}\\)`));
      assert.match(read("integrations/README.md"), RegExp(`\\./${page}\\)`));
    }
  });

  it("are in a table of the README, with the versions that are visited", () => {
    const { devDependencies } = npm;
    const rows = [
      ...read("README.md").matchAll(
        /^\| \[.+?\]\(\.\/docs\/frameworks\/(.+?)\.md\) +\| `(.+?)` (\S+)/gm,
      ),
    ];
    const named = rows.map(([, name]) => name);
    for (const name of programs) assert.ok(named.includes(name), name);
    for (const [, name = "", module = "", version] of rows) {
      const dependencies: Record<string, string> = programs.includes(name)
        ? JSON.parse(read(`integrations/${name}/package.json`)).dependencies
        : devDependencies;
      assert.equal(version, dependencies[module], module);
    }
  });

  for (const name of programs) {
    const page = read(`docs/frameworks/${name}.md`);
    const blocks = [...page.matchAll(FROM_A_FILE)];

    it(`${name} shows code of its program`, () => {
      assert.ok(blocks.length > 2);
      for (const [, path = "", code = ""] of blocks) {
        assert.ok(path.startsWith(`integrations/${name}/`), path);
        const text = outdent(read(path));
        assert.ok(text.includes(outdent(code)), `${path} has no\n${code}`);
      }
    });

    it(`${name} says in which file each block belongs`, () => {
      let end = 0;
      for (const { 0: block, 1: path = "", index } of blocks) {
        // A comment is not there once the page is shown.
        const said = page.slice(end, index);
        const file = path.replace(`integrations/${name}/`, "");
        assert.ok(said.includes(`\`${file}\``), file);
        end = index + block.length;
      }
    });

    it(`${name} shows the glue as a whole`, () => {
      for (
        const file of [
          "src/session.ts",
          "src/start.ts",
          "src/worker.ts",
          "wrangler.jsonc",
          "src/proxy.ts",
          "src/session.server.ts",
          "src/hooks.server.ts",
          "src/middleware.ts",
          "app/session.server.ts",
          "server/utils/session.ts",
          "server/utils/keepSession.ts",
          "server/middleware/session.ts",
          "server/plugins/session.ts",
        ]
      ) {
        const path = `integrations/${name}/${file}`;
        if (!existsSync(join(root, path))) continue;
        assert.ok(
          blocks.some(([, from, code]) => from === path && code === read(path)),
          path,
        );
      }
    });

    it(`${name} names the versions that were tried`, () => {
      const { dependencies } = JSON.parse(
        read(`integrations/${name}/package.json`),
      );
      const named = [
        ...page.matchAll(/`([@\w/-]+)` (\d+\.\d+\.\d+(?:-[\w.]+)?)/g),
      ];
      assert.ok(named.length > 0);
      for (const [, module = "", version] of named) {
        assert.equal(dependencies[module], version, module);
      }
    });
  }
});
