import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { dataOf, SIZES } from "../../bench/in_process/data.ts";
import { makeSecrets, prove } from "../../bench/in_process/kinds.ts";
import { medianOf, quartilesOf } from "../../bench/common/quartiles.ts";
import type { Subject } from "../../bench/in_process/subject.ts";
import { subject as raw } from "../../bench/in_process/subjects/raw.ts";
import { run } from "./process.ts";

interface Results {
  quick: boolean;
  rows: {
    subject: string;
    kind: string;
    time: { low: number; median: number; high: number };
    overRaw: object | null;
    overBare: object | null;
  }[];
}

describe("bench", () => {
  it("a short run proves, measures, judges and writes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "with-session-"));
    try {
      const out = join(folder, "in_process.json");
      const printed = await run([
        process.execPath,
        "bench/in_process.ts",
        "--quick",
        "--runtime=node",
        "--subject=with-session",
        "--rounds=2",
        "--batch=1",
        "--no-weights",
        `--out=${out}`,
      ]);
      assert.match(printed, /^with-session .*\d+ \(\d/m);
      assert.match(printed, /read, first sight.*≤ 1\.1×.*(reached|missed)/);
      const { quick, rows }: Results = JSON.parse(readFileSync(out, "utf8"));
      assert.equal(quick, true);
      const found = (subject: string, kind: string) =>
        rows.find((row) => row.subject === subject && row.kind === kind);
      for (
        const [subject, kind] of [
          ["raw", "write-seen"],
          ["with-session", "read-seen"],
          ["with-session", "read-first"],
          ["with-session", "forged-background"],
          ["with-session", "renewal"],
        ] as const
      ) {
        const row = found(subject, kind);
        assert.ok(row?.overRaw && row.overBare, `${subject} ${kind}`);
        assert.ok(row.time.low > 0);
        assert.ok(row.time.low <= row.time.median);
        assert.ok(row.time.median <= row.time.high);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prove() refuses a subject that takes a forged cookie", async () => {
    const careless: Subject = {
      ...raw,
      name: "careless",
      create: (setup) => ({
        start: async () => {
          const { start } = await raw.create(setup);
          return start(new Request("https://example.com/"));
        },
        read: ({ headers }) => {
          const isKnown = /sid=/.test(headers.get("cookie") ?? "");
          return new Response(isKnown ? String(setup.data.count) : "none");
        },
      }),
    };
    const prepared = [dataOf(100), makeSecrets()] as const;
    await prove(raw, ...prepared);
    await assert.rejects(
      prove(careless, ...prepared),
      /careless does not prove that it refuses a forged cookie/,
    );
  });

  it("dataOf() gives data of exactly so many bytes", () => {
    for (const bytes of SIZES) {
      assert.equal(JSON.stringify(dataOf(bytes)).length, bytes);
    }
  });

  it("quartilesOf() gives the median and the quartiles", () => {
    const some = quartilesOf([5, 1, 4, 2, 3]);
    assert.deepEqual(some, { low: 2, median: 3, high: 4 });
    const two = quartilesOf([1, 2]);
    assert.deepEqual(two, { low: 1.25, median: 1.5, high: 1.75 });
    assert.throws(() => quartilesOf([]), RangeError);
    assert.equal(medianOf([]), undefined);
  });
});
