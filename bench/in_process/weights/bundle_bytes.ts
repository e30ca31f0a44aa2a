import { build, type Plugin } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../../../tools/paths.mjs";
import { bench } from "../../common/folders.ts";
import type { Options } from "../options.ts";
import { type Program, PROGRAMS } from "./programs.ts";
import type { Weight } from "./weight.ts";

const SEALED = `export { withSession } from "../mod.ts";`;

/** Left out of a bundle: what is loaded when an option asks for it. */
const LATER: Plugin = {
  name: "later",
  setup: ({ onResolve }) =>
    onResolve(
      { filter: /./ },
      ({ path, kind }) =>
        kind === "dynamic-import" ? { path, external: true } : undefined,
    ),
};

/** Bytes of minimal programs, minified, also compressed. */
export async function weighBundles(options: Options): Promise<Weight[]> {
  const isAsked = ({ subject }: Program) =>
    options.subjects.some(({ name }) => name === subject);
  const weights: Weight[] = [];
  for (const { subject, source, external } of PROGRAMS.filter(isAsked)) {
    weights.push(...both(subject, await sizeOf(source, { external })));
  }
  const all = await sizeOf(SEALED);
  weights.push(
    ...both("with-session", await sizeOf(SEALED, { plugins: [LATER] })),
    ...both("with-session", all, ", with all behind import()"),
  );
  for (const store of stores()) {
    const source = `${SEALED} export * from "../${store}";`;
    const { gzip } = await sizeOf(source);
    weights.push({
      what: "bundle bytes",
      subject: "with-session",
      case: `min+gzip, ${store} more`,
      value: gzip - all.gzip,
    });
  }
  return weights;
}

/** The published stores. */
function stores(): string[] {
  const text = readFileSync(join(root, "deno.json"), "utf8");
  const paths = Object.values<string>(JSON.parse(text).exports);
  return paths.map((path) => path.slice(2))
    .filter((path) => path.startsWith("stores/"));
}

interface Size {
  readonly min: number;
  readonly gzip: number;
}

function both(subject: string, { min, gzip }: Size, more = ""): Weight[] {
  const what = "bundle bytes";
  return [
    { what, subject, case: `min${more}`, value: min },
    { what, subject, case: `min+gzip${more}`, value: gzip },
  ];
}

async function sizeOf(
  contents: string,
  { plugins = [], external = [] }: {
    plugins?: Plugin[] | undefined;
    external?: readonly string[] | undefined;
  } = {},
): Promise<Size> {
  const { outputFiles: [file] } = await build({
    stdin: { contents, resolveDir: bench, loader: "ts" },
    absWorkingDir: bench,
    bundle: true,
    minify: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["production"],
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["node:*", "cloudflare:*", ...external],
    plugins,
    logLevel: "error",
    write: false,
  });
  if (!file) throw new Error("esbuild made no file");
  const gzip = gzipSync(file.contents, { level: 9 }).length;
  return { min: file.contents.length, gzip };
}
