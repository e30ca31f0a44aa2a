// A few mutants of proofs/mutation, and its lists.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Choice } from "../../proofs/mutation/choose.ts";
import {
  type Copy,
  makeCopy,
  type Row,
} from "../../proofs/mutation/instrument.ts";
import { Judge } from "../../proofs/mutation/judge.ts";
import { runWithout } from "../../proofs/mutation/measure.ts";
import { readOptions } from "../../proofs/mutation/options.ts";
import { compare, readExcuses } from "../../proofs/mutation/report.ts";
import { has } from "../../proofs/mutation/switch.ts";
import { root } from "./process.ts";

/** A file that is short, and a mutant of it that nothing can tell. */
const FILE = "src/token/token_cache.ts";
const TESTS = ["tests/token/token_cache.test.ts"];
const LIVING: Row = ["return this.#most > 0;", "this.#most >= 0"];
/** Others that have to be found: in place of what, and what. */
const FOUND: readonly Row[] = [
  ["if (entry) entry.isUsed = true;", "false"],
  [
    "if (size > this.#most || this.#entries.has(token)) return;",
    "size >= this.#most",
  ],
  ["this.#bytes += size;", "this.#bytes -= size"],
  ["if (this.#bytes <= this.#most) break;", "true"],
];

describe("mutants", () => {
  let copy: Copy;
  before(async () => copy = await makeCopy([FILE]));
  after(() => copy.remove());

  it("are found, but for those that change nothing", async () => {
    const { loaded, tests } = await runWithout(copy, TESTS);
    assert.ok(tests.length > 10);
    const choice = new Choice(FILE, copy.mutants, tests);
    const judge = new Judge();
    const statuses = [];
    for (const row of [...FOUND, LIVING]) {
      const mutant = copy.mutants.find((one) =>
        JSON.stringify(one.row) === JSON.stringify(row)
      );
      assert.ok(mutant, `There is no mutant ${row}`);
      const { status } = await judge.judge({
        root: copy.root,
        files: TESTS,
        choice,
        mutant,
        budget: 10_000,
        isLoaded: has(loaded, Number(mutant.id)),
        isNew: () => true,
      });
      statuses.push(status);
    }
    judge.stop();
    const killed = FOUND.map(() => "killed");
    assert.deepEqual(statuses, [...killed, "survived"]);
  });
});

describe("the reasons for mutants that may live", () => {
  it("are of lines that are still there", () => {
    const missing = [];
    for (const [file, reasons] of Object.entries(readExcuses())) {
      const text = readFileSync(join(root, file), "utf8");
      const lines = new Set(text.split("\n").map((line) => line.trim()));
      for (const [line] of reasons.flatMap(({ mutants }) => mutants)) {
        if (!lines.has(line)) missing.push(`${file}: ${line}`);
      }
    }
    assert.deepEqual(missing, []);
  });
});

describe("the comparison of mutants with their reasons", () => {
  const row: Row = ["if (a) b();", "true"];
  const report = {
    "src/a.ts": {
      mutants: 2,
      killed: 1,
      timedOut: 0,
      survived: [row],
      notCovered: [],
    },
  };
  const why = "Nobody can tell: b() does nothing then";

  it("takes each with its reason", () => {
    const excuses = { "src/a.ts": [{ why, mutants: [row] }] };
    assert.deepEqual(compare(report, excuses), []);
  });

  it("names one that is not listed, one that is twice, and one that is gone", () => {
    const other: Row = ["if (a) b();", "true", 2];
    const listed = [{ why, mutants: [row, row, other] }];
    const problems = compare(report, { "src/a.ts": listed });
    assert.deepEqual(problems.map((text) => text.split(":")[0]), [
      "Listed twice",
      "Outdated",
    ]);
    assert.match(compare(report, {})[0] ?? "", /^Not listed: src\/a\.ts/);
  });

  it("takes no reason that says nothing", () => {
    const excuses = { "src/a.ts": [{ why: "equivalent", mutants: [row] }] };
    assert.equal(compare(report, excuses).length, 1);
  });
});

describe("the options of mutation", () => {
  const files = ["src/errors.ts", "src/token/seal.ts", "src/token/unseal.ts"];

  it("are read", () => {
    assert.deepEqual(
      readOptions(["--room=token", "--seconds=5", "--fresh"], files),
      {
        files: ["src/token/seal.ts", "src/token/unseal.ts"],
        seconds: 5,
        workers: availableParallelism(),
        budget: 10,
        isFresh: true,
        isShown: false,
      },
    );
    const { files: doors } = readOptions(["--room=doors"], files);
    assert.deepEqual(doors, ["src/errors.ts"]);
    const { files: some } = readOptions(["--files=src/token/s"], files);
    assert.deepEqual(some, ["src/token/seal.ts"]);
  });

  for (
    const [given, named] of [
      ["--seconds=0", "--seconds"],
      ["--seconds", "--seconds"],
      ["--room=tokens", "No file"],
      ["--minutes=1", "--minutes"],
      ["--fresh=1", "--fresh"],
    ] as const
  ) {
    it(`are refused: ${given}`, () => {
      assert.throws(
        () => readOptions([given], files),
        (error: RangeError) => error.message.includes(named),
      );
    });
  }
});
