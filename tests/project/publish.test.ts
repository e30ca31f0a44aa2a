import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { run } from "./process.ts";

describe("publish", () => {
  it("JSR would take the package", async () => {
    await run([runtimes.deno, "publish", "--dry-run", "--allow-dirty"]);
  });
});
