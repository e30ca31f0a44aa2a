import assert from "node:assert/strict";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./process.ts";

/** In bytes, minified and gzipped; see decision 011. */
export const LIMITS = {
  program: 9480,
  cookie: 2380,
  writing: 5700,
  whole: 16_000,
  checks: 1720,
  engine: 15_350,
  store: 3200,
  redis: 4250,
  reader: 2800,
  h3: 2900,
  express: 8950,
  fastify: 6600,
  next: 900,
  nuxt: 9550,
  browser: 4600,
} as const;

/** What is loaded when an option asks for it. */
export const optional: Plugin = {
  name: "optional",
  setup({ onResolve }) {
    onResolve(
      { filter: /./ },
      ({ path, kind }) =>
        kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/** Leaves out what is loaded before: the core, say. */
export async function without(...entryPoints: string[]): Promise<Plugin> {
  const { metafile } = await bundle({
    entryPoints,
    outdir: "dist",
    plugins: [optional],
  });
  const core = Object.keys(metafile.inputs).map((path) => join(root, path));
  return {
    name: "without",
    setup({ onResolve }) {
      onResolve(
        { filter: /^\./ },
        ({ path, kind, resolveDir }) =>
          kind !== "entry-point" && core.includes(join(resolveDir, path))
            ? { path, external: true }
            : undefined,
      );
    },
  };
}

/** A module that is bundled, minified and gzipped. */
export interface Bundled {
  /** In bytes. */
  size: number;
  metafile: Metafile;
}

/** Bundles one module. */
export async function bundle(entry: BuildOptions): Promise<Bundled> {
  const { metafile, outputFiles: [file] } = await build({
    ...entry,
    absWorkingDir: root,
    bundle: true,
    minify: true,
    metafile: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    external: ["node:*", "cloudflare:*"],
    write: false,
  });
  assert.ok(file);
  return { size: gzipSync(file.contents, { level: 9 }).length, metafile };
}
