import { medianOf, type Quartiles, quartilesOf } from "../common/quartiles.ts";
import { shuffle } from "../common/shuffle.ts";
import type { Batch, BatchOf, Counted } from "./agent.ts";
import { KINDS } from "./kinds.ts";
import type { Running } from "./runtimes/start.ts";
import type { Group, Kind, Subject } from "./subject.ts";

/** A subject as an agent describes it. */
export type Described = Omit<Subject, "create" | "prove">;

/** How long and how often. */
export interface Rounds {
  readonly rounds: number;
  /** What a batch takes, in ms. */
  readonly batch: number;
}

/** What is measured: a kind of request at a load. */
export interface Entry extends BatchOf {
  readonly inFlight: number;
}

/** What was measured of an entry, by round; µs per request. */
export interface Measured extends Entry {
  readonly group: Group;
  /** None in a round that it was left out of. */
  readonly times: (number | undefined)[];
  readonly cpu: (number | undefined)[];
}

/** A row of the results. */
export interface Row extends Entry {
  readonly runtime: string;
  readonly group: Group;
  readonly time: Quartiles;
  readonly overRaw: Quartiles | null;
  readonly overBare: Quartiles | null;
  readonly cpu?: number;
}

/** Rounds that a batch far longer than asked for is left out of: two of three. */
const SLOW = { times: 4, every: 3 };

/** Proves the subjects and makes their entries ready. */
export async function make(
  running: Running,
  entries: readonly Entry[],
): Promise<void> {
  const done = new Set<string>();
  const once = (action: string, of: object, name: string) => {
    if (done.has(`${action} ${name}`)) return;
    done.add(`${action} ${name}`);
    return running.ask(action, of);
  };
  for (const { subject, kind, bytes } of entries) {
    const of = { subject, kind, bytes };
    await once("prove", of, `${subject} ${bytes}`);
    await once("prepare", of, `${subject} ${kind} ${bytes}`);
  }
}

/** WebCrypto calls and cookies of each kind of request, counted. */
export async function countAll(
  running: Running,
  entries: readonly Entry[],
): Promise<(BatchOf & Counted)[]> {
  const counted = new Map<string, BatchOf & Counted>();
  for (const { subject, kind, bytes } of entries) {
    const name = `${subject} ${kind} ${bytes}`;
    if (counted.has(name)) continue;
    const of = { subject, kind, bytes };
    counted.set(name, { ...of, ...await running.ask<Counted>("count", of) });
  }
  return [...counted.values()];
}

/**
 * Measures entries in turn, in another order in each round, so that whatever
 * else the machine does falls on all of them alike.
 */
export async function measure(
  running: Running,
  subjects: readonly Described[],
  entries: readonly Entry[],
  { rounds, batch }: Rounds,
): Promise<Measured[]> {
  const groups = new Map(
    subjects.map(({ name, group = "fetch" }) => [name, group] as const),
  );
  const all = entries.map((entry) => ({
    ...entry,
    group: groups.get(entry.subject) as Group,
    times: [] as (number | undefined)[],
    cpu: [] as (number | undefined)[],
  }));
  const last = new Map<Entry, number>();
  for (const entry of all) last.set(entry, await warmUp(running, entry, batch));
  for (let round = 0; round < rounds; round++) {
    for (const entry of shuffle(all)) {
      const each = last.get(entry) as number;
      const isSlow = each * entry.inFlight > SLOW.times * batch * 1000;
      // The first ones count, so that each has some.
      if (isSlow && round % SLOW.every > 0) {
        entry.times.push(undefined);
        entry.cpu.push(undefined);
        continue;
      }
      const requests = Math.max(
        entry.inFlight,
        Math.ceil(batch * 1000 / each),
      );
      const { time, cpu } = await runBatch(running, entry, requests);
      last.set(entry, time);
      entry.times.push(time);
      entry.cpu.push(cpu);
    }
  }
  return all;
}

/** Rows with quotients, each of the times of one round. */
export function rowsOf(
  runtime: string,
  measured: readonly Measured[],
  subjects: readonly Described[],
): Row[] {
  return measured.map((entry) => {
    const { subject, kind, bytes, inFlight, group } = entry;
    const over = (role: "bare" | "raw", kind: Kind | null) => {
      const reference = findReference(measured, subjects, entry, role, kind);
      const found = quotients(entry.times, reference?.times ?? []);
      return found.length > 0 ? quartilesOf(found) : null;
    };
    const cpu = present(entry.cpu);
    return {
      runtime,
      subject,
      group,
      kind,
      bytes,
      inFlight,
      time: quartilesOf(present(entry.times)),
      overRaw: over("raw", KINDS[kind].raw),
      overBare: over("bare", "read-seen"),
      ...cpu.length > 0 && { cpu: quartilesOf(cpu).median },
    };
  });
}

/** By round: one time over another. */
export function quotients(
  times: readonly (number | undefined)[],
  others: readonly (number | undefined)[],
): number[] {
  return present(times.map((time, round) => {
    const other = others[round];
    return time !== undefined && other !== undefined ? time / other : undefined;
  }));
}

/** The entry that another is compared with. */
export function findReference(
  measured: readonly Measured[],
  subjects: readonly Described[],
  { group, bytes, inFlight }: Measured,
  role: "bare" | "raw",
  kind: Kind | null,
): Measured | undefined {
  return measured.find((other) =>
    other.kind === kind && other.inFlight === inFlight &&
    other.group === group &&
    (role === "bare" || other.bytes === bytes) &&
    subjects.some(({ name, role: found }) =>
      name === other.subject && found === role
    )
  );
}

function present<Value>(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((value) => value !== undefined);
}

/** Runs batches that grow until one takes long enough; µs per request. */
async function warmUp(
  running: Running,
  entry: Entry,
  batch: number,
): Promise<number> {
  let requests = entry.inFlight;
  while (true) {
    const { time } = await runBatch(running, entry, requests);
    if (time * requests > batch * 500) return time;
    const wanted = Math.ceil(batch * 1000 / Math.max(time, 0.01));
    requests = Math.min(Math.max(wanted, requests * 2), requests * 16);
  }
}

async function runBatch(
  running: Running,
  { subject, kind, bytes, inFlight }: Entry,
  requests: number,
): Promise<{ time: number; cpu: number | undefined }> {
  const load = { subject, kind, bytes, inFlight, pool: requests };
  const before = running.cpu();
  const begun = performance.now();
  const { ms } = await running.ask<Batch>("run", { ...load, requests });
  const took = performance.now() - begun;
  const used = difference(running.cpu(), before);
  if (running.runtime !== "workerd") {
    return { time: ms * 1000 / requests, cpu: scale(used, 1000 / requests) };
  }
  // Its clock stands still, so it is timed from here, less what the same
  // takes without a request.
  const empty = await emptyRun(running, load);
  return {
    time: Math.max(took - empty.ms, 0.001) * 1000 / requests,
    cpu: scale(difference(used, empty.cpu), 1000 / requests),
  };
}

async function emptyRun(running: Running, load: object) {
  const times: number[] = [];
  const before = running.cpu();
  while (times.length < 3) {
    const begun = performance.now();
    await running.ask("run", { ...load, requests: 0 });
    times.push(performance.now() - begun);
  }
  const cpu = scale(difference(running.cpu(), before), 1 / times.length);
  return { ms: medianOf(times) ?? 0, cpu };
}

function difference(
  a: number | undefined,
  b: number | undefined,
): number | undefined {
  return a !== undefined && b !== undefined ? a - b : undefined;
}

function scale(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value * by;
}
