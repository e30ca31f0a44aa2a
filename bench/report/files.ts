import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root, runtimes } from "../../tools/paths.mjs";
import { makeReport, type Report } from "./make.ts";
import { type Measured, readResults } from "./results.ts";

/** Where the results of the project are. */
export const results: string = join(root, "bench/results");

/** Where the page of the project is, and the pictures beside it. */
export const docs: string = join(root, "docs");

/** What the page and the pictures have to be, by some results. */
export function report(folder: string): Report & { measured: Measured } {
  const measured = readResults(folder);
  const page = readFileSync(join(docs, "performance.md"), "utf8");
  const made = makeReport(page, measured);
  return { measured, charts: made.charts, page: formatted(made.page) };
}

/** The pictures that are there, by their names. */
export function readCharts(folder: string): Map<string, string> {
  const path = join(folder, "performance");
  const names = existsSync(path) ? readdirSync(path) : [];
  return new Map(
    names.sort().filter((name) => name.endsWith(".svg")).map((
      name,
    ) => [name.slice(0, -4), readFileSync(join(path, name), "utf8")]),
  );
}

/** Writes a page and its pictures, and removes pictures of earlier ones. */
export function write({ page, charts }: Report, folder: string): void {
  const pictures = join(folder, "performance");
  mkdirSync(pictures, { recursive: true });
  for (const name of readCharts(folder).keys()) {
    if (!charts.has(name)) rmSync(join(pictures, `${name}.svg`));
  }
  writeFileSync(join(folder, "performance.md"), page);
  for (const [name, svg] of charts) {
    writeFileSync(join(pictures, `${name}.svg`), svg);
  }
}

/** As `deno fmt` wants it, which looks at all pages. */
function formatted(page: string): string {
  const { stdout, stderr, status } = spawnSync(
    runtimes.deno,
    ["fmt", "--ext=md", "-"],
    { cwd: root, input: page, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
