import { Miniflare } from "miniflare";
import type { Bundle } from "./bundle.ts";
import type { Listed } from "./test_shim.ts";
import type { Outcome } from "./worker_entry.ts";

type Worker = Awaited<ReturnType<Miniflare["getWorker"]>>;

// Raise together with miniflare: a later date than its workerd's is refused.
const compatibilityDate = "2026-07-30";

/** The two kinds of Worker every test runs in. */
export const flagSets: Record<string, string[]> = {
  "without nodejs_compat": [],
  "with nodejs_compat": ["nodejs_compat"],
};

/** One test in one Worker. */
export interface WorkerTest extends Listed {
  flags: string;
  file: string;
  /** @throws {Error} What failed in the Worker, with its stack. */
  run(): Promise<void>;
}

/** How many Workers one workerd has: all of them have 4 GB of heap together. */
const MOST = 60;

/** Starts a Worker for each bundle and set of flags. */
export async function startWorkers(
  bundles: Bundle[],
): Promise<{ tests: WorkerTest[]; stop(): Promise<void> }> {
  const started: Miniflare[] = [];
  const stop = async () => {
    for (const each of started) await each.dispose();
  };
  try {
    const tests: WorkerTest[] = [];
    for (const flags of Object.keys(flagSets)) {
      for (let i = 0; i < bundles.length; i += MOST) {
        const some = bundles.slice(i, i + MOST);
        const miniflare = start(flags, some);
        started.push(miniflare);
        for (const bundle of some) {
          tests.push(...await testsOf(miniflare, flags, bundle));
        }
      }
    }
    return { tests, stop };
  } catch (error) {
    // workerd would keep this process alive.
    await stop();
    throw error;
  }
}

/** Starts one workerd. */
function start(flags: string, bundles: readonly Bundle[]): Miniflare {
  return new Miniflare({
    cf: false,
    workers: bundles.map(({ file, code }) => ({
      name: file,
      compatibilityDate,
      compatibilityFlags: flagSets[flags] ?? [],
      modules: [{ type: "ESModule", path: "worker.js", contents: code }],
    })),
  });
}

async function testsOf(
  miniflare: Miniflare,
  flags: string,
  bundle: Bundle,
): Promise<WorkerTest[]> {
  const worker = await miniflare.getWorker(bundle.file);
  const listed = await ask<Listed[]>(worker, "/list");
  if (listed.length === 0) throw new Error(`${bundle.file} has no test`);
  return listed.map((test, index) => ({
    ...test,
    flags,
    file: bundle.file,
    run: () => runOne(worker, index, bundle),
  }));
}

async function runOne(
  worker: Worker,
  index: number,
  bundle: Bundle,
): Promise<void> {
  const { failure } = await ask<Outcome>(worker, `/run?test=${index}`);
  if (failure === undefined) return;
  const error = new Error(failure.message);
  error.stack = bundle.toSource(failure.stack || failure.message);
  throw error;
}

async function ask<T>(worker: Worker, path: string): Promise<T> {
  const response = await worker.fetch(`http://worker.test${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}
