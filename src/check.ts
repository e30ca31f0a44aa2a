/**
 * Refuses an option at set-up, by its name.
 *
 * @param problem What is wrong with it, as the rest of a sentence.
 * @param value What it is, unless that is a secret.
 */
export function refuse(name: string, problem: string, value: unknown): never {
  const Kind = typeof value === "number" ? RangeError : TypeError;
  throw new Kind(`Option ${name} ${problem}: it is ${value}`);
}

/** Refuses what is no whole number of seconds from 1 to the most. */
export function checkSeconds(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    refuse(name, `must be an integer from 1 to ${most}`, value);
  }
}
