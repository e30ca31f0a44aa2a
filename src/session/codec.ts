// Values as text and back, and which values JSON can take.

/** Turns the session's data into text and back. */
export interface Codec {
  /** Turns a value into text; throws if it cannot represent the value. */
  stringify(value: unknown): string;
  /** Turns text into the same value again. It gets no text of strangers. */
  parse(text: string): unknown;
}

/** Values by key. */
export type Values = Record<string, unknown>;

/** The values in a text; `null` if the text is not one object. */
export function readValues(codec: Codec, text: string): Values | null {
  try {
    // Drop an own `__proto__`: it is harmless until somebody copies it by
    // Object.assign, which sets the prototype.
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

/** Whether two values have the same text, so that one can replace the other. */
export function isSame(codec: Codec, one: unknown, other: unknown): boolean {
  return Object.is(one, other) || isAnyObject(one) && isAnyObject(other) &&
      codec.stringify(one) === codec.stringify(other);
}

/** Makes a value read-only all the way down, and returns it. */
export function freeze<Value>(value: Value): Value {
  if (!isPlain(value) || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/**
 * Whether a value is an object or array that JSON and `freeze` know all about,
 * of whatever realm: a frame, `node:vm`, Jest.
 */
export function isPlain(value: unknown): value is Values {
  if (!isAnyObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return !prototype ||
    (Array.isArray(value)
      ? Array.isArray(prototype)
      : Object.hasOwn(prototype, "isPrototypeOf"));
}

/** Whether a value is an object of any kind. */
function isAnyObject(value: unknown): boolean {
  return Object(value) === value;
}
