/** From figures to places on an axis. */
export interface Scale {
  readonly isLog: boolean;
  readonly ticks: readonly number[];
  /** From 0, the start of the axis, to 1, its end. */
  place(value: number): number;
}

/** Above it, a linear axis would show one subject and a heap of others. */
const WIDE = 20;

/** An axis for some figures: logarithmic where they are far apart. */
export function scaleFor(
  values: readonly number[],
  isLog: boolean = Math.max(...values) / Math.min(...values) > WIDE,
): Scale {
  return isLog ? logScale(values) : linearScale(Math.max(...values));
}

/** What stands at an axis to say which kind it is. */
export function kindOf({ isLog }: Scale): string {
  return isLog ? "logarithmic axis" : "linear axis from 0";
}

function logScale(values: readonly number[]): Scale {
  const steps = stepsAround(Math.min(...values), Math.max(...values));
  const low = Math.log10(steps[0] as number);
  const high = Math.log10(steps.at(-1) as number);
  const tens = steps.filter((step) => Number.isInteger(Math.log10(step)));
  return {
    isLog: true,
    // One power of ten alone does not show how far it is to the next.
    ticks: tens.length > 1 ? tens : steps,
    place: (value) => (Math.log10(value) - low) / (high - low),
  };
}

/** 1, 2, 5, 10 … from the last one below to the first one above. */
function stepsAround(least: number, most: number): number[] {
  const steps: number[] = [];
  for (let power = -9; power < 12; power++) {
    // Not by 10 ** power alone, which is 0.00009999999999999999 for -4.
    for (const part of [1, 2, 5]) steps.push(Number(`${part}e${power}`));
  }
  const from = steps.findLastIndex((step) => step <= least);
  const to = steps.findIndex((step) => step >= most);
  return steps.slice(from, Math.max(to, from + 1) + 1);
}

function linearScale(most: number): Scale {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2].map((part) => part * power)
    .find((step) => most / step <= 5) ?? 2 * power;
  const count = Math.ceil(most / step);
  return {
    isLog: false,
    ticks: Array.from({ length: count + 1 }, (_, place) => place * step),
    place: (value) => value / (count * step),
  };
}
