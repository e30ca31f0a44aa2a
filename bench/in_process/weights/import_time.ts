import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "../../../tests/servers/server.ts";
import { compile } from "../../../tools/compile.mjs";
import { bench, inProcess } from "../../common/folders.ts";
import type { Runtime } from "../../common/machine.ts";
import { quartilesOf } from "../../common/quartiles.ts";
import { shuffle } from "../../common/shuffle.ts";
import type { Options } from "../options.ts";
import { command } from "../runtimes/start.ts";
import { MODULES } from "./programs.ts";
import type { Weight } from "./weight.ts";

const PROGRAM = join(inProcess, "weights/import_one.mjs");
const ROUNDS = { quick: 5, full: 21 };
const OURS = "with-session";

interface Imported {
  readonly subject: string;
  /** Modules, as `import()` takes them. */
  readonly names: readonly string[];
}

/**
 * Milliseconds to import a package as it is installed, each time in a new
 * process, less what an empty module takes there in the same round.
 */
export async function timeImports(
  { subjects, runtimes, isQuick }: Options,
): Promise<Weight[]> {
  const folder = temporaryFolder();
  try {
    const published = await build(folder);
    const modules: Imported[] = [
      { subject: OURS, names: [published] },
    ];
    for (const { name: subject } of subjects) {
      const names = MODULES[subject];
      if (names) modules.push({ subject, names });
    }
    const empty = { subject: "empty module", names: [emptyModule(folder)] };
    const weights: Weight[] = [];
    // Nothing is imported at run time in workerd.
    for (const runtime of runtimes.filter((name) => name !== "workerd")) {
      const rounds = isQuick ? ROUNDS.quick : ROUNDS.full;
      weights.push(...timeIn(runtime, modules, empty, rounds));
    }
    return weights;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function timeIn(
  runtime: Runtime,
  modules: readonly Imported[],
  empty: Imported,
  rounds: number,
): Weight[] {
  const over = new Map<Imported, number[]>();
  // The first round fills the caches of the system and of the runtime.
  for (let round = -1; round < rounds; round++) {
    const times = new Map<Imported, number>();
    for (const each of shuffle([...modules, empty])) {
      const [program = "", ...args] = command(runtime, PROGRAM);
      const printed = execFileSync(program, [...args, ...each.names], {
        cwd: bench,
        encoding: "utf8",
        env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1" },
      });
      times.set(each, Number(printed.trim().split("\n").at(-1)));
    }
    if (round < 0) continue;
    const least = times.get(empty) ?? NaN;
    for (const each of modules) {
      const time = times.get(each) ?? NaN;
      over.set(each, [...over.get(each) ?? [], time - least]);
    }
  }
  return [...over].map(([{ names: _names, ...each }, values]) => ({
    what: "import ms",
    ...each,
    runtime,
    value: quartilesOf(values).median,
  }));
}

function emptyModule(folder: string): string {
  const file = join(folder, "empty.mjs");
  writeFileSync(file, "export {};\n");
  return pathToFileURL(file).href;
}

/** The package as it is published. */
async function build(folder: string): Promise<string> {
  const out = join(folder, "dist");
  await compile(out);
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }\n`);
  return pathToFileURL(join(out, "mod.js")).href;
}
