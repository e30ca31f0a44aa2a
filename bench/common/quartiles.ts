/** A median, and the quartiles around it. */
export interface Quartiles {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The quartiles of some figures, between neighbours where there is no middle.
 *
 * @throws {RangeError} If there is no figure.
 */
export function quartilesOf(figures: readonly number[]): Quartiles {
  const sorted = [...figures].sort((a, b) => a - b);
  return {
    median: round(at(sorted, 0.5)),
    low: round(at(sorted, 0.25)),
    high: round(at(sorted, 0.75)),
  };
}

/** The median alone, with all digits; `undefined` if there is no figure. */
export function medianOf(figures: readonly number[]): number | undefined {
  if (figures.length === 0) return undefined;
  return at([...figures].sort((a, b) => a - b), 0.5);
}

/** A figure with four digits that count: more were never measured. */
export function round(figure: number): number {
  return Number(figure.toPrecision(4));
}

/** @param share From 0 to 1. */
function at(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError("There is no figure");
  const place = (sorted.length - 1) * share;
  const lower = sorted[Math.floor(place)] as number;
  const upper = sorted[Math.ceil(place)] as number;
  return lower + (upper - lower) * (place % 1);
}
