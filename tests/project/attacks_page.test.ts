import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { read } from "./manifests.ts";
import { hasTest } from "./test_names.ts";

interface Row {
  readonly id: string;
  readonly what: string;
  readonly answer: string;
  readonly tests: string;
}

const rows: readonly Row[] = read("docs/attacks.md").split("\n")
  .filter((line) => /^\| [A-Z]\d/.test(line))
  .map((line) => {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    assert.equal(cells.length, 4, line);
    const [id = "", what = "", answer = "", tests = ""] = cells;
    return { id, what, answer, tests };
  });

/** What SECURITY.md says in bold letters is not promised. */
const [, notPromised = ""] = read("SECURITY.md").split(
  /^### Not promised$|^## Replacing a secret$/m,
);
const limits = new Set(
  [...notPromised.matchAll(/^\*\*([^*]+)\*\*/gm)].map(([, said = ""]) =>
    said.replaceAll("\n", " ")
  ),
);

describe("docs/attacks.md", () => {
  it("has each id once, and no gap between them", () => {
    for (const [letter, count] of [["A", 107], ["S", 55]] as const) {
      const ids = rows.map(({ id }) => id).filter((id) => id[0] === letter);
      const expected = Array.from(
        { length: ids.length },
        (_, i) => `${letter}${`${i + 1}`.padStart(3, "0")}`,
      );
      assert.deepEqual(ids.toSorted(), expected);
      assert.ok(ids.length >= count);
    }
  });

  it("answers each row, by a test or by what is not promised", () => {
    for (const { id, what, answer, tests } of rows) {
      assert.ok(what && answer, id);
      const limit = /not promised: “(.+?)”/i.exec(answer)?.[1];
      if (limit !== undefined) assert.ok(limits.has(limit), `${id}: ${limit}`);
      else assert.notEqual(testsIn(tests).length, 0, id);
    }
  });

  it("names tests that there are", () => {
    let count = 0;
    for (const { id, tests } of rows) {
      if (tests === "-") continue;
      const named = testsIn(tests);
      // All of the cell is what is looked at.
      const written = named.map(([path, name]) => `\`${path}\`: \`${name}\``);
      assert.equal(written.join(", "), tests, id);
      for (const [path, name] of named) {
        assert.ok(hasTest(path, name), `${id}: no test "${name}" in ${path}`);
        count++;
      }
    }
    assert.ok(count > 200, `only ${count}`);
  });
});

/** Files and names in the last cell of a row. */
function testsIn(cell: string): [path: string, name: string][] {
  const found = cell.matchAll(/`([^`]+\.tsx?)`: `([^`]+)`/g);
  return [...found].map(([, path = "", name = ""]) => [path, name]);
}
