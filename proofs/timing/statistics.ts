/** What can be said of a row of times without knowing how they spread. */
export interface Summary {
  readonly median: number;
  /** Between these two lies the true median, in 95 of 100 runs. */
  readonly from: number;
  readonly to: number;
}

/** The median, and its interval by ranks: no bell curve is assumed. */
export function summarize(times: Float64Array): Summary {
  const sorted = times.toSorted();
  const count = sorted.length;
  const reach = 1.96 * Math.sqrt(count) / 2;
  const at = (rank: number) =>
    sorted[Math.min(count - 1, Math.max(0, Math.round(rank)))] as number;
  return {
    median: at((count - 1) / 2),
    from: at((count - 1) / 2 - reach),
    to: at((count - 1) / 2 + reach),
  };
}

/** Two kinds that were measured in the same rounds. */
export interface Comparison {
  /** In what part of the rounds the first one took longer: 0.5 says nothing. */
  readonly share: number;
  /** How many standard deviations that is from chance. */
  readonly deviations: number;
  /** After how many rounds it would be told with certainty; may be infinite. */
  readonly rounds: number;
}

/** Beyond this, chance is out of the question: 1 in 15 000. */
export const CERTAIN = 4;

/**
 * The sign test. Both times of a round are taken within a moment, so whatever
 * slows the machine down slows both.
 */
export function compare(one: Float64Array, other: Float64Array): Comparison {
  let longer = 0;
  for (const [i, time] of one.entries()) {
    const difference = time - (other[i] as number);
    longer += difference > 0 ? 1 : difference < 0 ? 0 : 0.5;
  }
  const share = longer / one.length;
  const lean = Math.abs(2 * share - 1);
  return {
    share,
    deviations: lean * Math.sqrt(one.length),
    rounds: Math.ceil((CERTAIN / lean) ** 2),
  };
}
