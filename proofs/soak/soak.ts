// npm run soak -- --minutes=10
//
// Visitors on real servers with faults, and an audit of what they were told.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readCommandLine } from "../common/options.ts";
import { breakLibrary, NAMES } from "./broken.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { describe, describeBreaks } from "./report.ts";
import {
  prepare,
  type Result,
  run,
  type RunOptions,
  type Stage,
} from "./run.ts";

const here = new URL("../../", import.meta.url);

async function soak(options: Options, root: URL): Promise<Result[]> {
  const { stores, minutes, seed, faults, history } = options;
  const began = performance.now();
  const say = (store: string, text: string) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${seconds.padStart(5)} s  ${store.padEnd(9)} ${text}`);
  };
  const stages: Stage[] = [];
  const runs = stores.map((store): RunOptions => ({
    store,
    seconds: minutes * 60,
    seed,
    faults,
    root,
    onProgress: (text) => say(store, text),
    onHistory: history === undefined ? undefined : (all) => {
      mkdirSync(history, { recursive: true });
      const path = join(history, `${store}-${seed}.json`);
      writeFileSync(path, JSON.stringify(all));
    },
  }));
  for (const each of runs) stages.push(await prepare(each));
  return await Promise.all(runs.map((each, place) => run(each, stages[place])));
}

async function main(options: Options): Promise<void> {
  const { seed, broken, isTrial } = options;
  console.log(`seed ${seed}`);
  if (isTrial) return await tryAll(options);
  const root = broken === undefined ? here : breakLibrary(broken);
  const results = await soak(options, root);
  console.log(describe(results));
  const breaks = results.flatMap((result) => describeBreaks(result));
  for (const line of breaks) console.log(line);
  if (!breaks.length) return;
  console.log(`\nBroken. The same plan: npm run soak -- --seed=${seed} …`);
  process.exitCode = 1;
}

/** Each broken copy has to be found. */
async function tryAll(options: Options): Promise<void> {
  for (const name of NAMES) {
    const stores = options.stores.slice(0, 1);
    const began = performance.now();
    const [result] = await soak({ ...options, stores }, breakLibrary(name));
    const rules = new Set(result?.breaks.map(({ rule }) => rule));
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const how = rules.size ? `found: ${[...rules].join(", ")}` : "NOT FOUND";
    console.log(`${name.padEnd(15)} ${seconds.padStart(4)} s  ${how}`);
    if (!rules.size) process.exitCode = 1;
  }
}

await main(readCommandLine(readOptions, USAGE));
process.exit();
