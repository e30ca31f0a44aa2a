/**
 * Does a task, and something else each time that the task waits for a timer so
 * that others have their turn. No time passes.
 */
export async function withPauses<Result>(
  during: () => void,
  task: () => Promise<Result>,
): Promise<Result> {
  const original = globalThis.setTimeout;
  globalThis.setTimeout = ((resolve: () => void) => {
    during();
    queueMicrotask(resolve);
  }) as unknown as typeof setTimeout;
  try {
    return await task();
  } finally {
    globalThis.setTimeout = original;
  }
}
