import { spawnSync } from "node:child_process";
import {
  cpSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import process from "node:process";
import { rolldown } from "rolldown";
import { root } from "./paths.mjs";

/**
 * What other parts that are loaded on demand import. A group takes along what
 * its modules import, so these come first, each before those that import it.
 */
const SHARED = ["token", "request", "checks"];
/** What runs the cases for stores, in testing/. */
const FOR_STORES = /_cases|harness|describe_store|races|records/;

/**
 * Writes what npm publishes into an empty folder: a declaration for each module
 * and few files of code, because Node takes a while for each one.
 *
 * @param {string} folder Its path.
 */
export async function compile(folder) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(
    process.execPath,
    [tsc, "-p", "tsconfig.build.json", "--outDir", folder],
    { cwd: root, stdio: "inherit" },
  );
  if (status !== 0) throw new Error("tsc did not succeed");
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(
      entryPoints().map((name) => [name, `${name}.ts`]),
    ),
    platform: "neutral",
    external: /^(?:node|cloudflare):/,
  });
  const write = (
    /** @type {string} */ dir,
    /** @type {"es" | "cjs"} */ format,
  ) =>
    bundle.write({
      dir,
      format,
      // The declarations say it; bundlers need to know which calls do nothing.
      comments: { annotation: true, jsdoc: false, legal: false },
      sourcemap: true,
      entryFileNames: "[name].js",
      chunkFileNames: "chunks/[name].js",
      codeSplitting: {
        // What every program needs is one file; what is loaded on demand, one
        // for each folder.
        groups: [
          {
            debugName: "core",
            priority: SHARED.length + 1,
            name: (id, graph) => isNeeded(id, graph) ? "core" : null,
          },
          ...SHARED.map((chunk, index) => ({
            debugName: chunk,
            priority: SHARED.length - index,
            name: (/** @type {string} */ id) =>
              chunkOf(id) === chunk ? chunk : null,
          })),
          { debugName: "on demand", name: chunkOf },
        ],
      },
    });
  const declarations = readdirSync(folder, {
    recursive: true,
    encoding: "utf8",
  });
  await write(folder, "es");
  const commonJs = join(folder, "cjs");
  await write(commonJs, "cjs");
  await bundle.close();
  // The same declarations, which mean what the nearest package.json says.
  for (const path of declarations.filter((path) => path.endsWith(".d.ts"))) {
    cpSync(join(folder, path), join(commonJs, path));
  }
  writeFileSync(join(commonJs, "package.json"), '{ "type": "commonjs" }\n');
}

/** The path of a module in the checkout, wherever that lies, part by part. */
function pathOf(id) {
  return relative(realpathSync(root), id).split(sep);
}

/**
 * The file for a module that is loaded on demand: its folder in `src/`. With a
 * schema goes what asks it: programs with neither a store nor revocations nor a
 * schema need none of it.
 */
function chunkOf(id) {
  const [folder, room, file] = pathOf(id);
  // Whoever wants a browser for tests needs no test runner of Node.
  if (folder === "testing" && FOR_STORES.test(room)) return "store_cases";
  if (folder !== "src") return null;
  return room === "schema" || file === "checks.ts" ? "checks" : room;
}

/** Whether `mod.ts` imports a module, directly or not, when it is loaded. */
function isNeeded(id, graph, seen = new Set()) {
  if (seen.has(id)) return false;
  seen.add(id);
  return graph.getModuleInfo(id).importers.some((each) =>
    pathOf(each).join("/") === "mod.ts" || isNeeded(each, graph, seen)
  );
}

/**
 * The paths of the modules that package.json exports, and of its commands,
 * without an extension.
 */
function entryPoints() {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { exports, bin } = JSON.parse(text);
  return [
    ...Object.values(exports).map((target) => target.default ?? ""),
    ...Object.values(bin),
  ]
    .map((path) => /^(?:\.\/)?dist\/(.*)\.js$/.exec(path)?.[1])
    .filter((name) => name !== undefined);
}
