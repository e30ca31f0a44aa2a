import assert from "node:assert/strict";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, sep } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkSite } from "../../site/src/check.ts";
import { readNavigation } from "../../site/src/navigation.ts";
import { makeSlugs } from "../../site/src/slugs.ts";
import { entryPoints, read } from "./manifests.ts";
import { root } from "./process.ts";

const pages = globSync(["*.md", "docs/**/*.md", "*/README.md"], { cwd: root })
  .map((path) => path.replaceAll(sep, "/"));

describe("links of pages", () => {
  it("lead to files, and to places on them, that exist", () => {
    const missing = [];
    let count = 0;
    for (const page of pages) {
      for (const href of linksOf(read(page))) {
        if (/^[a-z]+:/.test(href)) continue;
        count++;
        const [path = "", hash] = href.split("#");
        const target = path ? posix.join(dirname(page), path) : page;
        const isThere = existsSync(join(root, target)) &&
          (!hash || placesOf(read(target)).includes(hash));
        if (!isThere) missing.push(`${page}: ${href}`);
      }
    }
    assert.ok(count > 300, `${count} links`);
    assert.deepEqual(missing, []);
  });
});

describe("docs/README.md", () => {
  const groups = readNavigation(read("docs/README.md"));
  const items = groups.flatMap(({ items }) => items);
  const listed = items.map(({ href }) => posix.join("docs", href));

  it("has a list for each way to look for a page", () => {
    assert.deepEqual(groups.map(({ title }) => title), [
      "Start",
      "By task",
      "By framework",
      "By store",
      "Reference",
      "Security",
      "Performance",
      "Decisions",
    ]);
    for (const { title, items } of groups) assert.ok(items.length > 0, title);
  });

  it("lists each page once, or the folder that it is in", () => {
    const docs = pages.filter((path) =>
      path.startsWith("docs/") && path !== "docs/README.md"
    );
    const missing = docs.filter((path) =>
      !listed.includes(path) && !listed.includes(`${dirname(path)}/`)
    );
    assert.deepEqual(missing, []);
    assert.equal(new Set(listed).size, listed.length);
  });

  it("lists what can be imported, whose pages are made of doc comments", () => {
    const missing = entryPoints.filter((path) => !listed.includes(path));
    assert.deepEqual(missing, []);
  });

  it("says what each guide answers, by a question that stands on it", () => {
    const guides = items.filter(({ href }) => href.startsWith("./guides/"));
    assert.ok(guides.length > 4);
    for (const { label, href, question } of guides) {
      assert.match(question, /^\w.*\?$/, href);
      const page = read(posix.join("docs", href));
      assert.match(page, RegExp(`^# ${label}\n\n\\w[^.]*\\?\n\n`), href);
    }
  });
});

describe("docs/guides/start.md", () => {
  it("gives the commands of the README, which are walked", () => {
    const linesOf = (path: string) =>
      [...read(path).matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
        .flatMap(([, code = ""]) => code.split("\n"));
    const commands = linesOf("docs/guides/start.md");
    assert.ok(commands.length > 10);
    const known = linesOf("README.md");
    assert.deepEqual(commands.filter((line) => !known.includes(line)), []);
  });
});

describe("the check of the site", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "with-session-site-"));
    mkdirSync(join(folder, "a"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const page = (body: string, head = "<title>Page</title>") =>
    `<!doctype html><html lang="en">${head}<h1>Page</h1>${body}</html>`;

  function faultsOf(files: Record<string, string>): string[] {
    for (const [path, text] of Object.entries(files)) {
      writeFileSync(join(folder, path), text);
    }
    return checkSite(folder);
  }

  const sound = {
    "index.html": page(`<a href="a/one.html#x">One</a>`),
    "a/one.html": page(
      `<h2 id="x"></h2><a href="../index.html">Up</a><a href="#x">Here</a>`,
    ),
  };

  it("has nothing to say of pages that are sound", () => {
    assert.deepEqual(faultsOf(sound), []);
  });

  const bad: Record<string, [body: string, fault: string]> = {
    "a page that is not there": [
      `<a href="two.html">Two</a>`,
      "a/one.html: two.html is no file",
    ],
    "a place that is not there": [
      `<a href="../index.html#y">Up</a>`,
      "a/one.html: ../index.html#y is no place on that page",
    ],
    "a picture that is not there": [
      `<img src="one.png" alt="One">`,
      "a/one.html: one.png is no file",
    ],
    "a picture without a text": [
      `<img src="one.html" alt="">`,
      `a/one.html: <img src="one.html" alt=""> has no text`,
    ],
    "two places by one name": [
      `<p id="x"></p>`,
      "a/one.html: #x is there twice",
    ],
    "a second title": [
      "<h1>Two</h1>",
      "a/one.html: it has 2 headings of the first level",
    ],
  };
  for (const [name, [body, fault]] of Object.entries(bad)) {
    it(`finds ${name}`, () => {
      const one = sound["a/one.html"] + body;
      assert.deepEqual(faultsOf({ ...sound, "a/one.html": one }), [fault]);
    });
  }

  it("finds a page without language and title, and one that no other leads to", () => {
    const faults = faultsOf({ ...sound, "index.html": "<h1>Page</h1>" });
    assert.deepEqual(faults.sort(), [
      "a/one.html: no page leads to it",
      "index.html: it has no language",
      "index.html: it has no title",
    ]);
  });

  // `npm run docs:site` does the same, and fails by it.
  const built = join(root, "site/public");
  if (existsSync(built)) {
    it("has nothing to say of the site that was built", () => {
      assert.deepEqual(checkSite(built), []);
    });
  }
});

/** The links of a page, without those that stand in code. */
function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(\s*([^\s)]+)\s*\)/g)]
    .map(([, href = ""]) => href);
}

/** The names of its headings, as GitHub gives them. */
function placesOf(markdown: string): string[] {
  const slug = makeSlugs();
  const text = markdown.replace(/^( *)```[\s\S]*?^\1```$/gm, "");
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    slug(heading.replace(/\[(.+?)\]\(.+?\)/g, "$1"))
  );
}

function withoutCode(markdown: string): string {
  return markdown
    .replace(/^( *)```[\s\S]*?^\1```$/gm, "")
    .replace(/`[^`\n]+`/g, "code");
}
