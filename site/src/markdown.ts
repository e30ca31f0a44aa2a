import hljs from "highlight.js";
import MarkdownIt from "markdown-it";
import { makeSlugs } from "./slugs.ts";
import { linkTo, type Page, repository } from "./sources.ts";

/** A heading of a page, for its list of contents. */
export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** What a page is, without what stands around it. */
export interface Rendered {
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** Its first sentences, for lists of search engines. */
  readonly description: string;
}

interface Env {
  readonly page: Page;
  readonly paths: ReadonlyMap<string, string>;
}

type Token = ReturnType<MarkdownIt["parse"]>[number];

/** What the fences of the pages name, in the words of the highlighter. */
const LANGUAGES: Readonly<Record<string, string>> = {
  astro: "xml",
  console: "shell",
  jsonc: "json",
  svelte: "xml",
  vue: "xml",
};
/** A comment that names the file of a program, above a block of it. */
const FROM_A_FILE = /^<!-- (integrations\/[\w./+-]+) -->\s*$/;

const markdown = new MarkdownIt({ html: true });
const escape = markdown.utils.escapeHtml;

/** A comment that names the place of the heading below it. */
const PLACE = /^<!-- #(\S+) -->\s*$/;

/** Renders one page. */
export function render(
  page: Page,
  paths: ReadonlyMap<string, string>,
): Rendered {
  const env: Env = { page, paths };
  const tokens = markdown.parse(page.markdown, env);
  const slug = makeSlugs();
  const headings: Heading[] = [];
  let title = "";
  let description = "";
  for (const [index, token] of tokens.entries()) {
    const inline = tokens[index + 1];
    if (token.type === "heading_open") {
      const text = textOf(inline);
      const level = Number(token.tag.slice(1));
      if (level === 1) title ||= text;
      const [, named] = PLACE.exec(tokens[index - 1]?.content ?? "") ?? [];
      // "Returns" and the like are there for each method.
      if (!named && level > 3 && isReference(page)) continue;
      const id = named ?? slug(text);
      token.attrSet("id", id);
      if (level > 1) headings.push({ level, id, text });
    }
    if (token.type === "paragraph_open" && !description) {
      description = textOf(inline).replace(/\s+/g, " ");
    }
  }
  const html = markdown.renderer.render(tokens, markdown.options, env);
  return { title, html, headings, description };
}

/** The text of a heading or paragraph, as a reader sees it. */
function textOf(token: Token | undefined): string {
  return (token?.children ?? []).map(({ type, content }) =>
    type === "softbreak" ? " " : type === "html_inline" ? "" : content
  ).join("");
}

const { rules } = markdown.renderer;
const asIs: NonNullable<typeof rules.text> = (
  tokens,
  index,
  options,
  _,
  self,
) => self.renderToken(tokens, index, options);

rules.heading_close = (tokens, index, options, env, self) => {
  const id = tokens[index - 2]?.attrGet("id");
  const name = escape(textOf(tokens[index - 1]));
  const mark = !id || tokens[index]?.tag === "h1"
    ? ""
    : ` <a class="mark" data-pagefind-ignore href="#${id}" aria-label="Link to “${name}”">#</a>`;
  return mark + asIs(tokens, index, options, env, self);
};

rules.link_open = (tokens, index, options, env: Env, self) => {
  const token = tokens[index];
  const href = token?.attrGet("href") ?? "";
  token?.attrSet("href", linkTo(href, env.page, env.paths));
  return asIs(tokens, index, options, env, self);
};

const { image } = rules;
rules.image = (tokens, index, options, env: Env, self) => {
  const token = tokens[index];
  const src = token?.attrGet("src") ?? "";
  token?.attrSet("src", linkTo(src, env.page, env.paths));
  token?.attrSet("loading", "lazy");
  return image?.(tokens, index, options, env, self) ?? "";
};

// What is wider than the screen scrolls by itself, also by the keyboard.
rules.table_open = () =>
  `<div class="wide" role="group" aria-label="Table" tabindex="0"><table>\n`;
rules.table_close = () => "</table></div>\n";

// A head without words is none, as in the corner of a table.
rules.th_open = (tokens, index, options, env, self) =>
  tokens[index + 1]?.content === ""
    ? "<td>"
    : asIs(tokens, index, options, env, self);
rules.th_close = (tokens, index) =>
  tokens[index - 1]?.content === "" ? "</td>\n" : "</th>\n";

// It speaks to who works on the text.
rules.html_block = (tokens, index) => {
  const { content = "" } = tokens[index] ?? {};
  return content.startsWith("<!--") ? "" : content;
};

rules.fence = (tokens, index, _options, env: Env) => {
  const { info = "", content = "" } = tokens[index] ?? {};
  const [language = "", mode] = info.split(" ");
  const name = LANGUAGES[language] ?? language;
  const code = hljs.getLanguage(name)
    ? hljs.highlight(content, { language: name }).value
    : escape(content);
  const [, file] = FROM_A_FILE.exec(tokens[index - 1]?.content ?? "") ?? [];
  const origin = file
    ? `From <a href="${repository}/blob/main/${file}">${
      escape(file.replace(/^integrations\//, ""))
    }</a>, which the tests visit`
    : language === "ts" && mode === undefined && isRun(env.page, content)
    ? "Run by the tests"
    : "";
  const caption = origin && `<figcaption>${origin}</figcaption>`;
  return `<figure class="code">${caption}<pre tabindex="0"><code>${code}` +
    "</code></pre></figure>\n";
};

function isReference({ path }: Page): boolean {
  return path.startsWith("reference/");
}

/** Whether the tests run a block of plain `ts`: signatures are none. */
function isRun(page: Page, code: string): boolean {
  if (isReference(page)) {
    return code.startsWith("import ") && !page.path.includes("durable-object");
  }
  return page.source === "README.md" || page.source.startsWith("docs/");
}
