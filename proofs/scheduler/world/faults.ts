import { addBeginnings } from "./requests.ts";
import { type Step, type Touch, writes } from "./scheduler.ts";
import type { World } from "./world.ts";

// What goes wrong, and is no answer of a call: a process stops, a store stands
// still, a clock jumps.

/** The faults that can be chosen now. */
export function faultSteps(world: World): Step[] {
  const { scheduler, time, trace } = world;
  const { faults = [] } = world.scenario;
  const steps: Step[] = [];
  if (world.faultsLeft <= 0) return steps;
  if (faults.includes("slow") && time.hasLimits) {
    steps.push({
      name: "nobody answers for 5 s",
      touches: [writes("all")],
      isFault: true,
      go: () => {
        countFault(world, "slow");
        time.pass(5_001);
      },
    });
  }
  if (!faults.includes("crash")) return steps;
  const active = trace.visits.filter(({ began, outcome }) =>
    began !== undefined && !outcome
  );
  for (const process of new Set(active.map(({ plan }) => plan.process))) {
    if (world.dead.has(process)) continue;
    const calls = [...scheduler.waiting.values()].filter((step) =>
      step.process === process && step.name.endsWith(" apply")
    );
    const touches = [
      writes(`process ${process}`),
      writes(`answers of ${process}`),
      writes("faults"),
      ...calls.flatMap((call) => call.touches),
    ];
    const go = (isLate: boolean) => () => crash(world, process, isLate);
    const name = `${process} stops`;
    steps.push({ name, touches, isFault: true, go: go(false) });
    if (calls.length) {
      const late = `${process} stops, and its calls arrive`;
      steps.push({ name: late, touches, isFault: true, go: go(true) });
    }
  }
  return steps;
}

function crash(world: World, process: string, isLate: boolean): void {
  countFault(world, "crash");
  world.dead.add(process);
  world.time.forget(process);
  world.scheduler.remove((step) =>
    step.process === process && !(isLate && step.name.endsWith(" apply"))
  );
  for (const visit of world.trace.visits) {
    if (visit.plan.process !== process || visit.outcome) continue;
    if (visit.began === undefined) continue;
    visit.outcome = "crashed";
  }
  addBeginnings(world);
}

/** Notes a fault; after the last one that may be, there is no other to choose. */
export function countFault(world: World, kind: string): void {
  world.trace.faults.push(kind);
  if (--world.faultsLeft > 0) return;
  world.scheduler.remove(({ isFault }) => !!isFault);
}

/** Lets the clock jump, each time at some time. */
export function addJumps(world: World): void {
  const { jumps = [] } = world.scenario;
  const add = (place: number) => {
    const ms = jumps[place];
    if (ms === undefined) return;
    world.scheduler.add({
      name: `clock ${place + 1}`,
      // A record's own end is a day away.
      touches: [writes("clock"), ...allProcesses(world), writes("answers")],
      go: () => {
        world.time.jump(ms);
        add(place + 1);
      },
    });
  };
  add(0);
}

function allProcesses({ scenario: { requests } }: World): Touch[] {
  const names = new Set(requests.map(({ process }) => process));
  return [...names].flatMap((name) => [
    writes(`process ${name}`),
    writes(`process ${name} again`),
  ]);
}
