import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { MISTAKES, WARNINGS } from "./mistakes.ts";
import { root } from "./process.ts";

const FOLDER = "docs/errors";
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pages = globSync(`${FOLDER}/*.md`, { cwd: root })
  .map((path) => basename(path, ".md"))
  .filter((name) => name !== "README");

/** Whom a line of the source names: `readOn("secret")`, a code of an error. */
function codesInSource(): Set<string> {
  const codes = new Set<string>();
  const paths = globSync("{src,stores,readers}/**/*.ts", { cwd: root });
  for (const path of paths) {
    for (
      const [, inside = ""] of read(path).matchAll(
        /readOn\(([^()]*(?:\([^()]*\))?[^()]*)\)/g,
      )
    ) {
      for (const [, code = ""] of inside.matchAll(/"([a-z-]+)"/g)) {
        codes.add(code);
      }
    }
  }
  const [, union = ""] = /type SessionErrorCode =([^;]*);/
    .exec(read("src/errors.ts")) ?? [];
  for (const [, code = ""] of union.matchAll(/"([a-z-]+)"/g)) codes.add(code);
  return codes;
}

/** A message without the page that it names. */
function split(message: string): { says: string; page: string | undefined } {
  const [end, page] = / \(with-session: docs\/errors\/([a-z-]+)\.md\)$/
    .exec(message) ?? [];
  return { says: end ? message.slice(0, -end.length) : message, page };
}

function check({ message }: Error, page: string, says: string): void {
  const said = split(message);
  assert.equal(said.page, page, message);
  const isBeginning = says.endsWith(" ");
  assert.equal(isBeginning ? said.says.slice(0, says.length) : said.says, says);
  const text = read(`${FOLDER}/${page}.md`);
  assert.ok(text.startsWith(`# ${page}\n`), "The page has another title");
  const [, block = ""] = /```text\n([\s\S]*?)```/.exec(text) ?? [];
  const line = block.split("\n").find((line) => line.startsWith(says.trim()));
  assert.ok(line, `${page}.md does not show: ${says}`);
  assert.doesNotMatch(message, /hunter2|keyboard/);
}

describe("a mistake of the first hour says what to do, and where to read on:", () => {
  for (const [what, { page, code, says, make }] of Object.entries(MISTAKES)) {
    it(what, async () => {
      await assert.rejects(async () => await make(), (error: Error) => {
        check(error, page, says);
        assert.equal((error as { code?: unknown }).code, code);
        return true;
      });
    });
  }

  for (const [what, { page, says, make }] of Object.entries(WARNINGS)) {
    it(`${what}, in the console`, async () => {
      check(await make() as Error, page, says);
    });
  }
});

describe("the pages of errors", () => {
  it("are one for each code of the source, and no others", () => {
    const codes = codesInSource();
    assert.ok(codes.size > 15);
    assert.deepEqual(pages.toSorted(), [...codes].sort());
  });

  it("are all in the list of them", () => {
    const list = read(`${FOLDER}/README.md`);
    for (const page of pages) {
      assert.ok(list.includes(`[${page}](./${page}.md)`), page);
    }
  });

  for (const page of pages) {
    it(`say what happened, why, and what to do: ${page}`, () => {
      const text = read(`${FOLDER}/${page}.md`);
      let at = 0;
      for (
        const part of [
          `# ${page}\n`,
          "\n**What happened.** ",
          "\n**Why.** ",
          "\n**What to do.** ",
          "\n```ts\n",
        ]
      ) {
        at = text.indexOf(part, at);
        assert.ok(at >= 0, `${part.trim()} is missing, or too early`);
      }
    });
  }
});
