import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { entryPoints } from "./manifests.ts";
import { root, run } from "./process.ts";

const tsc = join(root, "node_modules/typescript/bin/tsc");

describe("types", () => {
  it("everything type-checks as Node sees it", async () => {
    await run([process.execPath, tsc, "-p", "tsconfig.json"]);
  });

  it("the library type-checks without any runtime's types", async () => {
    await run([process.execPath, tsc, "-p", "tsconfig.library.json"]);
  });

  it("entry points and examples type-check as Deno sees them", async () => {
    const examples = existsSync(join(root, "examples"))
      ? readdirSync(join(root, "examples"))
        .filter((name) => name.endsWith(".ts"))
        .map((name) => `examples/${name}`)
      : [];
    await run([runtimes.deno, "check", ...entryPoints, ...examples]);
    await run([runtimes.deno, "check", "--unstable-kv", "demo/main.ts"]);
  });
});
