import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { execPath, exit, stdin, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import type { SessionStore } from "../../src/store/contract.ts";

/**
 * Runs a script in several processes at a time, from the moment on when all of
 * them are ready. It fails if one of them does.
 */
export async function runTogether(
  script: URL,
  times: number,
  ...args: readonly string[]
): Promise<void> {
  const workers = Array.from({ length: times }, () => {
    const child = spawn(execPath, [fileURLToPath(script), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const isReady = once(child.stdout, "data");
    const end = once(child, "exit").then(([code]) => {
      assert.equal(code, 0, "A process of its own has failed");
    });
    return { child, isReady, end };
  });
  try {
    await Promise.all(
      workers.map(({ isReady, end }) => Promise.race([isReady, end])),
    );
    for (const { child } of workers) child.stdin.write("go\n");
    await Promise.all(workers.map(({ end }) => end));
  } finally {
    for (const { child } of workers) child.kill();
  }
}

/** In such a script: says that it is ready, and waits for the others. */
export async function untilAllAreReady(): Promise<void> {
  // Without those who started it, it has no work.
  stdin.once("end", () => exit(1));
  stdout.write("ready\n");
  await once(stdin, "data");
}

/** In such a script: adds one to the number in a record, so many times. */
export async function count(
  store: SessionStore,
  key: string,
  times: number,
): Promise<void> {
  await store.get(key);
  await untilAllAreReady();
  for (let time = 0; time < times; time++) await addOne(store, key);
}

async function addOne(store: SessionStore, key: string): Promise<void> {
  for (;;) {
    const record = await store.get(key);
    assert.ok(record);
    const revision = record.revision + 1;
    const value = `${Number(record.value) + 1}`;
    const next = { ...record, revision, value };
    if (await store.update(key, next, record.revision) === "ok") return;
  }
}
