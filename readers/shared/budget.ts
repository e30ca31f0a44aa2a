// Work that a stranger can ask for, and of which only the end shows whether it
// was for somebody.

/**
 * Runs such work.
 *
 * @param now In ms since 1970.
 * @param run Does it.
 * @param isDue Whether it was for somebody: such work is free.
 * @throws If too much has been in vain of late. It is then not begun.
 */
export type Budget = <Result>(
  now: number,
  run: () => Promise<Result>,
  isDue: (result: Result) => Promise<boolean>,
) => Promise<Result>;

/**
 * Bounds how much work is in vain: so much at once, and so much more with each
 * second. What is not known to be in vain yet counts as if it were, so what
 * comes meanwhile waits for it.
 *
 * @param refusal What the error says.
 */
export function makeBudget(
  most: number,
  perSecond: number,
  refusal: string,
): Budget {
  let left = most;
  let filled = -Infinity;
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (now, run, isDue) => {
    // A clock may be set back, which fills nothing.
    const seconds = Math.max(0, now - filled) / 1000;
    filled = now;
    left = Math.min(most, left + seconds * perSecond);
    while (left < 1) {
      if (!running) throw new Error(refusal);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    left--;
    running++;
    try {
      const result = await run();
      if (await isDue(result)) left++;
      return result;
    } finally {
      running--;
      const woken = running
        ? waiting.splice(0, Math.floor(left))
        : waiting.splice(0);
      for (const wake of woken) wake();
    }
  };
}
