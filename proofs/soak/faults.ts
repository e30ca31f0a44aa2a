// What goes wrong, and when.

import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";
import type { Proxy, Weather } from "./proxy.ts";
import type { Random } from "./random.ts";
import type { Victim } from "./servers.ts";

/** All faults, as they are named on the command line. */
export const FAULTS = [
  "cut",
  "lose",
  "tear",
  "delay",
  "duplicate",
  "close",
  "hold",
  "refuse",
  "pause",
  "kill",
  "failover",
  "full",
  "crash",
  "clock",
] as const;

/** One of them. */
export type FaultName = typeof FAULTS[number];

/** A fault, and when it was there. */
export interface Window {
  readonly fault: FaultName;
  readonly from: number;
  readonly to: number;
}

/** Where faults happen. */
export interface Scene {
  readonly victim: Victim;
  readonly proxy: Proxy;
  readonly fleet: Fleet;
  readonly random: Random;
  readonly faults: readonly FaultName[];
  /** How long a fault lasts, in parts of what is usual. */
  readonly scale: number;
}

// Each request of a client is several calls, so that few pass unharmed.
const WEATHERS: Partial<Record<FaultName, Weather>> = {
  cut: { cut: 0.06 },
  lose: { lose: 0.06 },
  tear: { tear: 0.06 },
  delay: { delay: 0.15 },
  duplicate: { duplicate: 0.25 },
  close: { close: 0.06 },
};

// Of one clock, no request may see more than 30 s go by, or its cookie counts
// as a copy: protocol.md. A request takes 9 s at most.
const STEP = 12_000;
const STEP_EVERY = 9500;
const WOBBLE = 3000;
/** Clocks are so much apart, of the 60 s that are allowed. */
export const APART: readonly number[] = [0, -20_000, 20_000, 8000];

/** Makes things go wrong, one after the other, until it is told to stop. */
export class Faults {
  readonly windows: Window[] = [];
  /** The fault of this moment. */
  now: FaultName | "none" = "none";
  readonly #scene: Scene;
  #isOver = false;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Which faults this server can have. */
  get possible(): FaultName[] {
    const { faults, victim } = this.#scene;
    return faults.filter((fault) => victim.without[fault] === undefined);
  }

  async run(): Promise<void> {
    const { random, scale } = this.#scene;
    const clock = this.possible.includes("clock") ? this.#moveClocks() : null;
    const others = this.possible.filter((fault) => fault !== "clock");
    let bag: FaultName[] = [];
    await this.#calm(1000 * scale);
    while (!this.#isOver && others.length) {
      if (!bag.length) bag = [...others];
      const fault = random.pick(bag);
      bag = bag.filter((each) => each !== fault);
      const from = performance.now();
      this.now = fault;
      try {
        await this.#do(fault, random.from(1500, 4000) * scale);
      } finally {
        this.now = "none";
        this.windows.push({ fault, from, to: performance.now() });
      }
      await this.#calm(random.from(500, 1500) * scale);
    }
    await clock;
  }

  /** After the fault of this moment, nothing goes wrong any more. */
  stop(): void {
    this.#isOver = true;
  }

  async #do(fault: FaultName, length: number): Promise<void> {
    const { victim, proxy, fleet, random } = this.#scene;
    switch (fault) {
      case "hold":
        proxy.hold();
        await sleep(length);
        return proxy.flow();
      case "refuse":
        proxy.isOpen = false;
        await sleep(length);
        proxy.isOpen = true;
        return;
      case "pause":
        victim.signal("SIGSTOP");
        await sleep(length);
        return victim.signal("SIGCONT");
      case "kill":
        await victim.kill();
        await sleep(length / 4);
        return await victim.restart();
      case "failover":
        await victim.failOver?.();
        proxy.target = victim.port;
        return;
      case "full":
        await victim.fill?.();
        await sleep(length);
        return await victim.empty?.();
      case "crash":
        return await fleet.crash(random.from(0, fleet.size - 1));
      case "clock":
        return;
      default:
        proxy.weather = WEATHERS[fault] ?? {};
        await sleep(length);
        proxy.weather = {};
    }
  }

  /** All clocks leap at times, and each wobbles. */
  async #moveClocks(): Promise<void> {
    const { fleet, random } = this.#scene;
    const from = performance.now();
    let leap = 0;
    for (let moves = 1; !this.#isOver; moves++) {
      for (let place = 0; place < fleet.size; place++) {
        const wobble = random.from(-WOBBLE, WOBBLE);
        fleet.setClock(place, (APART[place] ?? 0) + leap + wobble);
      }
      await this.#calm(STEP_EVERY);
      leap += STEP;
    }
    this.windows.push({ fault: "clock", from, to: performance.now() });
  }

  async #calm(length: number): Promise<void> {
    const end = performance.now() + length;
    while (!this.#isOver && performance.now() < end) await sleep(50);
  }
}
