import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Effort, Row } from "./rows.ts";

const program = join(import.meta.dirname, "memory_child.ts");

/** The memory store at several sizes, each in a fresh process. */
export async function memory(
  sizes: readonly number[],
  effort: Effort,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      // Twice what a million sessions take: its limit is not what is measured.
      "--max-old-space-size=6144",
      program,
      `${size}`,
      JSON.stringify(effort),
    ]);
    rows.push(...JSON.parse(stdout));
  }
  return rows;
}
