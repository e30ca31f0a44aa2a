// That what the benchmarks have in common does not spoil a figure.

import assert from "node:assert/strict";
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { busySeconds, cpuSeconds } from "../../bench/common/cpu.ts";
import { keep } from "../../bench/common/results.ts";
import { short } from "../../bench/common/short.ts";
import { shuffle } from "../../bench/common/shuffle.ts";
import { partOf } from "../../bench/profile/parts.ts";
import { root } from "./process.ts";

describe("keep()", () => {
  const measured = { bench: "tried", runtimes: {}, subjects: [], rows: [1] };
  const path = join(root, "bench/results/tried.json");

  for (
    const [quick, isWhole, what] of [
      [true, true, "a quick run"],
      [false, false, "a part of one"],
    ] as const
  ) {
    it(`keeps ${what} nowhere unless it is told where`, (context) => {
      context.mock.method(console, "log", () => {});
      keep({ ...measured, quick }, { out: undefined, isWhole });
      assert.ok(!existsSync(path));
      const folder = mkdtempSync(join(tmpdir(), "with-session-"));
      try {
        const out = join(folder, "new/tried.json");
        keep({ ...measured, quick }, { out, isWhole });
        const kept = JSON.parse(readFileSync(out, "utf8"));
        assert.equal(kept.quick, quick);
        assert.deepEqual(kept.rows, [1]);
        assert.match(kept.date, /^\d{4}-\d\d-\d\d$/);
        assert.ok(kept.machine.cores > 0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

describe("a figure", () => {
  for (
    const [figure, text] of [
      [0, "0"],
      [0.2137, "0.21"],
      [9.996, "10"],
      [73.04, "73"],
      [99.96, "100"],
      [9_999, "9999"],
      [71_234, "71.2k"],
      [1_000_000, "1M"],
    ] as const
  ) {
    it(`is as short as it can be: ${text}`, () => {
      assert.equal(short(figure), text);
    });
  }
});

describe("shuffle()", () => {
  it("gives every order, and leaves what it got", () => {
    const items = Object.freeze(["a", "b", "c"]);
    const orders = new Set(
      Array.from({ length: 1_000 }, () => shuffle(items).join("")),
    );
    assert.deepEqual(
      [...orders].sort(),
      ["abc", "acb", "bac", "bca", "cab", "cba"],
    );
  });
});

describe("cpuSeconds()", () => {
  it("counts what a process has used, where the scheduler says it", () => {
    const before = cpuSeconds(process.pid);
    if (!existsSync(`/proc/${process.pid}/schedstat`)) {
      return assert.equal(before, undefined);
    }
    const until = performance.now() + 100;
    while (performance.now() < until);
    const used = (cpuSeconds(process.pid) ?? 0) - (before ?? Infinity);
    assert.ok(used > 0.01 && used < 10, `${used} s`);
  });

  it("is no more than what all cores were busy for", () => {
    const before = busySeconds();
    if (!existsSync("/proc/stat")) return assert.equal(before, undefined);
    const own = cpuSeconds(process.pid) ?? 0;
    const until = performance.now() + 200;
    while (performance.now() < until);
    const used = (cpuSeconds(process.pid) ?? 0) - own;
    const busy = (busySeconds() ?? 0) - (before ?? Infinity);
    // It counts in hundredths.
    assert.ok(busy > used - 0.03 && busy < 100, `${busy} s, ${used} s`);
  });

  it("says nothing of a process that is not there", () => {
    assert.equal(cpuSeconds(-1), undefined);
  });
});

describe("the profile", () => {
  const ours = "with-session, JSON, base64";

  it("counts each module of the library as its own", () => {
    const modules = globSync("src/**/*.ts", { cwd: root });
    assert.ok(modules.length > 50);
    for (const path of modules) {
      const url = pathToFileURL(join(root, path)).href;
      assert.equal(partOf({ functionName: "open", url }), ours, path);
    }
  });

  for (
    const [functionName, url, part] of [
      ["decrypt", "", "WebCrypto"],
      ["aesCipher", "node:internal/crypto/aes", "WebCrypto"],
      ["append", "node:internal/deps/undici/undici", "response and headers"],
      ["getSetCookie", "", "response and headers"],
      ["stringify", "", ours],
      ["(garbage collector)", "", "garbage collector"],
      ["read", "file:///a/bench/in_process/subjects/with_session.ts", "rest"],
      ["(program)", "", "rest"],
    ] as const
  ) {
    it(`counts ${functionName} of ${url || "the runtime"} as ${part}`, () => {
      assert.equal(partOf({ functionName, url }), part);
    });
  }
});
