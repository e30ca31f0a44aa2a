/** A duration, roughly. */
export function toDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units: [name: string, seconds: number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [name, length] of units) {
    const count = Math.round(seconds / length);
    // A day is 24 hours as long as it is no more than one.
    if (seconds > length || count > 1) return plural(count, name);
  }
  return plural(seconds, "second");
}

/** A number and what it counts. */
export function plural(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** An instant, to the second. */
export function toInstant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") +
    " UTC";
}

/** Bytes in hexadecimal, in pairs. */
export function toHex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
