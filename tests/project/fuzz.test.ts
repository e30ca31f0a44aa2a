import assert from "node:assert/strict";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  loadTarget,
  readCorpus,
  targetNames,
} from "../../proofs/fuzz/corpus.ts";
import { tryInput } from "../../proofs/fuzz/engine.ts";
import { readOptions } from "../../proofs/fuzz/options.ts";
import { root } from "./process.ts";

const names = targetNames();

describe("the corpus of the fuzzer", () => {
  for (const name of names) {
    it(`breaks no rule: ${name}`, async () => {
      const target = await loadTarget(name);
      const corpus = readCorpus(name);
      assert.ok(corpus.length > 0, "run npm run fuzz -- --keep");
      for (const input of [...await target.seeds(), ...corpus]) {
        const failure = await tryInput(target, input);
        if (failure) {
          throw new Error(JSON.stringify(input), { cause: failure.error });
        }
      }
    });
  }

  it("stays small", () => {
    const files = globSync("proofs/fuzz/corpus/*", { cwd: root });
    const bytes = files.map((path) => statSync(join(root, path)).size);
    assert.equal(files.length, names.length, "a file without a target");
    assert.ok(bytes.reduce((sum, size) => sum + size, 0) <= 200_000);
  });

  it("has nothing twice", () => {
    for (const name of names) {
      const corpus = readCorpus(name);
      assert.equal(new Set(corpus).size, corpus.length, name);
    }
  });
});

describe("the options of the fuzzer", () => {
  it("are read", () => {
    const given = ["--seconds=5", "--target=token", "--seed=7", "--keep"];
    assert.deepEqual(readOptions(given, names), {
      seconds: 5,
      seed: 7,
      targets: ["token"],
      isKept: true,
      replay: undefined,
    });
  });

  for (
    const [given, named] of [
      ["--seconds=0", "--seconds"],
      ["--seconds", "--seconds"],
      ["--target=tokens", "--target"],
      ["--minutes=1", "--minutes"],
      ["--keep=1", "--keep"],
      ["--replay=a", "--replay"],
    ] as const
  ) {
    it(`are refused: ${given}`, () => {
      assert.throws(
        () => readOptions([given], names),
        (error: RangeError) => error.message.includes(named),
      );
    });
  }
});
