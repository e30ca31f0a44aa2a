import process from "node:process";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { breakages } from "./broken.ts";
import { programOf } from "./catalogue.ts";
import { runRandom } from "./random.ts";
import { type Found, programsWith, searchProgram } from "./search.ts";
import { kinds } from "./subjects/kinds.ts";
import { loadLibrary } from "./subjects/library.ts";
import { withSessionIn } from "./subjects/with_session.ts";
import { replaceCrypto } from "./world/quiet.ts";
import { stopwatch } from "./world/time.ts";

// The real code under a hostile scheduler: README.md says what is shown.

/** How many random runs by default: a real server is slower. */
const RUNS: Readonly<Record<string, number>> = {
  memory: 8_000,
  sqlite: 3_000,
  redis: 2_000,
  postgres: 1_000,
  kv: 3_000,
  sealed: 3_000,
  bound: 3_000,
};

const { values } = parseArgs({
  options: {
    runs: { type: "string" },
    seed: { type: "string" },
    path: { type: "string" },
    store: { type: "string" },
    program: { type: "string", default: "" },
    most: { type: "string", default: "1000" },
    only: { type: "string" },
    library: { type: "string" },
    peers: { type: "boolean", default: false },
  },
});
const PARTS = ["broken", "search", "random", "peers"];

function numberOf(name: "runs" | "seed" | "most"): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  const least = name === "seed" ? -Infinity : 1;
  if (!Number.isInteger(number) || number < least) {
    throw new RangeError(`--${name} must be an integer: it is ${text}`);
  }
  return number;
}

if (values.store !== undefined && !kinds[values.store]) {
  throw new RangeError(`--store must be one of ${Object.keys(kinds).join()}`);
}
if (values.only !== undefined && !PARTS.includes(values.only)) {
  throw new RangeError(`--only must be one of ${PARTS.join()}`);
}
const seed = numberOf("seed") ?? Date.now() % 2 ** 31;
const runs = numberOf("runs");
const most = numberOf("most");
const isReplay = values.path !== undefined;
let failures = 0;

function fail(text: string): void {
  failures++;
  console.log(text.replaceAll(/^/gm, "    "));
}

/** Breaks the library on purpose: each break has to be found. */
async function searchBroken(): Promise<void> {
  for (const { name, edits, title } of breakages) {
    const library = await loadLibrary(values.library, edits);
    const kind = await kinds["memory"]?.(library);
    const subject = await withSessionIn(library, kind as never);
    const { breaches, runs } = await searchProgram(subject, programOf(title), {
      stopsAtFirst: true,
    });
    const found = breaches[0];
    console.log(
      `broken: ${name}: ${
        found ? `found after ${runs} orders: ${found.rule}` : "NOT FOUND"
      }`,
    );
    if (!found) failures++;
  }
}

/** Searches the catalogue, in two threads. */
async function searchAll(): Promise<void> {
  const began = stopwatch();
  const word = values.program;
  const count = programsWith(word).length;
  if (!count) throw new RangeError(`--program: none has "${word}"`);
  const all: Found[] = [];
  let next = 0;
  await Promise.all([1, 2].map(() =>
    new Promise<void>((resolve, reject) => {
      const { library } = values;
      const data = { library, word, most };
      const worker = new Worker(
        new URL("./search_worker.ts", import.meta.url),
        {
          workerData: data,
          execArgv: ["--no-deprecation"],
        },
      );
      const give = () => worker.postMessage(next < count ? next++ : undefined);
      worker.on("message", (found: Found) => {
        all.push(found);
        for (const { text } of found.breaches) fail(`${found.title}\n${text}`);
        give();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
      give();
    })
  ));
  const sum = (part: "runs" | "left" | "faults") =>
    all.reduce((total, found) => total + found[part], 0);
  const cut = all.filter(({ isWhole }) => !isWhole);
  console.log(
    `search: ${all.length} programs, ${sum("runs")} orders run to their end, ` +
      `${sum("left")} left as equivalent to one of these, ` +
      `${sum("faults")} faults put in, ` +
      `at most ${Math.max(...all.map(({ orphans }) => orphans))} orphans, ` +
      `${((stopwatch() - began) / 1000).toFixed(0)} s`,
  );
  console.log(
    cut.length
      ? `search: NOT SEARCHED WHOLE, but for the first ${most} orders: ` +
        cut.map(({ title }) => title).join("; ")
      : "search: every order of every program was searched",
  );
}

async function randomAll(): Promise<void> {
  const names = values.store ? [values.store] : Object.keys(kinds);
  for (const name of names) {
    const began = stopwatch();
    const library = await loadLibrary(values.library);
    const kind = await kinds[name]?.(library);
    const subject = await withSessionIn(library, kind as never);
    try {
      const { failure, ...result } = await runRandom(subject, {
        runs: runs ?? RUNS[name] ?? 1_000,
        seed,
        path: values.path,
      });
      console.log(
        `random, ${name}: ${result.runs} runs, ${result.faults} faults put in ` +
          `(${result.crashes} crashes), at most ${result.orphans} orphans, ` +
          `seed ${seed}, ${((stopwatch() - began) / 1000).toFixed(0)} s`,
      );
      if (failure) {
        fail(
          `${failure.text}\nAgain: npm run prove:scheduler -- ` +
            `--only=random ${failure.replay}`,
        );
      }
    } finally {
      await subject.close?.();
    }
  }
}

function wants(part: string): boolean {
  if (values.only) return values.only === part;
  if (isReplay) return part === "random";
  return part === "peers" ? values.peers : true;
}

replaceCrypto();
if (wants("broken")) await searchBroken();
if (wants("search")) await searchAll();
if (wants("random")) await randomAll();
if (wants("peers")) {
  const { searchPeers } = await import("./peers/main.ts");
  failures += await searchPeers();
}
console.log(failures ? `${failures} not as they should be` : "All is well");
process.exit(failures ? 1 : 0);
