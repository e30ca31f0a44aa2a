import assert from "node:assert/strict";
import { build } from "esbuild";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Bundles a program of a project; gives what is loaded when it starts. */
export type Bundler = (project: string, program: string) => Promise<string>;

const PLATFORM = /^(?:node|cloudflare):/;

/** The bundlers that a consumer may have. Vite has the second one. */
export const bundlers: Readonly<Record<string, Bundler>> = {
  async esbuild(project, program) {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: project },
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      external: ["node:*", "cloudflare:*"],
      legalComments: "none",
      // It warns of an import that leaves nothing, as is meant here.
      logLevel: "error",
      plugins: [{
        name: "on demand",
        setup({ onResolve }) {
          onResolve(
            { filter: /./ },
            ({ path, kind }) =>
              kind === "dynamic-import" ? { path, external: true } : undefined,
          );
        },
      }],
    });
    return withoutComments(outputFiles[0]?.text);
  },
  async rolldown(project, program) {
    const entry = join(project, "entry.js");
    const bundle = await rolldown({
      cwd: project,
      input: entry,
      platform: "neutral",
      external: PLATFORM,
      plugins: [{
        name: "on demand",
        load: (id) => id === entry ? program : null,
        resolveId: (id) => id === entry ? id : null,
        resolveDynamicImport: (id) => ({ id: String(id), external: true }),
      }],
    });
    const { output: [{ code }] } = await bundle.generate({ format: "es" });
    await bundle.close();
    return withoutComments(code);
  },
};

function withoutComments(code: string | undefined): string {
  assert.ok(code !== undefined);
  return code.replace(/^\/\/.*$/gm, "").replace(/^export \{\};$/gm, "").trim();
}
