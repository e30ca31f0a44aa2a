import { build } from "esbuild";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = import.meta.dirname;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** A test file as one Worker module. */
export interface Bundle {
  file: string;
  code: string;
  /** A stack with places in the bundle turned into places in the source. */
  toSource(stack: string): string;
}

/** Bundles a test file with the shims and the Worker around it. */
export async function bundle(file: string): Promise<Bundle> {
  const { outputFiles, warnings } = await build({
    stdin: {
      contents: `import ${JSON.stringify(`./${file}`)};
        export { default } from "./tests/workerd/worker_entry.ts";`,
      resolveDir: root,
      sourcefile: "worker.js",
    },
    absWorkingDir: root,
    outfile: "worker.js",
    alias: {
      "node:test": join(here, "test_shim.ts"),
      "node:assert/strict": join(here, "assert_shim.ts"),
    },
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker"],
    logLevel: "silent",
    sourcemap: "external",
    // package.json says "sideEffects": false, and a test file is nothing else.
    ignoreAnnotations: true,
    write: false,
  });
  const [map, code] = outputFiles;
  if (map === undefined || code === undefined || warnings.length > 0) {
    throw new Error(`esbuild did not bundle ${file} without a warning`);
  }
  const source = new SourceMap(JSON.parse(map.text));
  return {
    file,
    code: code.text,
    toSource: (stack) =>
      stack.replace(
        /[\w.-]*worker\.js:(\d+):(\d+)/g,
        (place, line, column) => {
          const origin = source.findOrigin(Number(line), Number(column));
          if (!("fileName" in origin)) return place;
          const { fileName, lineNumber, columnNumber } = origin;
          return `${fileName}:${lineNumber}:${columnNumber}`;
        },
      ),
  };
}
