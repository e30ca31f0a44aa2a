import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, run } from "./process.ts";

/** The compilers that a consumer may have: the newest, the oldest supported. */
export const compilers: Readonly<Record<string, string>> = {
  "TypeScript 7": join(root, "node_modules/typescript/bin/tsc"),
  "TypeScript 5.8": join(root, "node_modules/typescript58/bin/tsc"),
};

/** One way in which a project is compiled. */
export interface Compiling {
  compiler: string;
  /** The option `moduleResolution`. */
  resolution: string;
  /** The ending of the file: `cts` is CommonJS wherever Node decides. */
  ending?: "ts" | "mts" | "cts";
  /** Packages whose global types it knows. */
  types?: string[];
  /** Other options of the compiler. */
  more?: object;
}

/** Which `module` goes with a resolution that says nothing of it itself. */
const MODULE: Readonly<Record<string, string>> = {
  bundler: "esnext",
  node10: "commonjs",
};

/** A program that imports these entry points. */
export function importing(subpaths: string[]): string {
  return subpaths.map((subpath, index) =>
    `import * as module${index} from "with-session${subpath}";\n` +
    `export const names${index}: string[] = Object.keys(module${index});\n`
  ).join("");
}

/** Compiles a program and all that it imports; fails with what is said of it. */
export async function compile(
  project: string,
  way: Compiling,
  program: string,
): Promise<void> {
  const { ending = "ts" } = way;
  await compileFiles(project, way, { [`consumer.${ending}`]: program });
}

/** The same with several files, by their names. */
export async function compileFiles(
  project: string,
  { compiler, resolution, types = [], more }: Compiling,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [file, program] of Object.entries(files)) {
    await writeFile(join(project, file), program);
  }
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: "es2024",
      lib: ["es2024", "dom"],
      module: MODULE[resolution] ?? resolution,
      moduleResolution: resolution,
      types,
      typeRoots: [join(root, "node_modules/@types")],
      ...more,
    },
    files: Object.keys(files),
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  const tsc = compilers[compiler] ?? "";
  await run([process.execPath, tsc, "-p", project]);
}
