/**
 * Refuses an option at set-up, by its name, or what a method is given.
 *
 * @param name With `()`, that of a method.
 * @param problem What is wrong with it, as the rest of a sentence.
 * @param given The value, if it says more.
 */
export function refuse(
  name: string,
  problem: string,
  ...given: unknown[]
): never {
  const Kind = typeof given[0] === "number" ? RangeError : TypeError;
  const what = name.endsWith("()") ? name : `Option ${name}`;
  throw new Kind(
    `${what} ${problem}${given.map((value) => `: it is ${kindOf(value)}`)}`,
  );
}

/** Refuses an argument that is missing, or in the place of another one. */
export function checkArgument(
  name: string,
  kind: "function" | "number" | "object",
  value: unknown,
): void {
  const found = typeof value;
  if (found !== kind || kind === "object" && !isOptions(value)) {
    throw new TypeError(
      `Argument ${name} must be ${kind}: it is ${kindOf(value)}`,
    );
  }
}

/** What an object says it is; a proxy may throw what it likes. */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "";
  }
}

/** Whether it can be options: no list, no promise that nobody has waited for. */
export function isOptions(value: unknown): boolean {
  return /t (Object|Module)]/.test(tagOf(value));
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
  const isMs = () => value >= 3e5 && !(value % 6e4) && value % 86_400;
  if (!Number.isInteger(value) || value < least || value > most || isMs()) {
    refuse(name, `must be seconds, not ms, ${least} to ${most}`, value);
  }
}

/**
 * What a message says of a value: of a text, which may be a secret, how long; of
 * others their class, a `Promise` that was not awaited say, or what they are.
 * What an object has itself may be data.
 */
export function kindOf(value: unknown): string {
  return typeof value === "string"
    ? `text of ${value.length} characters`
    : value && /^[bfos]/.test(typeof value)
    ? Object.getPrototypeOf(value)?.constructor?.name ?? "object"
    : `${value}`;
}
