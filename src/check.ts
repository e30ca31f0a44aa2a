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

/** Refuses what is no whole number of seconds in a range. */
export function checkSeconds(
  name: string,
  value: number,
  most: number,
  least = 1,
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse(name, `must be an integer from ${least} to ${most}`, value);
  }
  // Whole minutes in ms, from five minutes on, that are no days in seconds.
  if (value >= 3e5 && !(value % 6e4) && value % 86_400) {
    refuse(name, "must be seconds, not ms", value);
  }
}
