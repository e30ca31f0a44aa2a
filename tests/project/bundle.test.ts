import assert from "node:assert/strict";
import { build, type BuildOptions, type OutputFile } from "esbuild";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { npm } from "./manifests.ts";
import { root } from "./process.ts";

const limit = 6144;

describe("bundle", () => {
  it(`a program with withSession() is at most ${limit} bytes, minified and gzipped`, async () => {
    const program = `export { withSession } from "./mod.ts";`;
    const size = gzipped(await bundle({ stdin: stdin(program) }));
    const all = gzipped(await bundle());
    console.log(
      `figure: ${size} bytes with withSession() alone, ${all} with all of mod.ts`,
    );
    assert.ok(size <= limit, `${size} bytes`);
  });

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
    write: false,
  });
}
