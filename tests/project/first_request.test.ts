import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { run } from "./process.ts";

const commands: Record<string, string[]> = {
  Node: [runtimes.node],
  Deno: [runtimes.deno, "run", "--allow-all"],
  Bun: [runtimes.bun],
};

describe("the first requests of a process", () => {
  for (const [name, command] of Object.entries(commands)) {
    it(`lose nothing while parts are loaded, nor wait for a timer, in ${name}`, async () => {
      const output = await run([...command, "tests/project/first_request.ts"]);
      const shown = JSON.parse(output.trim().split("\n").at(-1) as string);
      assert.deepEqual(shown, { userId: "ada", cart: [2] });
    });
  }
});
