import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findLeaks } from "../../tools/leaks.mjs";
import { runtimes } from "../../tools/paths.mjs";
import { setUp } from "../shared/support.ts";
import { run } from "./process.ts";

const guard = "./tests/shared/leak_guard.ts";
const program = "tests/project/leak_program.ts";

describe("the guard of messages", () => {
  const commands = {
    node: [`--import=${guard}`, program],
    deno: ["run", "--no-prompt", `--preload=${guard}`, program],
    bun: [`--preload=${guard}`, program],
  };
  for (const [name, args] of Object.entries(commands)) {
    it(`prints what the library says of a value, in ${name}`, async () => {
      const binary = runtimes[name as keyof typeof commands];
      const printed = await run([binary, ...args]);
      assert.match(printed, /^TypeError: Option Swordfish is unknown/m);
      assert.equal(printed.match(/swordfish/gi)?.length, 1, printed);
      assert.doesNotMatch(printed, /harmless/);
    });
  }

  it("prints an event that shows a value", () => {
    const { options } = setUp();
    const printed: string[] = [];
    const { error } = console;
    console.error = (text: string) => void printed.push(text);
    try {
      options.onEvent?.({ type: "opened", id: "12345678" });
      options.onEvent?.({ type: "opened", id: "swordfish" });
    } finally {
      console.error = error;
    }
    assert.deepEqual(printed, ['{"type":"opened","id":"swordfish"}']);
    assert.equal(findLeaks(printed.join()).length, 1);
  });
});
