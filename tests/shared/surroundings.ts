// What tests put in place of something global, for as long as they run.

/** Stands a value in a global's place while `run` runs. */
export async function withGlobal<Result>(
  name: string,
  value: unknown,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  const stand = { value, configurable: true, writable: true };
  Object.defineProperty(globalThis, name, stand);
  try {
    return await run();
  } finally {
    if (own) Object.defineProperty(globalThis, name, own);
    else Reflect.deleteProperty(globalThis, name);
  }
}

/** Runs in a process whose variable `NODE_ENV` is this. */
export function withNodeEnv<Result>(
  value: string | undefined,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const env = value === undefined ? {} : { NODE_ENV: value };
  return withGlobal("process", { env }, run);
}

/** A timer, as Node and Bun have it. */
class Timer {
  isWaitedFor = true;
  readonly at: number;
  readonly fire: () => void;

  constructor(at: number, fire: () => void) {
    this.at = at;
    this.fire = fire;
  }

  unref(): void {
    this.isWaitedFor = false;
  }
}

/**
 * Runs with timers that only fire when the time is moved on, and tells for how
 * many of them a process would not end.
 */
export function withTimers<Result>(
  run: (
    advance: (ms: number) => void,
    waitedFor: () => number,
  ) => Promise<Result>,
): Promise<Result> {
  const timers = new Set<Timer>();
  let now = 0;
  const set = (fire: () => void, ms = 0) => {
    const timer = new Timer(now + ms, fire);
    timers.add(timer);
    return timer;
  };
  const clear = (timer: Timer) => timers.delete(timer);
  const advance = (ms: number) => {
    now += ms;
    for (const timer of [...timers]) {
      if (timer.at <= now && timers.delete(timer)) timer.fire();
    }
  };
  const waitedFor = () => [...timers].filter((each) => each.isWaitedFor).length;
  return withGlobal(
    "setTimeout",
    set,
    () => withGlobal("clearTimeout", clear, () => run(advance, waitedFor)),
  );
}
