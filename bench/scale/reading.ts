import assert from "node:assert/strict";
import type { AnyData, Session, Sessions } from "../../mod.ts";
import { time } from "./churn.ts";
import { Tally } from "./rows.ts";

const IN_FLIGHT = 64;

/** Data of 1000 bytes. */
const data = { text: "x".repeat(980), one: 1 };

/** Somebody whose reads are measured beside those of others. */
export interface Reader {
  readonly size: number;
  readonly sessions: Sessions;
  /** Each is read once: what was seen before may cost less. */
  readonly tokens: string[];
}

/** A token with the data. */
export async function sealed(sessions: Sessions): Promise<string> {
  const session = sessions.create();
  for (const [name, value] of Object.entries(data)) session.set(name, value);
  return await sessions.seal(session);
}

/** Measures readers in turns, a batch each, until their tokens are read. */
export async function measureReads(
  readers: readonly Reader[],
  { batch, rounds }: { batch: number; rounds: number },
): Promise<{ size: number; figures: Tally["figures"] }[]> {
  const tallies = new Map(readers.map((reader) => [reader, new Tally()]));
  for (let round = 0; round < rounds; round++) {
    for (const place of readers.keys()) {
      // Each is the first of a round in turn.
      const reader = readers[(place + round) % readers.length] as Reader;
      const calls = take(reader, batch);
      const { took } = await time(calls, IN_FLIGHT);
      tallies.get(reader)?.add(took, batch);
    }
  }
  return readers.map((reader) => ({
    size: reader.size,
    figures: (tallies.get(reader) as Tally).figures,
  }));
}

/** Reads some tokens without counting. */
export async function warmUp(reader: Reader, count: number): Promise<void> {
  await time(take(reader, count), IN_FLIGHT);
}

function take({ sessions, tokens }: Reader, count: number) {
  const taken = tokens.splice(0, count);
  assert.equal(taken.length, count, "there are enough tokens");
  return taken.map((token) => async () => check(await sessions.unseal(token)));
}

function check(session: Session<AnyData> | null): void {
  assert.equal(session?.get("one"), 1);
}
