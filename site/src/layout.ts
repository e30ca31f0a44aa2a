import { posix } from "node:path";
import type { Heading, Rendered } from "./markdown.ts";
import type { NavigationGroup } from "./navigation.ts";
import { type Page, repository } from "./sources.ts";

/** An item of the navigation, by where it leads in the site. */
export interface Place {
  readonly label: string;
  readonly path: string;
}

/** A group of the navigation. */
export interface Section {
  readonly title: string;
  readonly places: readonly Place[];
}

/** What all pages have in common. */
export interface Site {
  readonly sections: readonly Section[];
  readonly version: string;
}

/** Turns the lists of `docs/README.md` into places of the site. */
export function placesOf(
  groups: readonly NavigationGroup[],
  addressOf: (href: string) => string,
): Section[] {
  return groups.map(({ title, items }) => ({
    title,
    places: items.map(({ label, href }) => ({ label, path: addressOf(href) })),
  }));
}

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(
    '"',
    "&quot;",
  );

/** The whole document of a page. */
export function layOut(page: Page, body: Rendered, site: Site): string {
  const to = (path: string) =>
    posix.relative(posix.dirname(page.path), path) || posix.basename(path);
  const isHome = page.path === "index.html";
  const title = isHome ? "with-session" : `${body.title} · with-session`;
  const contents = listContents(body.headings);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escape(body.description.slice(0, 200))}">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to("assets/site.css")}">
<script src="${to("assets/theme.js")}"></script>
</head>
<body>
<a class="skip" href="#site-content">Skip to the text</a>
<header class="top">
<a class="name" href="${to("index.html")}">with-session</a>
<span class="version">${escape(site.version)}</span>
<button class="narrow" type="button" popovertarget="site-pages">Pages</button>
${
    contents &&
    `<button class="narrow" type="button" popovertarget="site-contents">Contents</button>`
  }
<search><form action="${to("search.html")}">
<input type="search" name="q" aria-label="Search" placeholder="Search" autocomplete="off">
</form></search>
<button id="site-theme" type="button" hidden>Dark</button>
<a class="source" href="${repository}">GitHub</a>
</header>
<div class="frame">
<nav id="site-pages" popover aria-label="Pages">
${site.sections.map((section) => listSection(section, page, to)).join("\n")}
</nav>
<main id="site-content" tabindex="-1">
<article data-pagefind-body data-pagefind-weight="${weightOf(page)}">
${body.html}</article>
<footer>
${listNeighbours(page, site, to)}
${sourceOf(page)}
</footer>
</main>
${contents}
</div>
</body>
</html>
`;
}

/** How much a page counts in the search: guides more than what repeats them. */
function weightOf({ path }: Page): number {
  if (path.startsWith("guides/")) return 5;
  if (/^(?:frameworks|decisions|project)\//.test(path)) return 0.5;
  return path === "search.html" ? 0 : 1;
}

function listSection(
  { title, places }: Section,
  page: Page,
  to: (path: string) => string,
): string {
  const items = places.map(({ label, path }) => {
    const current = path === page.path ? ' aria-current="page"' : "";
    return `<li><a href="${to(path)}"${current}>${escape(label)}</a></li>`;
  });
  const isHere = page.path === "index.html" ||
    places.some(({ path }) =>
      path === page.path ||
      // A list of a folder stands for all that is in there.
      (path.endsWith("/index.html") &&
        posix.dirname(path) === posix.dirname(page.path))
    );
  return `<details${isHere ? " open" : ""}><summary>${escape(title)}</summary>
<ul>
${items.join("\n")}
</ul></details>`;
}

function listContents(headings: readonly Heading[]): string {
  const shown = headings.filter(({ level }) => level < 4);
  if (shown.length < 2) return "";
  const items = shown.map(({ level, id, text }) =>
    `<li class="level-${level}"><a href="#${id}">${escape(text)}</a></li>`
  );
  return `<nav id="site-contents" popover aria-labelledby="site-contents-title">
<p id="site-contents-title">On this page</p>
<ul>
${items.join("\n")}
</ul></nav>`;
}

function listNeighbours(
  page: Page,
  { sections }: Site,
  to: (path: string) => string,
): string {
  const places = sections.flatMap(({ places }) => places)
    .filter(({ path }) => !path.includes("#") && !path.includes(":"));
  const here = places.findIndex(({ path }) => path === page.path);
  if (here < 0) return "";
  const link = (place: Place | undefined, rel: string, words: string) =>
    place
      ? `<a rel="${rel}" href="${to(place.path)}"><small>${words}</small> ` +
        `${escape(place.label)}</a>`
      : "";
  return `<nav class="neighbours" aria-label="Before and after">
${link(places[here - 1], "prev", "Before")}
${link(places[here + 1], "next", "Next")}
</nav>`;
}

function sourceOf({ source }: Page): string {
  if (!source.includes(".")) return "";
  const words = source.endsWith(".md") ? "This page" : "Its source";
  return `<p><a href="${repository}/blob/main/${source}">${words} on GitHub</a></p>`;
}
