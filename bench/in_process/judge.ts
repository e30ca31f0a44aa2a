import type { Runtime } from "../common/machine.ts";
import { medianOf } from "../common/quartiles.ts";
import type { Judgement } from "../common/results.ts";
import { short } from "../common/short.ts";
import type { BatchOf, Counted } from "./agent.ts";
import {
  type Described,
  findReference,
  type Measured,
  quotients,
} from "./harness.ts";
import { KINDS } from "./kinds.ts";
import { JUDGED } from "./plan.ts";
import type { Kind } from "./subject.ts";
import type { Weight } from "./weights/weight.ts";

/** What is judged: one runtime's run. */
export interface Judgeable {
  readonly runtime: Runtime;
  readonly subjects: readonly Described[];
  readonly measured: readonly Measured[];
  readonly counted: readonly (BatchOf & Counted)[];
}

type Goals = Readonly<Record<Runtime, number>>;
const OURS = "with-session";

const OVER_RAW: readonly { what: string; kind: Kind; goals: Goals }[] = [
  {
    what: "read, cookie seen, over raw",
    kind: "read-seen",
    goals: { node: 0.25, deno: 0.25, bun: 0.4, workerd: 0.7 },
  },
  {
    what: "read, first sight, over raw",
    kind: "read-first",
    goals: { node: 1.1, deno: 1.25, bun: 1.25, workerd: 1.1 },
  },
  {
    what: "read-modify-write, cookie seen, over raw",
    kind: "write-seen",
    goals: { node: 0.7, deno: 0.7, bun: 0.7, workerd: 0.85 },
  },
];
/** Over raw, where no cookie is cleared. */
const FORGED = 1.1;
/** µs that a session costs which is not asked for. */
const UNTOUCHED = 0.3;
const PEERS: readonly { what: string; kind: Kind; goal: number }[] = [
  {
    what: "read, fastest peer that encrypts over ours",
    kind: "read-seen",
    goal: 6,
  },
  {
    what: "write, fastest peer that encrypts over ours",
    kind: "write-seen",
    goal: 2.5,
  },
];
const REDIS_READ = 1.6;
const CALLS: readonly { kind: Kind; most: number }[] = [
  { kind: "anonymous", most: 0 },
  { kind: "untouched", most: 0 },
  { kind: "read-seen", most: 0 },
  { kind: "read-first", most: 1 },
  { kind: "write-seen", most: 1 },
  { kind: "malformed", most: 0 },
  { kind: "forged", most: 1 },
];
const TRIPS: Readonly<Record<string, number>> = {
  anonymous: 0,
  forged: 0,
  read: 1,
  write: 2,
  "idle renewal, beyond the read": 0,
};
const BYTES = { beyondBase64: 99, core: 6000, store: 1500 };
const IMPORT_MS = 2;

/** Judges what was timed. */
export function judgeRun(run: Judgeable): Judgement[] {
  const { runtime } = run;
  const judgements: Judgement[] = [];
  const most = (what: string, goal: number, found?: number, unit = "×") =>
    found !== undefined && judgements.push({
      what,
      runtime,
      goal: `≤ ${goal}${unit}`,
      found: `${short(found)}${unit}`,
      isReached: found <= goal,
    });
  most(
    "session not asked for, more than the bare handler",
    UNTOUCHED,
    untouched(run),
    " µs",
  );
  for (const { what, kind, goals } of OVER_RAW) {
    most(what, goals[runtime], overRaw(run, OURS, kind));
  }
  judgements.push(...judgeForged(run));
  for (const { what, kind, goal } of PEERS) {
    const fastest = fastestPeer(run, kind);
    if (!fastest) continue;
    judgements.push({
      what,
      runtime,
      goal: `≥ ${goal}×`,
      found: `${short(fastest.times)}× (${fastest.name})`,
      isReached: fastest.times >= goal,
    });
  }
  most(
    "Redis, read over a raw GET",
    REDIS_READ,
    overRaw(run, "with-session (redis)", "read-seen"),
  );
  return judgements;
}

/**
 * Judges a forged cookie where it is not cleared, as raw clears none; what it
 * takes to clear it stands beside.
 */
function judgeForged(run: Judgeable): Judgement[] {
  const { runtime, counted } = run;
  const found = overRaw(run, OURS, "forged-background");
  if (found === undefined) return [];
  const lines =
    counted.find(({ subject, kind, bytes }) =>
      subject === OURS && kind === "forged-background" && bytes === JUDGED.bytes
    )?.lines ?? NaN;
  const clearing = overRaw(run, OURS, "forged");
  return [{
    what: "forged cookie, over raw",
    runtime,
    goal: `≤ ${FORGED}×; no Set-Cookie unless the cookie is being cleared`,
    found: `${short(found)}×, ${lines} Set-Cookie` +
      (clearing === undefined ? "" : `; cleared: ${short(clearing)}×`),
    isReached: found <= FORGED && lines === 0,
  }];
}

/** Judges what was counted and weighed. */
export function judgeWeights(weights: readonly Weight[]): Judgement[] {
  const judgements: Judgement[] = [];
  const find = (what: Weight["what"], of: Partial<Weight>) =>
    weights.filter((weight) =>
      weight.what === what &&
      Object.entries(of).every(([key, value]) =>
        weight[key as keyof Weight] === value
      )
    );
  function most(what: string, goal: number, found: readonly Weight[]): void {
    for (const [value, same] of Map.groupBy(found, ({ value }) => value)) {
      const runtimes = same.flatMap(({ runtime }) => runtime ?? []);
      judgements.push({
        what,
        ...runtimes.length > 0 && { runtime: runtimes.join(" ") },
        goal: `≤ ${goal}`,
        found: short(value),
        isReached: value <= goal,
      });
    }
  }
  for (const { kind, most: goal } of CALLS) {
    const found = find("webcrypto calls", { subject: OURS, case: kind });
    most(`WebCrypto calls: ${kind}`, goal, found);
  }
  const oldest = find("webcrypto calls", { subject: OURS, case: "rotated" });
  const newest = find("webcrypto calls", { subject: OURS, case: "read-seen" });
  // Both come again.
  const asNewest = Math.max(...newest.map(({ value }) => value));
  if (newest.length > 0) {
    most("WebCrypto calls: oldest of 8 keys, as newest", asNewest, oldest);
  }
  for (const subject of ["with-session (memory)", "with-session (redis)"]) {
    for (const [name, goal] of Object.entries(TRIPS)) {
      const found = find("store round trips", { subject, case: name });
      most(`store round trips, ${subject}: ${name}`, goal, found);
    }
  }
  const beyond = find("cookie bytes", {
    subject: OURS,
    case: `${JUDGED.bytes} B`,
  })
    .map((weight) => ({
      ...weight,
      value: weight.value - "__Host-sid=".length -
        Math.ceil(JUDGED.bytes * 4 / 3),
    }));
  most("characters beyond base64 of the JSON", BYTES.beyondBase64, beyond);
  const core = find("bundle bytes", { subject: OURS, case: "min+gzip" });
  most("core, bundled, minified, gzip, in bytes", BYTES.core, core);
  const [largest] = find("bundle bytes", { subject: OURS })
    .filter((weight) => / more$/.test(weight.case ?? ""))
    .sort((a, b) => b.value - a.value);
  if (largest) {
    const name = /(stores\/.*) more/.exec(largest.case ?? "")?.[1];
    most(`a store more, the largest: ${name}`, BYTES.store, [largest]);
  }
  judgements.push(...judgeImport(weights));
  return judgements;
}

/** Judges the package as it is published. */
function judgeImport(weights: readonly Weight[]): Judgement[] {
  const ours = weights.filter(({ what, subject, runtime }) =>
    what === "import ms" && subject === OURS && runtime === "node"
  );
  return ours.map(({ value }) => ({
    what: "import over an empty module, ms",
    runtime: "node",
    goal: `≤ ${IMPORT_MS}`,
    found: short(value),
    isReached: value <= IMPORT_MS,
  }));
}

/** What no part of this benchmark measures. */
export const ELSEWHERE: readonly string[] = [
  "memory store of 1 000 000 sessions: npm run bench:scale",
  "round trips of an idle renewal in Redis: counted at the memory store alone",
];

function find(
  { measured }: Judgeable,
  subject: string,
  kind: Kind,
): Measured | undefined {
  return measured.find((entry) =>
    entry.subject === subject && entry.kind === kind &&
    entry.bytes === JUDGED.bytes && entry.inFlight === JUDGED.inFlight
  );
}

function overRaw(
  run: Judgeable,
  subject: string,
  kind: Kind,
): number | undefined {
  const entry = find(run, subject, kind);
  const reference = entry &&
    findReference(run.measured, run.subjects, entry, "raw", KINDS[kind].raw);
  return reference && medianOf(quotients(entry.times, reference.times));
}

function untouched(run: Judgeable): number | undefined {
  const ours = find(run, OURS, "untouched");
  const bare = find(run, "bare", "read-seen");
  const more = ours?.times.map((time, round) => {
    const other = bare?.times[round];
    return time !== undefined && other !== undefined ? time - other : undefined;
  });
  return medianOf(more?.filter((value) => value !== undefined) ?? []);
}

/** The peer whose time over ours, round by round, is the smallest. */
function fastestPeer(
  run: Judgeable,
  kind: Kind,
): { name: string; times: number } | undefined {
  const ours = find(run, OURS, kind);
  const peers = run.subjects.filter((subject) =>
    subject.protects === "encrypts" && !subject.role &&
    (subject.group ?? "fetch") === "fetch" &&
    !subject.packages.includes(OURS)
  );
  return peers.flatMap(({ name }) => {
    const theirs = find(run, name, kind);
    const times = ours && theirs &&
      medianOf(quotients(theirs.times, ours.times));
    return times === undefined ? [] : [{ name, times }];
  }).sort((a, b) => a.times - b.times)[0];
}
