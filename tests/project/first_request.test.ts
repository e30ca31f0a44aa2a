import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { run } from "./process.ts";

const commands: Record<string, string[]> = {
  Node: [runtimes.node],
  Deno: [runtimes.deno, "run", "--allow-all"],
  Bun: [runtimes.bun],
};

/** Runs the program in one of them; nothing may be left unhandled. */
async function become(command: string[], request: string): Promise<unknown> {
  const program = "tests/project/first_request.ts";
  const output = await run([...command, program, request]);
  return JSON.parse(output.trim().split("\n").at(-1) as string);
}

describe("the first requests of a process", () => {
  for (const [name, command] of Object.entries(commands)) {
    it(`lose nothing while parts are loaded, nor wait for a timer, in ${name}`, async () => {
      const shown = await become(command, "body");
      assert.deepEqual(shown, { saved: "yes", userId: "ada", cart: [2] });
    });

    it(`leave no record where no response can be made, in ${name}`, async () => {
      for (const request of ["used", "usedBySeveral"]) {
        assert.deepEqual(await become(command, request), ["TypeError", 0]);
      }
    });

    it(`find all parts, whichever came first, in ${name}`, async () => {
      for (const request of ["storeFirst", "storeLast"]) {
        assert.deepEqual(await become(command, request), [0, 1]);
      }
    });
  }
});
