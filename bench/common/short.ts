/** A figure as short as it can be: `1.2k`, `0.25`, `73`. */
export function short(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e4) return `${trim(value / 1e3)}k`;
  return trim(value);
}

function trim(value: number): string {
  if (value >= 100) return value.toFixed();
  return `${Number(value.toFixed(value >= 10 ? 1 : 2))}`;
}
