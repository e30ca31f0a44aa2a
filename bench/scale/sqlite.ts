import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { SqliteStore } from "../../stores/sqlite.ts";
import { openSqlite } from "../../tests/hosts/_sqlite.ts";
import { churn } from "./churn.ts";
import { fill, populate } from "./populate.ts";
import { type Effort, type Row, Tally } from "./rows.ts";

/**
 * SQLite at several sizes, on disk as its page recommends (WAL, FULL). It stops
 * before the size that would take longer than the budget.
 */
export async function sqlite(
  sizes: readonly number[],
  effort: Effort,
): Promise<Row[]> {
  return await populate("sqlite", sizes, effort, async (size) => {
    const folder = await mkdtemp(join(tmpdir(), "with-session-"));
    try {
      return await measure(join(folder, "sessions.db"), size, effort);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

async function measure(path: string, size: number, effort: Effort) {
  const rows: Omit<Row, "subject" | "size">[] = [];
  let now = Date.UTC(2030, 0, 1);
  const clock = () => now;
  const database = await openSqlite(path);
  const store = new SqliteStore(database, { now: clock });
  await store.createSchema();
  // In one transaction, and so without waiting for the disk each time.
  database.exec("BEGIN");
  const { world, figures } = await fill(store, size, clock, 1);
  database.exec("COMMIT");
  // Everything into the file itself, to see what it takes.
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  rows.push({
    operation: "fill (one transaction)",
    ...figures,
    memory: statSync(path).size,
  });
  rows.push(...await churn(world, { ...batches(effort), inFlight: 1 }));

  // A tenth of them has expired.
  now += 0.1 * 24 * 60 * 60_000;
  rows.push({
    operation: "delete expired",
    ...await withPauses(() => store.deleteExpired(now)),
  });
  database.close();
  return rows;
}

function batches({ quick }: Effort) {
  return quick ? { rounds: 5, batch: 50 } : { rounds: 20, batch: 100 };
}

/** A long task, per record, and for how long nothing else got its turn. */
async function withPauses(task: () => Promise<number>) {
  let isOver = false;
  let longest = 0;
  const watch = async () => {
    for (let last = performance.now(); !isOver;) {
      await turn();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  };
  const watching = watch();
  const start = performance.now();
  const count = await task();
  const took = performance.now() - start;
  isOver = true;
  await watching;
  const tally = new Tally();
  tally.add(took, Math.max(1, count), longest);
  return tally.figures;
}
