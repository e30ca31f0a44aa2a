import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Result, runSuite } from "../../tools/run_suite.mjs";

/** What a runner that writes this report and ends so is counted as. */
function count(report: string, exitCode: number, outer = 0): Promise<Result> {
  const script = `fs.writeFileSync(process.argv[1], process.argv[2]);
    console.log("printed"); process.exit(${exitCode})`;
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
});
