import assert from "node:assert/strict";
import {
  build,
  type BuildOptions,
  type OutputFile,
  type Plugin,
} from "esbuild";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { entryPoints, npm } from "./manifests.ts";
import { root } from "./process.ts";

/** In bytes, minified and gzipped; see decision 011. */
const LIMITS = { program: 8064, asked: 768, engine: 4096, store: 2560 };

/** What is loaded when an option asks for it. */
const optional: Plugin = {
  name: "optional",
  setup({ onResolve }) {
    onResolve(
      { filter: /./ },
      ({ path, kind }) =>
        kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/** What is loaded before, at the latest. */
const core: Plugin = {
  name: "core",
  setup({ onResolve }) {
    onResolve({ filter: /\.\.\/(src\/|asked\/)?\w+\.ts$/ }, ({ path }) => ({
      path,
      external: true,
    }));
  },
};

describe("bundle", () => {
  it(`a program with withSession() is at most ${LIMITS.program} bytes`, async () => {
    const program = `export { withSession } from "./mod.ts";`;
    const plugins = [optional];
    const size = gzipped(await bundle({ stdin: stdin(program), plugins }));
    const all = gzipped(
      await bundle({ entryPoints: ["mod.ts"], plugins }),
    );
    console.log(
      `figure: ${size} bytes with withSession() alone, ${all} with all of mod.ts`,
    );
    assert.ok(size <= LIMITS.program, `${size} bytes`);
  });

  it(`what a schema, revocations or a store need is at most ${LIMITS.asked} bytes`, async () => {
    const entryPoints = ["src/asked/asking.ts"];
    const size = gzipped(await bundle({ entryPoints, plugins: [core] }));
    console.log(`figure: ${size} bytes more with either of them`);
    assert.ok(size <= LIMITS.asked, `${size} bytes`);
  });

  it(`what a store needs is at most ${LIMITS.engine} bytes`, async () => {
    const entryPoints = ["src/stored/engine.ts"];
    const size = gzipped(await bundle({ entryPoints, plugins: [core] }));
    console.log(`figure: ${size} bytes more with a store`);
    assert.ok(size <= LIMITS.engine, `${size} bytes`);
  });

  for (const path of entryPoints.filter((path) => /^stores/.test(path))) {
    it(`${path} is at most ${LIMITS.store} bytes`, async () => {
      const size = gzipped(
        await bundle({ entryPoints: [path], plugins: [core] }),
      );
      assert.ok(size <= LIMITS.store, `${size} bytes`);
    });
  }

  it("mod.ts needs nothing but its own source", async () => {
    const { inputs, outputs } = (await bundle()).metafile;
    assert.deepEqual(
      Object.keys(inputs).filter((path) => !/^(mod\.ts|src\/)/.test(path)),
      [],
    );
    assert.deepEqual(Object.values(outputs).map(({ imports }) => imports), [
      [],
    ]);
  });

  it("the package has no dependency", () => {
    for (const field of Object.keys(npm)) {
      assert.ok(
        field === "devDependencies" || !/dependencies$/i.test(field),
        field,
      );
    }
  });
});

function stdin(contents: string) {
  return { contents, resolveDir: root, loader: "ts" } as const;
}

function gzipped({ outputFiles }: { outputFiles: OutputFile[] }): number {
  const [file] = outputFiles;
  assert.ok(file);
  return gzipSync(file.contents, { level: 9 }).length;
}

function bundle(entry: BuildOptions = { entryPoints: ["mod.ts"] }) {
  return build({
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
}
