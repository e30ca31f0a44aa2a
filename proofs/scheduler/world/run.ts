import { prepare, seedOf } from "./beginning.ts";
import { addJumps, faultSteps } from "./faults.ts";
import { quiet } from "./quiet.ts";
import { addBeginnings } from "./requests.ts";
import type { Scenario } from "./scenario.ts";
import type { Step } from "./scheduler.ts";
import type { Subject } from "./subject.ts";
import type { Trace } from "./trace.ts";
import type { Seen } from "./visit.ts";
import { World } from "./world.ts";

/** Chooses what happens next, by its place; `undefined` to stop here. */
export type Choose = (
  enabled: readonly Step[],
  depth: number,
) => number | undefined;

/** No run is longer than this. */
const MOST_STEPS = 400;

/**
 * Runs a scenario once.
 *
 * @returns What happened; `undefined` if the choice was to stop.
 */
export async function run(
  subject: Subject,
  scenario: Scenario,
  choose: Choose,
): Promise<Trace | undefined> {
  const world = new World(subject, scenario, seedOf(subject, scenario));
  const restore = world.time.install();
  try {
    await prepare(world);
    if (!await play(world, choose)) return undefined;
    await look(world);
    return world.trace;
  } finally {
    restore();
    await world.close();
  }
}

/** Lets one thing happen after the other, until nothing is left. */
async function play(world: World, choose: Choose): Promise<boolean> {
  const { scheduler, trace } = world;
  scheduler.isRunning = true;
  addBeginnings(world);
  addJumps(world);
  await quiet();
  for (;;) {
    scheduler.isRunning = false;
    const enabled = [...scheduler.waiting.values(), ...faultSteps(world)];
    if (!enabled.some(({ isFault }) => !isFault)) break;
    const choice = choose(enabled, trace.path.length);
    if (choice === undefined) return false;
    const step = enabled[choice];
    if (!step) throw new RangeError(`There is no step ${choice}`);
    trace.path.push(step.name);
    if (trace.path.length > MOST_STEPS) {
      trace.problems.push(`not over after ${MOST_STEPS} steps`);
      break;
    }
    world.step++;
    scheduler.waiting.delete(step.name);
    scheduler.isRunning = true;
    step.go();
    await quiet();
  }
  for (const { outcome, name } of trace.visits) {
    if (!outcome) trace.problems.push(`${name} never ends`);
  }
  for (const name of scheduler.early) {
    trace.problems.push(`"${name}" came when nothing should have run`);
  }
  scheduler.isRunning = true;
  return true;
}

/** Looks at what is there when all is over, by a process that took no part. */
async function look(world: World): Promise<void> {
  const { trace } = world;
  const running = world.processOf("aside");
  // Jars first: an old cookie may count as a thief's, and end a session.
  const order = [
    ...trace.jars.map(({ token }) => token),
    ...trace.tokens.map(({ value }) => value).toReversed(),
  ];
  const seen = new Map<string, Seen | undefined>();
  for (const token of order) {
    if (token === undefined || seen.has(token)) continue;
    seen.set(token, await world.open(token, running));
  }
  for (const token of trace.tokens) token.opens = seen.get(token.value);
  const records = await world.records();
  const live = [...seen.values()].filter((each) => each && !each.isNew);
  const ids = new Set(live.map((each) => each?.id));
  trace.orphans = records === undefined ? undefined : records - ids.size;
}
