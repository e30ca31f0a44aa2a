/** Where to read on about an error: the end of its message. */
export function readOn(code: string): string {
  return ` (with-session: docs/errors/${code}.md)`;
}

/**
 * Refuses an option at set-up, or an argument of a method.
 *
 * @param name The option's name, or the method's with `()`.
 * @param problem What is wrong, as the rest of a sentence.
 * @param given The value, if the message is to say what it is.
 */
export function refuse(
  name: string,
  problem: string,
  ...given: unknown[]
): never {
  const Kind = typeof given[0] === "number" ? RangeError : TypeError;
  const what = name.endsWith("()") ? name : `Option ${name}`;
  throw new Kind(
    `${what} ${problem}${given.map((value) => `: it is ${kindOf(value)}`)}${
      readOn(/^secret/.test(name) ? "secret" : "option")
    }`,
  );
}

/**
 * Refuses an argument that is missing, or that stands in another one's place.
 */
export function checkArgument(
  name: string,
  kind: "function" | "number" | "object",
  value: unknown,
  must: string = kind,
): void {
  const found = typeof value;
  if (found !== kind || kind === "object" && !isOptions(value)) {
    throw new TypeError(
      `Argument ${name} must be ${must}: it is ${kindOf(value)}${
        readOn("argument")
      }`,
    );
  }
}

/** The tag of an object, `[object Object]` say; `""` if a proxy throws. */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "";
  }
}

/**
 * Whether a value can be options: no list, and no promise that lacks `await`.
 */
export function isOptions(value: unknown): boolean {
  return /t (Object|Module)]/.test(tagOf(value));
}

/**
 * Refuses what is no whole number of seconds in a range, and what looks like
 * ms: whole minutes in ms, 5 or more, that are no whole days in seconds.
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
 * What a message may say of a value: the length of a text, which may be a
 * secret; the class of an object, such as a `Promise` that lacks `await`; or
 * the value itself if it is a number or nothing. An object's contents may be
 * data.
 */
export function kindOf(value: unknown): string {
  return typeof value === "string"
    ? `text of ${value.length} characters`
    : value && /^[bfos]/.test(typeof value)
    ? Object.getPrototypeOf(value)?.constructor?.name ?? "object"
    : `${value}`;
}
