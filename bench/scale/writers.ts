import { createSessions, generateSecret } from "../../mod.ts";
import { someOf } from "./records.ts";
import { measureReads, type Reader, sealed, warmUp } from "./reading.ts";
import type { Effort, Row } from "./rows.ts";

/**
 * Tokens of so many writers, in no order. Each writer, a process or an isolate,
 * has a salt and so a subkey of its own, which a reader keeps or derives.
 */
export async function writers(
  counts: readonly number[],
  { quick }: Effort,
): Promise<Row[]> {
  const effort = quick ? { batch: 200, rounds: 8 } : { batch: 500, rounds: 20 };
  const measured = effort.batch * effort.rounds;
  const readers: Reader[] = [];
  for (const size of counts) {
    const secret = generateSecret();
    // Enough before anything counts for each writer to have been seen.
    const tokens = await tokensOf(
      size,
      secret,
      Math.max(size, 1_000) + measured,
    );
    const sessions = createSessions({ secret });
    const reader = { size, sessions, tokens };
    await warmUp(reader, tokens.length - measured);
    readers.push(reader);
  }
  const rows = await measureReads(readers, effort);
  return rows.map(({ size, figures }) => ({
    subject: "writers",
    size,
    operation: "read",
    ...figures,
  }));
}

async function tokensOf(
  size: number,
  secret: string,
  count: number,
): Promise<string[]> {
  const all = Array.from({ length: size }, () => createSessions({ secret }));
  const tokens: string[] = [];
  // One of each first, and then of anybody.
  for (const sessions of all) tokens.push(await sealed(sessions));
  while (tokens.length < count) {
    const sessions = all[someOf(size)];
    if (sessions) tokens.push(await sealed(sessions));
  }
  return tokens;
}
