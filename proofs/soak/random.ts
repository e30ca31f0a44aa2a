// Numbers that a seed repeats, so that a run can be made again with the same
// plan. What the network and the machine make of it differs.

/** A source of numbers. */
export interface Random {
  /** From 0 to 1. */
  next(): number;
  /** A whole number, `from` to `to`. */
  from(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** Whether something of this probability happens. */
  chance(probability: number): boolean;
}

/** Makes a source (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const from = (from: number, to: number) =>
    from + Math.floor(next() * (to - from + 1));
  return {
    next,
    from,
    pick: <Item>(items: readonly Item[]) =>
      items[from(0, items.length - 1)] as Item,
    chance: (probability) => next() < probability,
  };
}
