import { performance } from "node:perf_hooks";
import process from "node:process";
import { actors, nextName, type Scheduler, writes } from "./scheduler.ts";

// The time of a run: it stands until a step moves it. Timers of the library's
// code are held like all else; those of clients of a back end, which are set
// outside of any request, are real.

/** 2036-01-01: no back end removes what is alive by this clock. */
export const START: number = Date.UTC(2036, 0, 1);

/** From here on a timer is a limit of time, and not a pause. */
const LIMIT = 900;

interface Timer {
  readonly due: number;
  readonly process: string;
  fire(): void;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: performance.now,
  random: Math.random,
};

/** The clock on the wall, and one that never jumps. */
export class Time {
  wall: number = START;
  passed = 0;
  readonly #scheduler: Scheduler;
  readonly #timers: Set<Timer> = new Set();
  #seed: number;

  constructor(scheduler: Scheduler, seed = 1) {
    this.#scheduler = scheduler;
    this.#seed = Math.imul(seed, 0x9e3779b1);
  }

  /** Puts this time in the place of the real one. Returns how to undo that. */
  install(): () => void {
    globalThis.setTimeout = ((
      callback: (...args: unknown[]) => void,
      ms = 0,
      ...args: unknown[]
    ) => {
      const actor = actors.getStore();
      if (!actor) return real.setTimeout(callback, ms, ...args);
      return this.#set(actor, () => callback(...args), ms);
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((handle: { cancel?(): void } | undefined) => {
      if (handle?.cancel) handle.cancel();
      else real.clearTimeout(handle as never);
    }) as typeof clearTimeout;
    performance.now = () => this.passed;
    Math.random = () => this.#random();
    return () => {
      Object.assign(globalThis, {
        setTimeout: real.setTimeout,
        clearTimeout: real.clearTimeout,
      });
      performance.now = real.now;
      Math.random = real.random;
    };
  }

  /** The wall's clock is put forward or back; nobody has waited. */
  jump(ms: number): void {
    this.wall += ms;
  }

  /** Time passes, and limits that it meets run out, in their order. */
  pass(ms: number): void {
    const end = this.passed + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.due <= end)
        .sort((one, other) => one.due - other.due)[0];
      if (!due) break;
      this.#timers.delete(due);
      due.fire();
    }
    this.passed = end;
    this.wall += ms;
  }

  /** Whether any limit of time runs. */
  get hasLimits(): boolean {
    return this.#timers.size > 0;
  }

  /** A process has stopped. */
  forget(process: string): void {
    for (const timer of this.#timers) {
      if (timer.process === process) this.#timers.delete(timer);
    }
  }

  #set(
    actor: { readonly process: string } & Parameters<typeof nextName>[0],
    fire: () => void,
    ms: number,
  ): { cancel(): void; unref(): void } {
    const unref = () => {};
    if (ms >= LIMIT) {
      const due = this.passed + ms;
      const timer = { due, process: actor.process, fire };
      this.#timers.add(timer);
      return { cancel: () => void this.#timers.delete(timer), unref };
    }
    const name = nextName(actor, "pause");
    this.#scheduler.add({
      name,
      process: actor.process,
      touches: [writes(`process ${actor.process}`)],
      go: fire,
    });
    const cancel = () => void this.#scheduler.waiting.delete(name);
    return { cancel, unref };
  }

  /** A 32-bit xorshift: the same numbers in each run. */
  #random(): number {
    let seed = this.#seed;
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    this.#seed = seed;
    return (seed >>> 0) / 2 ** 32;
  }
}

/** Real ms since the process began, also while a run has its own time. */
export function stopwatch(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
