import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Kind } from "./_shared.ts";

const WORKER = fileURLToPath(new URL("./_worker.ts", import.meta.url));

const running: Set<ChildProcess> = new Set();

/** A process that runs a job of `_worker.ts`. */
export interface Worker {
  /** What it has said so far, but "ready" and "done". */
  readonly lines: string[];
  /** Lets it begin. */
  go(): void;
  /** Resolves when it has said so many lines, or has ended. */
  said(lines: number): Promise<void>;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
  /** Resolves when it has ended: whether it did all of its job. */
  readonly ended: Promise<boolean>;
}

/** Starts processes that wait for each other before they begin. */
export async function startWorkers(
  kind: Kind,
  path: string,
  jobs: readonly (readonly [job: string, count: number])[],
): Promise<Worker[]> {
  const workers = await Promise.all(
    jobs.map(([job, count]) => startWorker([kind, path, job, `${count}`])),
  );
  for (const worker of workers) worker.go();
  return workers;
}

/** Resolves when all have done their jobs; rejects as soon as one has not. */
export async function finish(workers: readonly Worker[]): Promise<void> {
  await Promise.all(workers.map(async ({ ended }) => {
    assert.ok(await ended, "A process has failed");
  }));
}

/** Ends what a test that failed has left running. */
export function killWorkers(): void {
  for (const child of running) child.kill("SIGKILL");
}

async function startWorker(args: string[]): Promise<Worker> {
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const child: ChildProcess = spawn(
    process.execPath,
    [...run, WORKER, ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  running.add(child);
  const lines: string[] = [];
  let isDone = false;
  let wake = () => {};
  const ready = Promise.withResolvers<void>();
  assert.ok(child.stdout && child.stdin);
  const { stdin } = child;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") ready.resolve();
    else if (line === "done") isDone = true;
    else lines.push(line);
    wake();
  });
  let hasEnded = false;
  const ended = new Promise<boolean>((resolve) => {
    child.on("close", () => {
      running.delete(child);
      hasEnded = true;
      ready.reject(new Error("A process ended before it was ready"));
      wake();
      resolve(isDone);
    });
  });
  await ready.promise;
  return {
    lines,
    ended,
    go: () => void stdin.write("go\n"),
    kill: () => void child.kill("SIGKILL"),
    async said(count) {
      while (lines.length < count && !hasEnded) {
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
}
