// Which mutant is active, and which ones were reached: the two functions that
// the instrumented source calls, by names that the instrumenter gives them.

/** A loop that a mutant made endless: no test comes near this. */
const MOST_HITS = 3_000_000;

let active: string | undefined;
let hits = 0;
let reached: Uint8Array | undefined;

/** Makes a mutant active, or none. */
export function activate(mutant: string | undefined): void {
  active = mutant;
  hits = 0;
}

/** Notes what is reached from now on, of mutants below a number. */
export function watch(mutants: number): Uint8Array {
  return reached = new Uint8Array(Math.ceil(mutants / 8));
}

/** Whether a bit is set. */
export function has(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

Object.assign(globalThis, {
  stryMutAct_9fa48(id: string): boolean {
    if (id !== active) return false;
    if (++hits > MOST_HITS) throw new Error("The mutant made an endless loop");
    return true;
  },
  stryCov_9fa48(...ids: string[]): void {
    if (reached === undefined) return;
    for (const id of ids) {
      const index = Number(id);
      reached[index >> 3] = (reached[index >> 3] ?? 0) | (1 << (index & 7));
    }
  },
});
