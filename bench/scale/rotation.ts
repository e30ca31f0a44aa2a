import assert from "node:assert/strict";
import { createSessions, generateSecret } from "../../mod.ts";
import { measureReads, type Reader, sealed, warmUp } from "./reading.ts";
import type { Effort, Row } from "./rows.ts";

/** Tokens of the oldest of so many secrets, read by who has them all. */
export async function rotation(
  counts: readonly number[],
  { quick }: Effort,
): Promise<Row[]> {
  const effort = quick
    ? { batch: 500, rounds: 10 }
    : { batch: 1_000, rounds: 30 };
  const needed = effort.batch * (effort.rounds + 1);
  const readers: Reader[] = [];
  for (const size of counts) {
    const secrets = Array.from({ length: size }, generateSecret);
    const old = createSessions({ secret: secrets.at(-1) });
    const tokens: string[] = [];
    while (tokens.length < needed) tokens.push(await sealed(old));
    const sessions = createSessions({ secret: secrets });
    await refuses(sessions, tokens[0] as string);
    readers.push({ size, sessions, tokens });
  }
  for (const reader of readers) await warmUp(reader, effort.batch);
  const measured = await measureReads(readers, effort);
  return measured.map(({ size, figures }) => ({
    subject: "rotation",
    size,
    operation: "read, sealed with the oldest",
    ...figures,
  }));
}

async function refuses(
  sessions: Reader["sessions"],
  token: string,
): Promise<void> {
  const place = token.length - 30;
  const other = token[place] === "A" ? "B" : "A";
  const forged = token.slice(0, place) + other + token.slice(place + 1);
  assert.equal(await sessions.unseal(forged), null);
  const stranger = await sealed(createSessions({ secret: generateSecret() }));
  assert.equal(await sessions.unseal(stranger), null);
}
