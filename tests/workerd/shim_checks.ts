import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertCases } from "./assert_cases.ts";
import shim from "./assert_shim.ts";
import * as testShim from "./test_shim.ts";
import type { WorkerTest } from "./workers.ts";

/** Registers the checks that a failing test cannot pass through the shims. */
export function describeShims(fixture: WorkerTest[]): void {
  describe("assert shim", () => {
    for (const { name, holds, run } of assertCases) {
      it(`${holds ? "accepts" : "refuses"} ${name}`, async () => {
        assert.equal(await outcome(() => run(assert)), holds, "node:assert");
        assert.equal(
          await outcome(() => run(shim as unknown as typeof assert)),
          holds,
        );
      });
    }
    for (const make of [() => new Headers(), () => Promise.resolve()]) {
      it(`refuses to compare two of ${make().constructor.name}`, () => {
        assert.throws(
          () => (shim as unknown as typeof assert).deepEqual(make(), make()),
          /cannot look into/,
        );
      });
    }
  });

  describe("test shim", () => {
    const nothing = () => {};
    const refused: [string, () => void][] = [
      ["a context", () => testShim.it("a", ((_t: unknown) => {}) as never)],
      ["no function", () => testShim.it("a", undefined as never)],
      [
        "an unknown option",
        () => testShim.it("a", { only: true } as never, nothing),
      ],
      [
        "an asynchronous describe",
        () => testShim.describe("a", async () => {}),
      ],
      [
        "a hook with a context",
        () => testShim.before(((_t: unknown) => {}) as never),
      ],
    ];
    for (const [name, register] of refused) {
      it(`refuses ${name}`, () => assert.throws(register, TypeError));
    }
  });

  for (const { path, flags, skip, run } of fixture) {
    const name = path.at(-1) ?? "";
    it(`fixture ${flags}: ${path.join(" > ")}`, async () => {
      assert.equal(skip !== undefined, name.startsWith("skips "));
      if (skip === undefined) {
        assert.equal(await outcome(run), name.startsWith("passes "));
      }
    });
  }

  it("a failure carries message and place", async () => {
    const failing = fixture.find(({ path }) =>
      path.includes("fails on a throw")
    );
    await assert.rejects(async () => await failing?.run(), (error: Error) => {
      assert.equal(error.message, "TypeError: thrown here");
      assert.match(error.stack ?? "", /tests\/workerd\/fixture\.ts:\d+:\d+/);
      return true;
    });
  });
}

async function outcome(run: () => unknown): Promise<boolean> {
  try {
    await run();
    return true;
  } catch {
    return false;
  }
}
