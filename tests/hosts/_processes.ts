import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Kind } from "./_shared.ts";

const WORKER = fileURLToPath(new URL("./_worker.ts", import.meta.url));

const running: Set<ChildProcess> = new Set();

/** A process that runs a job of `_worker.ts`. */
export interface Worker {
  /** Its number. */
  readonly pid: number;
  /** What it has said so far, but "ready" and "done". */
  readonly lines: string[];
  /** Lets it begin, or go on. */
  go(): void;
  /** Resolves when it has said so many lines, or has ended. */
  said(lines: number): Promise<void>;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
  /** Resolves when it has ended: whether it did all of its job. */
  readonly ended: Promise<boolean>;
}

/**
 * Starts processes that wait for each other before they begin.
 *
 * @param blocks So many times 512 bytes fit into a file: a write of more fails
 * half way, as on a full disk.
 */
export async function startWorkers(
  kind: Kind,
  path: string,
  jobs: readonly (readonly [job: string, count: number])[],
  blocks?: number,
): Promise<Worker[]> {
  const workers = await Promise.all(
    jobs.map(([job, count]) =>
      startWorker([kind, path, job, `${count}`], blocks)
    ),
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

/** Sets how long the files of a process may get, in bytes; Linux can. */
export function setRoom({ pid }: Worker, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", `${pid}`, `--fsize=${bytes}:unlimited`]);
}

async function startWorker(args: string[], blocks?: number): Promise<Worker> {
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const command = [process.execPath, ...run, WORKER, ...args];
  if (blocks !== undefined) {
    // The signal that would end it is ignored, so that the write fails.
    const limit = `trap "" XFSZ; ulimit -S -f ${blocks}; exec "$@"`;
    command.unshift("sh", "-c", limit, "sh");
  }
  const [program = "", ...rest] = command;
  const child: ChildProcess = spawn(program, rest, {
    stdio: ["pipe", "pipe", "inherit"],
  });
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
  assert.ok(child.pid);
  return {
    pid: child.pid,
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
