// Values as text and back, and what JSON knows of them.

/** Turns the session's data into text and back. */
export interface Codec {
  /** Throws on what it cannot represent. */
  stringify(value: unknown): string;
  /** The same value again; never asked about text of a stranger. */
  parse(text: string): unknown;
}

/** Values by key. */
export type Values = Record<string, unknown>;

/** The values of a text, `null` if it is not one object. */
export function readValues(codec: Codec, text: string): Values | null {
  try {
    // An own __proto__ is harmless until somebody copies it: Object.assign
    // sets the prototype then.
    const mayHoldProto = text.includes("__proto__") || text.includes("\\u");
    const values = codec === JSON && mayHoldProto
      ? JSON.parse(
        text,
        (key, value) => key === "__proto__" ? undefined : value,
      )
      : codec.parse(text);
    return isPlain(values) && !Array.isArray(values) ? values : null;
  } catch {
    return null;
  }
}

/** Whether two values have the same text, and one may stand for the other. */
export function isSame(codec: Codec, one: unknown, other: unknown): boolean {
  return Object.is(one, other) || isObject(one) && isObject(other) &&
      codec.stringify(one) === codec.stringify(other);
}

/** Makes a value read-only all the way down, and returns it. */
export function freeze<Value>(value: Value): Value {
  if (!isPlain(value) || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/**
 * Whether it is an object or array that JSON and `freeze` know all about, be it
 * of another realm: a frame, `node:vm`, Jest.
 */
export function isPlain(value: unknown): value is Values {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return !prototype ||
    (Array.isArray(value)
      ? Array.isArray(prototype)
      : Object.hasOwn(prototype, "isPrototypeOf"));
}

/** Whether it is an object of any kind. */
export function isObject(value: unknown): boolean {
  return Object(value) === value;
}
