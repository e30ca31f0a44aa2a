/**
 * Refuses an option at set-up, by its name.
 *
 * @param problem What is wrong with it, as the rest of a sentence.
 * @param value What it is, unless that is a secret.
 */
export function refuse(name: string, problem: string, value: unknown): never {
  const Kind = typeof value === "number" ? RangeError : TypeError;
  const shown = Object(value) === value ? typeof value : value;
  throw new Kind(`Option ${name} ${problem}: it is ${String(shown)}`);
}

/**
 * Refuses what is no whole number of seconds in a range, or looks like ms: whole
 * minutes of them, from five on, that are no days in seconds.
 */
export function checkSeconds(
  name: string,
  value: number,
  most: number,
  least = 1,
): void {
  const isMs = value >= 3e5 && !(value % 6e4) && value % 86_400;
  if (!Number.isInteger(value) || value < least || value > most || isMs) {
    refuse(name, `must be seconds, not ms, ${least} to ${most}`, value);
  }
}
