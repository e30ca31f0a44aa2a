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

/** Starts one workerd with a Worker for each bundle and set of flags. */
export async function startWorkers(
  bundles: Bundle[],
): Promise<{ tests: WorkerTest[]; stop(): Promise<void> }> {
  const workers = Object.entries(flagSets).flatMap(([flags, set]) =>
    bundles.map((bundle) => ({
      flags,
      set,
      bundle,
      name: `${flags}:${bundle.file}`,
    }))
  );
  const miniflare = new Miniflare({
    cf: false,
    workers: workers.map(({ name, set, bundle }) => ({
      name,
      compatibilityDate,
      compatibilityFlags: set,
      modules: [{
        type: "ESModule",
        path: "worker.js",
        contents: bundle.code,
      }],
    })),
  });
  const stop = () => miniflare.dispose();
  try {
    const tests: WorkerTest[] = [];
    for (const { flags, bundle, name } of workers) {
      const worker = await miniflare.getWorker(name);
      const listed = await ask<Listed[]>(worker, "/list");
      if (listed.length === 0) throw new Error(`${bundle.file} has no test`);
      for (const [index, test] of listed.entries()) {
        const run = () => runOne(worker, index, bundle);
        tests.push({ ...test, flags, file: bundle.file, run });
      }
    }
    return { tests, stop };
  } catch (error) {
    // workerd would keep this process alive.
    await stop();
    throw error;
  }
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
