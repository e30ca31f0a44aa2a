/** From how many ms on a timer is one of the library's limits, and no pause. */
const LEAST = 300;

/**
 * Does a task while no limit of time is reached by itself. It calls `pass()` with
 * how many ms have gone by: timers that are due fire a moment later.
 */
export async function withHeldTime<Result>(
  task: (pass: (ms: number) => void) => Promise<Result>,
): Promise<Result> {
  const { setTimeout, clearTimeout } = globalThis;
  const own = Object.getOwnPropertyDescriptor(performance, "now");
  const now = performance.now.bind(performance);
  const held = new Map<unknown, { readonly due: number; end(): void }>();
  const made = new WeakSet<object>();
  let passed = 0;
  const hold = (end: () => void, ms = 0) => {
    if (ms < LEAST) return setTimeout(end, ms);
    const timer = {};
    made.add(timer);
    held.set(timer, { due: passed + ms, end });
    return timer;
  };
  const release = (timer: unknown) => {
    held.delete(timer);
    // Not every runtime takes what is no timer of its own.
    if (!made.has(timer as object)) clearTimeout(timer as number);
  };
  const fire = () => {
    const all = [...held].toSorted(([, a], [, b]) => a.due - b.due);
    for (const [timer, { due, end }] of all) {
      if (due <= passed && held.delete(timer)) end();
    }
  };
  Object.assign(globalThis, { setTimeout: hold, clearTimeout: release });
  const value = () => now() + passed;
  Object.defineProperty(performance, "now", { value, configurable: true });
  try {
    return await task((ms) => {
      passed += ms;
      // What is told by then comes first, as after a task that has blocked.
      setTimeout(fire, 0);
    });
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    if (own) Object.defineProperty(performance, "now", own);
    else Reflect.deleteProperty(performance, "now");
  }
}

/** Waits until all has run that waits for nothing but a store in memory. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((end) => setTimeout(end, 0));
}
