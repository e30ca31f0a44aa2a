// Instants and spans for people. All in seconds.

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** An instant, as in `2026-12-01 23:41:59 UTC`. */
export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
    .replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

/** A span in its two largest units, as in `1 d 3 h`. */
export function span(seconds: number): string {
  let left = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [size, name] of UNITS) {
    const whole = Math.floor(left / size);
    left -= whole * size;
    if (whole) parts.push(`${whole} ${name}`);
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

/** How far an instant is from now, as in `in 3 h` or `3 h ago`. */
export function distance(seconds: number, now: number): string {
  if (seconds === now) return "now";
  return seconds > now
    ? `in ${span(seconds - now)}`
    : `${span(now - seconds)} ago`;
}
