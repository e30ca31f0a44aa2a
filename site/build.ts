// Builds the pages of docs/, and what the doc comments say, into site/public/.

import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { install } from "../tools/install.mjs";
import { checkSite } from "./src/check.ts";
import { readNavigation } from "./src/navigation.ts";
import {
  linkTo,
  type Page,
  readAssets,
  readPages,
  root,
} from "./src/sources.ts";

const started = performance.now();
install(import.meta.dirname);
// What they import is only there now.
const { render } = await import("./src/markdown.ts");
const { layOut, placesOf } = await import("./src/layout.ts");
const { makeReference } = await import("./src/reference.ts");
const { indexPages } = await import("./src/search_index.ts");

const out = join(import.meta.dirname, "public");
rmSync(out, { recursive: true, force: true });

const pages = [...readPages(), ...await makeReference(), searchPage()];
const paths = new Map([["docs", "index.html"]]);
for (const { source, path, base } of pages) {
  paths.set(source, path);
  if (base) paths.set(base, path);
}
const home = pages.find(({ source }) => source === "docs/README.md");
if (!home) throw new Error("docs/README.md is not there");
const sections = placesOf(
  readNavigation(home.markdown),
  (href) => linkTo(href, home, paths),
);
const { version } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

for (const page of pages) {
  write(page.path, layOut(page, render(page, paths), { sections, version }));
}
for (const path of readAssets()) {
  copy(join(root, path), path.replace("docs/", ""));
}
copy(join(import.meta.dirname, "assets"), "assets");
await indexPages(out);

const faults = checkSite(out);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${pages.length} pages in site/public, in ${seconds} s`);

function searchPage(): Page {
  const source = "site/assets/search.md";
  const markdown = readFileSync(join(root, source), "utf8");
  return { source, path: "search.html", markdown, base: "docs/search.md" };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), text);
}

function copy(from: string, path: string): void {
  cpSync(from, join(out, path), { recursive: true });
}
