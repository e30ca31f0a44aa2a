// A process that has the tests loaded, and runs some of them for one mutant
// after the other.

import { globSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { enter, type Registered, registered } from "./harness.ts";
import type { Answer, Load, Measure, Order, Outcome, Try } from "./messages.ts";
import { activate, watch } from "./switch.ts";

/** More mutants than there are: how many is not known before they are loaded. */
const ROOM = 20_000;
/** How long a test may take while it is measured, in ms. */
const PATIENCE = 60_000;

// Some tests put others in the place of these.
const { setTimeout, setImmediate, clearTimeout, performance } = globalThis;

type Ending = { readonly kind: "passed" } | {
  readonly kind: "killed" | "timed out";
  readonly why: string;
};

const strays: unknown[] = [];
process.on("unhandledRejection", (reason) => strays.push(reason));
process.on("uncaughtException", (error) => strays.push(error));
process.on("disconnect", () => process.exit());

const harness = pathToFileURL(join(import.meta.dirname, "harness.ts")).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "node:test"
      ? { url: harness, shortCircuit: true }
      : next(specifier, context),
});

process.on("message", (order: Order) => {
  const work = order.kind === "load"
    ? load(order)
    : order.kind === "measure"
    ? measure(order)
    : tryMutant(order);
  work.then(tell, (error) => {
    process.send?.({ kind: "broken", why: `${error?.stack}` }, () => {
      process.exit(1);
    });
  });
});

function tell(answer: Answer): void {
  process.send?.(answer);
}

/** Everything that is loaded on demand, too: no test should do it alone. */
async function load({ root, files, mutant }: Load): Promise<Answer> {
  activate(mutant);
  const reached = watch(ROOM);
  const sources = globSync("src/**/*.ts", { cwd: root }).sort();
  for (const path of [...sources, ...files]) {
    enter(path);
    await import(pathToFileURL(join(root, path)).href);
  }
  watch(0);
  return { kind: "loaded", reached };
}

async function measure({ mutants }: Measure): Promise<Answer> {
  const tests = [];
  const failing: [string, string][] = [];
  for (const test of registered) {
    tell({ kind: "busy", test: test.name, limit: PATIENCE });
    const reached = watch(mutants);
    const start = performance.now();
    const ending = await run(test, undefined, PATIENCE);
    const ms = performance.now() - start;
    if (ending.kind === "passed") {
      tests.push({ name: test.name, file: test.file, ms, reached });
    } else {
      failing.push([test.name, ending.why]);
    }
  }
  watch(0);
  return { kind: "measured", tests, failing };
}

async function tryMutant(order: Try): Promise<Answer> {
  return { kind: "tried", outcome: await outcomeOf(order) };
}

async function outcomeOf(
  { mutant, tests, isSwitched }: Try,
): Promise<Outcome> {
  const byName = new Map(registered.map((test) => [test.name, test]));
  for (const [name, limit] of tests) {
    const test = byName.get(name);
    if (test === undefined) throw new RangeError(`There is no test ${name}`);
    tell({ kind: "busy", test: name, limit });
    const ending = await run(test, mutant, limit);
    if (ending.kind === "passed") continue;
    const { kind: status, why } = ending;
    if (!isSwitched) return { status, test: name, why };
    tell({ kind: "busy", test: name, limit: 2 * limit });
    // What an earlier mutant has left behind would count for this one.
    const without = await run(test, undefined, limit);
    const again = await run(test, mutant, limit);
    return without.kind === "passed" && again.kind !== "passed"
      ? { status, test: name, why }
      : { status: "unsure", test: name, why };
  }
  return { status: "survived" };
}

async function run(
  test: Registered,
  mutant: string | undefined,
  limit: number,
): Promise<Ending> {
  strays.length = 0;
  activate(mutant);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Ending>((resolve) => {
    const why = `took more than ${Math.round(limit)} ms`;
    timer = setTimeout(() => resolve({ kind: "timed out", why }), limit);
  });
  try {
    const ending = await Promise.race([late, passing(test)]);
    // A rejection counts as unhandled once the microtasks have run out.
    await new Promise((resolve) => setImmediate(resolve));
    if (ending.kind === "passed" && strays.length > 0) {
      return { kind: "killed", why: firstLine(strays[0]) };
    }
    return ending;
  } finally {
    clearTimeout(timer);
    activate(undefined);
  }
}

async function passing({ body }: Registered): Promise<Ending> {
  try {
    await body();
    return { kind: "passed" };
  } catch (error) {
    return { kind: "killed", why: firstLine(error) };
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";
}
