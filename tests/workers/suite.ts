/** Runs test files inside workerd, with Durable Objects, D1 and KV. */

import { build } from "esbuild";
import { Miniflare, type WorkerOptions } from "miniflare";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Listed } from "../workerd/test_shim.ts";
import type { Outcome } from "../workerd/worker_entry.ts";
import { flagSets } from "../workerd/workers.ts";

type Worker = Awaited<ReturnType<Miniflare["getWorker"]>>;

/** As in tests/workerd/workers.ts: the latest that miniflare's workerd knows. */
export const LATEST = "2026-07-30";
/** The first one with calls of methods; an alarm outlives `deleteAll()`. */
export const OLDEST = "2024-04-03";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles a module of this folder for workerd. */
export async function bundle(name: string): Promise<string> {
  const shim = (file: string) => join(root, "tests/workerd", file);
  const { outputFiles: [output], warnings } = await build({
    absWorkingDir: root,
    entryPoints: [`tests/workers/${name}.ts`],
    alias: {
      "node:test": shim("test_shim.ts"),
      "node:assert/strict": shim("assert_shim.ts"),
    },
    external: ["cloudflare:*"],
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker"],
    logLevel: "silent",
    // package.json says "sideEffects": false, and a test file is nothing else.
    ignoreAnnotations: true,
    write: false,
  });
  if (output === undefined || warnings.length > 0) {
    throw new Error(`esbuild did not bundle ${name} without a warning`);
  }
  return output.text;
}

/** The options of miniflare for a Worker with the bindings of env.ts. */
export function workerOf(name: string, code: string): WorkerOptions {
  const object = (className: string) => ({ className, useSQLite: true });
  return {
    name,
    compatibilityDate: LATEST,
    modules: [{
      type: "ESModule" as const,
      path: `${name}.js`,
      contents: code,
    }],
    d1Databases: { DB: name },
    kvNamespaces: { KV: name },
    durableObjects: {
      SESSIONS: object("SessionObject"),
      WATCHED: object("WatchedObject"),
    },
  };
}

const closing: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

/** A folder for as long as the tests of this file take. */
export function temporaryFolder(): string {
  // Each write waits for the disk, if there is one.
  const memory = "/dev/shm";
  const parent = existsSync(memory) ? memory : tmpdir();
  const folder = mkdtempSync(join(parent, "with-session-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Workers that run. */
export interface Running {
  readonly miniflare: Miniflare;
  /** Ends them; it may come twice. */
  stop(): Promise<void>;
}

/** Runs Workers that keep all they have in a folder. */
export function start(
  workers: WorkerOptions[],
  folder: string = temporaryFolder(),
): Running {
  const miniflare = new Miniflare({
    cf: false,
    durableObjectsPersist: join(folder, "objects"),
    d1Persist: join(folder, "d1"),
    kvPersist: join(folder, "kv"),
    workers,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => stopped ??= miniflare.dispose();
  closing.push(stop);
  return { miniflare, stop };
}

/** The kinds of Worker that tests run in. */
export const kinds: Readonly<Record<string, Partial<WorkerOptions>>> = {
  ...Object.fromEntries(
    Object.entries(flagSets).map(([title, compatibilityFlags]) => [
      title,
      { compatibilityFlags },
    ]),
  ),
  [`compatibility date ${OLDEST}`]: { compatibilityDate: OLDEST },
};

/** Registers the tests of a module, for some kinds of Worker. */
export async function describeInWorkerd(
  name: string,
  titles: readonly string[] = Object.keys(flagSets),
): Promise<void> {
  const code = await bundle(name);
  const { miniflare } = start(titles.map((title, place) => {
    const worker = { ...workerOf(`worker-${place}`, code), ...kinds[title] };
    return worker as WorkerOptions;
  }));
  for (const [place, title] of titles.entries()) {
    const worker = await miniflare.getWorker(`worker-${place}`);
    const listed = await ask<Listed[]>(worker, "/list");
    if (listed.length === 0) throw new Error(`${name} has no test`);
    const tests = listed.map((test, index) => ({
      ...test,
      run: () => runOne(worker, index),
    }));
    describe(title, () => register(tests));
  }
}

/** Registers tests under the same `describe` names as in their file. */
function register(
  tests: readonly (Listed & { run(): Promise<void> })[],
  depth = 0,
): void {
  const groups = Map.groupBy(
    tests,
    ({ path }) => path.length > depth + 1 ? path[depth] : undefined,
  );
  for (const [name, group] of groups) {
    if (name !== undefined) {
      describe(name, () => register(group, depth + 1));
      continue;
    }
    for (const { path, skip, run } of group) {
      it(path.at(-1) ?? "", { skip: skip ?? false }, run);
    }
  }
}

async function runOne(worker: Worker, index: number): Promise<void> {
  const { failure } = await ask<Outcome>(worker, `/run?test=${index}`);
  if (failure === undefined) return;
  const error = new Error(failure.message);
  error.stack = failure.stack || failure.message;
  throw error;
}

async function ask<Answer>(worker: Worker, path: string): Promise<Answer> {
  const response = await worker.fetch(`http://worker.test${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}
