import { globSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";

interface Page {
  readonly html: string;
  readonly ids: readonly string[];
}

/**
 * Says what is wrong with the pages in a folder: links to pages and places that
 * are not there, pages that no other one leads to, two places by one name, and
 * what a screen reader would miss. An empty list if nothing is.
 */
export function checkSite(folder: string, start = "index.html"): string[] {
  const files = new Set(
    globSync("**/*.*", { cwd: folder }).map((path) =>
      path.replaceAll(sep, "/")
    ),
  );
  const pages = new Map<string, Page>();
  for (const file of files) {
    if (!file.endsWith(".html")) continue;
    const html = readFileSync(join(folder, file), "utf8");
    pages.set(file, { html, ids: attributes(html, "id") });
  }
  const faults = [];
  const linked = new Set([start]);
  for (const [file, page] of pages) {
    faults.push(...formOf(page).map((fault) => `${file}: ${fault}`));
    const addresses = [
      ...attributes(page.html, "href"),
      ...attributes(page.html, "src"),
      ...attributes(page.html, "action"),
    ];
    for (const address of addresses) {
      if (/^(?:[a-z]+:|\/\/)/.test(address)) continue;
      const [path = "", hash] = address.split("#");
      const target = path === ""
        ? file
        : posix.join(posix.dirname(file), decodeURI(path));
      if (target !== file) linked.add(target);
      if (!files.has(target)) {
        faults.push(`${file}: ${address} is no file`);
      } else if (hash && !pages.get(target)?.ids.includes(decodeURI(hash))) {
        faults.push(`${file}: ${address} is no place on that page`);
      }
    }
  }
  for (const file of pages.keys()) {
    if (!linked.has(file)) faults.push(`${file}: no page leads to it`);
  }
  return faults;
}

function formOf({ html, ids }: Page): string[] {
  const faults = [];
  if (!/<html lang="[a-z]+"/.test(html)) faults.push("it has no language");
  if (!/<title>[^<]+<\/title>/.test(html)) faults.push("it has no title");
  const tops = html.match(/<h1[\s>]/g)?.length ?? 0;
  if (tops !== 1) faults.push(`it has ${tops} headings of the first level`);
  for (const [image] of html.matchAll(/<img\s[^>]*>/g)) {
    if (!/ alt="[^"]+"/.test(image)) faults.push(`${image} has no text`);
  }
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  for (const id of new Set(twice)) faults.push(`#${id} is there twice`);
  return faults;
}

function attributes(html: string, name: string): string[] {
  const found = html.matchAll(RegExp(`<[a-z][^<>]*? ${name}="([^"]*)"`, "g"));
  return [...found].map(([, value = ""]) => value.replaceAll("&amp;", "&"));
}
