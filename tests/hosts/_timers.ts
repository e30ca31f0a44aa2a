// Timers that go when a test says so, in all runners alike.

/** A timer that was set. */
interface Timer {
  readonly run: () => void;
  readonly ms: number;
  isRef: boolean;
  isCleared: boolean;
}

const timers: Timer[] = [];
const { setTimeout, clearTimeout, queueMicrotask } = globalThis;

/** Those that wait for an answer: a store is waited for no longer than 5 s. */
export const waiting = (): Timer[] =>
  timers.filter(({ ms, isCleared }) => ms > 5000 && !isCleared);

/** Runs those that are left. */
export const runTimers = (): void => {
  for (const timer of timers.splice(0)) if (!timer.isCleared) timer.run();
};

/** Waits until all is done that waits for no timer. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}

/**
 * Makes a test of which the timers are noted.
 *
 * @param hasUnref Whether they are objects with that method, as in Node and Bun.
 */
export const noteTimers = (
  run: () => Promise<void>,
  hasUnref = true,
): () => Promise<void> =>
async () => {
  timers.length = 0;
  const set = (run: () => void, ms: number) => {
    const timer = {
      run,
      ms,
      isRef: true,
      isCleared: false,
      ...hasUnref && { unref: () => timer.isRef = false },
    };
    timers.push(timer);
    return timer;
  };
  const clear = (timer?: Timer) => {
    if (timer) timer.isCleared = true;
  };
  // Not every runner tells which test has thrown there.
  const thrown: unknown[] = [];
  const queue = (run: () => void) =>
    queueMicrotask(() => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
  Object.assign(globalThis, {
    setTimeout: set,
    clearTimeout: clear,
    queueMicrotask: queue,
  });
  try {
    await run();
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout, queueMicrotask });
  }
  if (thrown.length) throw thrown[0];
};
