import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Application,
  type CommentTag,
  Converter,
  TSConfigReader,
  type TypeDocOptions,
} from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { type Page, root } from "./sources.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, string>>;
}

/** Makes a page of the doc comments of each entry point. */
export async function makeReference(): Promise<Page[]> {
  const text = readFileSync(join(root, "deno.json"), "utf8");
  const { exports }: Manifest = JSON.parse(text);
  const out = mkdtempSync(join(tmpdir(), "with-session-reference-"));
  try {
    await write(Object.values(exports), out);
    return Object.entries(exports).map(([name, entry]) => {
      const source = entry.replace("./", "");
      const file = source.replace(/\.ts$/, "");
      const written = readFileSync(join(out, `${file}.md`), "utf8");
      return {
        source,
        path: `reference/${file}.html`,
        markdown: tidy(written).replace(
          /^# .*$/m,
          `# with-session${name.slice(1)}`,
        ),
        base: `reference/${file}.md`,
      };
    });
  } finally {
    rmSync(out, { recursive: true });
  }
}

async function write(entries: readonly string[], out: string): Promise<void> {
  const options: Partial<TypeDocOptions & PluginOptions> = {
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: entries.map((entry) => join(root, entry)),
    tsconfig: join(root, "tsconfig.json"),
    basePath: root,
    out,
    readme: "none",
    // One page for each thing that can be imported from.
    router: "module",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    disableSources: true,
    disableGit: true,
    excludePrivate: true,
    useCodeBlocks: true,
    parametersFormat: "table",
    useHTMLAnchors: true,
    // The tests of the project see to these: here, they would be said twice.
    skipErrorChecking: true,
    logLevel: "Error",
  };
  const app = await Application.bootstrapWithPlugins(options, [
    new TSConfigReader(),
  ]);
  app.converter.on(Converter.EVENT_RESOLVE, (_context, reflection) => {
    reflection.comment?.blockTags.forEach(nameError);
  });
  const project = await app.convert();
  if (!project) throw new Error("TypeDoc could not read the entry points");
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error("TypeDoc has found errors");
}

/** Keeps the class of an error, which is left out otherwise. */
function nameError(tag: CommentTag): void {
  if (tag.tag !== "@throws" || !tag.typeAnnotation) return;
  const name = tag.typeAnnotation.replace(/[{}]/g, "");
  tag.content.unshift({ kind: "code", text: `\`${name}\`` }, {
    kind: "text",
    text: ": ",
  });
}

/**
 * A default is written in braces, and may be followed by words. What names a
 * place becomes a comment, which the page takes for the heading below.
 */
function tidy(markdown: string): string {
  return markdown
    .replace(
      /^(#+ Default\n\n)```ts\n\{(.*?)\}(.*)\n```$/gm,
      "$1`$2`$3",
    )
    .replace(/^<a id="(.+?)"><\/a>$/gm, "<!-- #$1 -->");
}
