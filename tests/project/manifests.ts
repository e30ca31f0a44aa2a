import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./process.ts";

interface Entry {
  types: string;
  default: string;
}

interface NpmManifest extends Record<string, unknown> {
  name: string;
  version: string;
  exports: Record<string, string | Entry & { require: Entry }>;
}

interface JsrManifest {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  publish: { include: string[] };
}

/** The text of a file of the checkout. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export const npm: NpmManifest = JSON.parse(read("package.json"));
export const jsr: JsrManifest = JSON.parse(read("deno.json"));

/** The source files that are published entry points: `mod.ts` and so on. */
export const entryPoints: string[] = Object.values(jsr.exports)
  .map((path) => path.replace("./", ""));
