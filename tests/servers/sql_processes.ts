import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { SessionStore } from "../../src/store/contract.ts";
import type { ClientName } from "./sql_clients.ts";
import { openTable, type SqlServer } from "./sql_harness.ts";
import { assertKept, keyOf, recordWith, valueOf } from "./sql_records.ts";

const WORKER = fileURLToPath(new URL("sql_worker.ts", import.meta.url));

/** Registers what happens between processes, and when one is killed. */
export function describeProcesses(
  client: ClientName,
  server: () => SqlServer,
): void {
  describe(`processes, with ${client}`, () => {
    it("update() of four processes loses no change", async (t) => {
      const { pool, table, store } = await openTable(client, server());
      await using _ = pool;
      await store.create(keyOf(1), recordWith({ value: "0" }));
      const workers = Array.from(
        { length: 4 },
        () => start(t, table, keyOf(1), "count", "250"),
      );
      for (const worker of workers) assert.equal(await worker.line(), "ready");
      for (const worker of workers) worker.go();
      for (const worker of workers) assert.equal(await worker.end(), 0);
      const record = await store.get(keyOf(1));
      assert.equal(record?.value, "1000");
      assert.equal(record.revision, 1001);
    });

    it("update() of a process that is killed is done or not", async (t) => {
      const { pool, table, store } = await openTable(client, server());
      await using _ = pool;
      for (let round = 0; round < 3; round++) {
        const key = keyOf(round);
        await store.create(key, recordWith());
        const worker = start(t, table, key, "write");
        assert.equal(await worker.line(), "ready");
        worker.go();
        let acknowledged = 1;
        for await (const line of worker.lines) {
          acknowledged = Number(line);
          if (acknowledged === 20) worker.kill();
        }
        assert.ok(acknowledged >= 20);
        const record = await store.get(key);
        assertKept(record, acknowledged);
        // A lock that the process held is gone with it.
        await assertUpdates(store, key);
      }
    });

    it("update() that was acknowledged outlives a server that is killed", async (t) => {
      const { url, server: process, restart } = server();
      if (!process) {
        return t.skip(`the server at ${new URL(url).host} is not ours`);
      }
      const { pool, store } = await openTable(client, server(), 8);
      await using _ = pool;
      const keys = Array.from({ length: 8 }, (_, number) => keyOf(number));
      for (const key of keys) await store.create(key, recordWith());
      const acknowledged = keys.map(() => 1);
      let writes = 0;
      let killed: Promise<void> | undefined;
      const ends = await Promise.allSettled(keys.map(async (key, number) => {
        for (let revision = 2;; revision++) {
          const value = valueOf(revision);
          const record = recordWith({ revision, value });
          assert.equal(await store.update(key, record, revision - 1), "ok");
          acknowledged[number] = revision;
          if (++writes === 200) killed = process.kill();
        }
      }));
      await killed;
      assert.ok(writes >= 200, String(ends[0]?.status));
      for (const end of ends) {
        assert.ok(end.status === "rejected");
        assert.ok(!(end.reason instanceof assert.AssertionError), end.reason);
      }
      await restart();
      // postgres.js tells of the old failure once more on each connection.
      for (const [number, key] of keys.entries()) {
        const record = await again(() => store.get(key));
        assertKept(record, acknowledged[number] ?? 0);
        await again(() => assertUpdates(store, key));
      }
    });
  });

  function start(t: TestContext, ...args: string[]): Worker {
    return startWorker(t, [client, server().url, ...args]);
  }
}

async function again<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1;; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries === 20 || error instanceof assert.AssertionError) throw error;
    }
  }
}

async function assertUpdates(store: SessionStore, key: string): Promise<void> {
  // Twice, because the last write of a killed process may only now arrive.
  for (let tries = 1; tries <= 2; tries++) {
    const record = await store.get(key);
    assert.ok(record);
    const next = { ...record, revision: record.revision + 1 };
    const result = await store.update(key, next, record.revision);
    if (result === "ok") return;
    assert.equal(result, "conflict");
  }
  assert.fail("No update gets through");
}

interface Worker {
  readonly lines: AsyncIterable<string>;
  /** The next line that it prints. */
  line(): Promise<string | undefined>;
  go(): void;
  kill(): void;
  /** Its exit code, when it has ended. */
  end(): Promise<number | null>;
}

function startWorker(t: TestContext, args: string[]): Worker {
  const child: ChildProcess = spawn(execPath, [WORKER, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "close");
  assert.ok(child.stdout);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    lines: { [Symbol.asyncIterator]: () => lines },
    line: async () => (await lines.next()).value,
    go: () => child.stdin?.write("go\n"),
    kill: () => child.kill("SIGKILL"),
    end: async () => (await ended)[0],
  };
}
