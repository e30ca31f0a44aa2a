import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateSecret } from "../../mod.ts";
import { findLeaks, mark } from "../../tools/leaks.mjs";
import { type Result, runSuite } from "../../tools/run_suite.mjs";
import { craft, OTHER_SECRET, SECRET } from "../shared/format.ts";

/** What a runner that writes this report and ends so is counted as. */
function count(
  report: string,
  exitCode: number,
  outer = 0,
  printed = "printed",
): Promise<Result> {
  const script = `fs.writeFileSync(process.argv[1], process.argv[2]);
    console.error(${JSON.stringify(printed)}); process.exit(${exitCode})`;
  return runSuite("suite", {
    portable: true,
    files: ["tests/file.test.ts"],
    command: (path) => [process.execPath, "-e", script, path, report],
    outer,
  });
}

const passed = `<testcase name="passes"/>`;
const failed = `<testcase name="fails"><failure message="why"/></testcase>`;

describe("runSuite()", () => {
  it("counts what passed, failed and was skipped", async () => {
    const skipped =
      `<testcase name="waits"><skipped message="for &lt;it>"/></testcase>`;
    const result = await count(
      `<testsuites><testsuite name="a &quot;b&quot;">${passed}${skipped}` +
        `</testsuite><testsuite name="c">${failed}</testsuite></testsuites>`,
      1,
    );
    assert.deepEqual(result.passed, [`a "b" > passes`]);
    assert.deepEqual(result.skipped, [
      { name: `a "b" > waits`, reason: "for <it>" },
    ]);
    assert.deepEqual(result.failed.map(({ name }) => name), ["c > fails"]);
    assert.equal(result.output, "printed\n");
  });

  it("counts a runner that fails without a failed test as failed", async () => {
    const { passed: names, failed } = await count(passed, 1);
    assert.deepEqual(names, ["passes"]);
    assert.deepEqual(failed.map(({ name }) => name), ["the runner"]);
  });

  it("counts a suite without a test as failed", async () => {
    const { failed } = await count("<testsuites/>", 0);
    assert.deepEqual(failed.map(({ name }) => name), ["the suite"]);
  });

  it("counts a file without a test as failed", async () => {
    const { failed } = await count(
      `<testcase name="tests/file.test.ts"/>${passed}`,
      0,
    );
    assert.deepEqual(failed.map(({ name }) => name), ["tests/file.test.ts"]);
  });

  it("is not misled by a failure that quotes a report", async () => {
    const { passed: names, failed } = await count(
      `<testcase name="a"><failure message="&lt;testcase name='x'/>">` +
        `<![CDATA[<testcase name="y"/>]]>&lt;testcase name="z"/></failure>` +
        `</testcase><!-- <testcase name="c"/> -->`,
      1,
    );
    assert.deepEqual(names, []);
    assert.deepEqual(failed.map(({ name }) => name), ["a"]);
  });

  it("counts the tests of a group, not the group, as Deno reports it", async () => {
    const { passed: names, failed } = await count(
      `<testsuite name="file"><testcase name="g"/><testcase name="h">` +
        `<failure message="1 test step failed"/></testcase></testsuite>` +
        `<testsuite name="ext"><testcase name="g > a"/><testcase name="h > b">` +
        `<failure message="why"/></testcase></testsuite>`,
      1,
      1,
    );
    assert.deepEqual(names, ["g > a"]);
    assert.deepEqual(failed.map(({ name }) => name), ["h > b"]);
  });

  it("counts a group whose hook failed, as Deno reports it", async () => {
    const { failed } = await count(
      `<testsuite name="file"><testcase name="g"><failure message="hook"/>` +
        `</testcase><testcase name="g > a"/></testsuite>`,
      1,
      1,
    );
    assert.deepEqual(failed.map(({ name }) => name), ["g"]);
  });

  it("fails a suite that prints a secret, a token or a value", async () => {
    const token = await craft();
    const shown = [
      mark(generateSecret()),
      token,
      `x=${token};`,
      token.slice(0, 60),
      SECRET,
      OTHER_SECRET.slice(10, 34),
      "the password is Swordfish",
    ];
    for (const text of shown) {
      const printed = await count(passed, 0, 0, `a line\n"${text}"`);
      assert.deepEqual(printed.passed, ["passes"]);
      const [failure, ...others] = printed.failed;
      assert.equal(failure?.name, "the output", text);
      assert.match(failure.reason, /^The suite suite shows a .* in line 2$/);
      assert.deepEqual(others, []);
    }
    const reported = await count(`${passed}<!-- ${token} -->`, 0);
    assert.deepEqual(reported.failed.map(({ name }) => name), ["the report"]);
  });
});

describe("findLeaks()", () => {
  it("finds each part of 25 characters of a secret of the tests", () => {
    for (const secret of [mark(generateSecret()), SECRET, OTHER_SECRET]) {
      for (let at = 0; at + 25 <= secret.length; at++) {
        const part = secret.slice(at, at + 25);
        assert.equal(findLeaks(part).length, 1, part);
      }
    }
  });

  it("takes no id, no key of a record and no hash for a token", () => {
    const texts = [
      "AQHyjL8T",
      generateSecret(),
      `sha512-${btoa("AB".repeat(32))}==`,
      "a".repeat(200),
      "A".repeat(4097),
      "AQ==",
    ];
    assert.deepEqual(findLeaks(texts.join("\n")), []);
  });
});
