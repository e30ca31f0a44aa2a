import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, run } from "./process.ts";

/** Type-checks, libraries included, a file that imports these entry points. */
export async function typeCheck(
  project: string,
  resolution: string,
  subpaths: string[],
  types: string[],
): Promise<void> {
  const imports = subpaths.map((subpath, index) =>
    `import * as module${index} from "with-session${subpath}";\n` +
    `export const names${index}: string[] = Object.keys(module${index});\n`
  );
  await writeFile(join(project, "consumer.ts"), imports.join(""));
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: "es2024",
      lib: ["es2024", "dom"],
      module: resolution === "bundler" ? "esnext" : resolution,
      moduleResolution: resolution,
      types,
      typeRoots: [join(root, "node_modules/@types")],
    },
    files: ["consumer.ts"],
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await run([process.execPath, tsc, "-p", project]);
}
