import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { entryPoints } from "./manifests.ts";
import { run } from "./process.ts";

describe("format", () => {
  it("deno fmt has nothing to change", async () => {
    await run([runtimes.deno, "fmt", "--check"]);
  });

  it("deno lint has nothing to say", async () => {
    await run([runtimes.deno, "lint"]);
  });

  it("the library prints nothing", async () => {
    const library = [...entryPoints, "src", "stores", "testing"]
      .filter((path) => existsSync(path));
    await run([
      runtimes.deno,
      "lint",
      "--rules-include=no-console",
      ...library,
    ]);
  });
});
