import fc from "fast-check";
import { judge } from "./oracle.ts";
import { run } from "./world/run.ts";
import type {
  BrowserPlan,
  FaultKind,
  RequestPlan,
  Scenario,
} from "./world/scenario.ts";
import type { Subject } from "./world/subject.ts";
import type { Trace } from "./world/trace.ts";

// Scenarios and orders that nobody has thought of.

export interface RandomOptions {
  readonly runs: number;
  readonly seed: number;
  readonly path?: string | undefined;
}

/** What came of it; `replay` are the options that do it again. */
export interface RandomResult {
  readonly runs: number;
  readonly faults: number;
  readonly crashes: number;
  readonly orphans: number;
  readonly failure?: { readonly text: string; readonly replay: string };
}

const users = fc.constantFrom("ada", "bob");
const plainOps = fc.constantFrom(
  ...["read", "add", "add", "set", "flash", "flashes", "save", "pause"],
  ...["remove", "clear", "reload", "later"],
);
const ops: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: plainOps },
  { weight: 2, arbitrary: users.map((user) => `login ${user}`) },
  { weight: 1, arbitrary: fc.constantFrom("regenerate", "throw") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "revokeAll ada",
      "revokeOthers ada",
      "revoke ada",
    ),
  },
);
const lastOps: fc.Arbitrary<string | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom("destroy", "reset") },
);

const browserPlan: fc.Arbitrary<BrowserPlan> = fc.oneof(
  fc.constant<BrowserPlan>({ user: "ada" }),
  fc.constant<BrowserPlan>({ user: "" }),
  fc.constant<BrowserPlan>({}),
);

const requestPlan: fc.Arbitrary<RequestPlan> = fc.record({
  browser: fc.constantFrom("tab", "tab", "tab", "phone", "thief"),
  process: fc.constantFrom("P", "P", "Q", "R"),
  ops: fc.tuple(fc.array(ops, { maxLength: 5 }), lastOps)
    .map(([first, last]) => last ? [...first, last] : first),
  isSocket: fc.oneof(
    { weight: 8, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});

/** Any scenario of up to six requests; each may wait for the one before it. */
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  tab: browserPlan,
  phone: browserPlan,
  requests: fc.array(fc.tuple(requestPlan, fc.boolean()), {
    minLength: 1,
    maxLength: 6,
  }),
  due: fc.boolean(),
  jumps: fc.array(
    fc.constantFrom(1_000, 3_000, 31_000, 91_000, 601_000, -2_000),
    { maxLength: 3 },
  ),
  faults: fc.subarray<FaultKind>(["crash", "lost", "failed", "twice", "slow"]),
  mostFaults: fc.integer({ min: 0, max: 2 }),
}).map(({ tab, phone, requests, due, jumps, faults, mostFaults }) => ({
  title: "random",
  browsers: { tab, phone, thief: { copyOf: "tab" } },
  requests: requests.map(([plan, waits], place) => ({
    ...plan,
    after: waits && place > 0 ? [place - 1] : [],
  })),
  ...due && { age: 601 },
  renewAfter: 600,
  jumps,
  faults: mostFaults ? faults : [],
  mostFaults,
}));

const orders: fc.Arbitrary<readonly number[]> = fc.array(
  fc.nat({ max: 999 }),
  { maxLength: 60 },
);

/** Lets chance decide, until something is found or `runs` runs are over. */
export async function runRandom(
  subject: Subject,
  { runs, seed, path }: RandomOptions,
): Promise<RandomResult> {
  const counts = { faults: 0, crashes: 0, orphans: 0 };
  let last: Trace | undefined;
  const property = fc.asyncProperty(
    scenarios,
    orders,
    async (scenario, order) => {
      const trace = await run(subject, scenario, (enabled, depth) => {
        const number = order[depth];
        if (number !== undefined) return number % enabled.length;
        // Later on nothing goes wrong any more.
        return Math.max(0, enabled.findIndex(({ isFault }) => !isFault));
      }) as Trace;
      last = trace;
      counts.faults += trace.faults.length;
      counts.crashes += trace.faults.filter((kind) => kind === "crash").length;
      counts.orphans = Math.max(counts.orphans, trace.orphans ?? 0);
      const breaches = judge(trace, subject);
      if (breaches.length) throw new Error(tellOf(trace, breaches));
    },
  );
  const details = await fc.check(property, {
    numRuns: runs,
    seed,
    ...path && { path },
    endOnFailure: !!path,
    interruptAfterTimeLimit: 600_000,
    markInterruptAsFailure: false,
  });
  const result = { runs: details.numRuns, ...counts };
  if (!details.failed) return result;
  const text = details.errorInstance instanceof Error
    ? details.errorInstance.message
    : tellOf(last as Trace, []);
  const replay = `--store=${subject.name} --seed=${details.seed} ` +
    `--path=${details.counterexamplePath}`;
  return { ...result, failure: { text, replay } };
}

/** What happened in a run, to be read. */
export function tellOf(
  { scenario, path, visits, events }: Trace,
  breaches: readonly { rule: string; what: string }[],
): string {
  return [
    ...breaches.map(({ rule, what }) => `BROKEN: ${rule}: ${what}`),
    `browsers: ${JSON.stringify(scenario.browsers)}`,
    ...visits.map(({ name, plan, outcome, error }) =>
      `${name} of ${plan.browser} in ${plan.process}` +
      `${plan.isSocket ? " (socket)" : ""}` +
      `${
        plan.after?.length
          ? ` after ${plan.after.map((place) => `r${place + 1}`)}`
          : ""
      }: ` +
      `${plan.ops.join(", ") || "nothing"} -> ${outcome} ${
        error?.code ?? error?.message ?? ""
      }`
    ),
    `renewAfter ${scenario.renewAfter ?? "none"}, age ${
      scenario.age ?? 0
    }, jumps ${scenario.jumps?.join() || "none"}`,
    `order: ${path.join(" | ")}`,
    `events: ${events.join(", ")}`,
  ].join("\n");
}
