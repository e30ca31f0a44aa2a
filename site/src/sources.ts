import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, sep } from "node:path";

/** The checkout. */
export const root: string = join(import.meta.dirname, "../..");
/** Where what is no page can be read. */
export const repository = "https://github.com/with-session/with-session";

/** A page that is to be made. */
export interface Page {
  /** Where its text comes from, in the checkout. */
  readonly source: string;
  /** Where it goes, in the site. */
  readonly path: string;
  readonly markdown: string;
  /** What its links are relative to, if that is not `source`. */
  readonly base?: string;
}

/** Pages that stand outside `docs/`, and where they go. */
const OUTSIDE: Readonly<Record<string, string>> = {
  "README.md": "project/readme.html",
  "SECURITY.md": "project/security.html",
  "CHANGELOG.md": "project/changelog.html",
};

/** Folders whose pages are listed on one of their own. */
const LISTED = ["docs/decisions"];

/** The pages that people have written. */
export function readPages(): Page[] {
  const docs = globSync("docs/**/*.md", { cwd: root })
    .map((path) => path.replaceAll(sep, "/")).sort();
  const pages = [...Object.keys(OUTSIDE), ...docs].map((source) => ({
    source,
    path: OUTSIDE[source] ?? pathOf(source),
    markdown: readFileSync(join(root, source), "utf8"),
  }));
  return [...pages, ...LISTED.map(listOf)];
}

function pathOf(source: string): string {
  return source
    .replace(/^docs\//, "")
    .replace(/(^|\/)README\.md$/, "$1index.html")
    .replace(/\.md$/, ".html");
}

/** What GitHub shows of a folder by itself: its pages. */
function listOf(folder: string): Page {
  const pages = readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md")).sort();
  const items = pages.map((name) => {
    const text = readFileSync(join(root, folder, name), "utf8");
    return `- [${text.match(/^# (.+)$/m)?.[1]}](./${name})`;
  });
  const name = posix.basename(folder);
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    source: folder,
    path: `${folder.replace("docs/", "")}/index.html`,
    markdown: `# ${title}\n\n${items.join("\n")}\n`,
    base: `${folder}/README.md`,
  };
}

/** What is shown by pages, and goes with them: pictures, programs. */
export function readAssets(): string[] {
  return globSync("docs/**/*.*", { cwd: root })
    .map((path) => path.replaceAll(sep, "/"))
    .filter((path) => !path.endsWith(".md"));
}

/**
 * The address of a file of the checkout, for one page.
 *
 * @throws {Error} If there is no such file.
 */
export function linkTo(
  href: string,
  page: Page,
  paths: ReadonlyMap<string, string>,
): string {
  if (/^(?:[a-z]+:|#)/.test(href)) return href;
  const [path = "", hash] = href.split("#");
  const anchor = hash === undefined ? "" : `#${hash}`;
  const base = page.base ?? page.source;
  const file = posix.join(posix.dirname(base), path).replace(/\/$/, "");
  const target = paths.get(file) ?? paths.get(`${file}/README.md`) ??
    (file.startsWith("docs/") && !file.endsWith(".md") && isFile(file)
      ? file.replace("docs/", "")
      : undefined);
  if (target !== undefined) {
    return posix.relative(posix.dirname(page.path), target) + anchor;
  }
  const kind = isFile(file) ? "blob" : "tree";
  return `${repository}/${kind}/main/${file}${anchor}`;
}

function isFile(path: string): boolean {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (!found) throw new Error(`${path} is linked to, and is not there`);
  return found.isFile();
}
