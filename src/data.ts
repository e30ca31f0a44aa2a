import { causeOf, isSessionError, SessionError } from "./errors.ts";

/** Turns the session's data into text and back. */
export interface Codec {
  /** Throws on what it cannot represent. */
  stringify(value: unknown): string;
  /** The same value again; never asked about text of a stranger. */
  parse(text: string): unknown;
}

/** Values by key. */
export type Values = Record<string, unknown>;

/** Keys of the session's own values, among those of the program. */
export const OWNER = "~u";
export const PERSIST = "~p";
export const NOTICES = "~f";
/** Only of sessions in a store: the device's name, and the cookie's age. */
export const LABEL = "~l";
export const ISSUED = "~i";
/** Which cookies count, and who wrote last: see `stored/generation.ts`. */
export const GENERATION = "~g";
export const WRITES = "~w";
/** Only with revocations: which of them the login came after. */
export const EPOCH = "~e";

/** Whether a key is the session's own. */
export function isReserved(key: string): boolean {
  return key[0] === "~" || key === "__proto__";
}

/**
 * Removes all that a user has put into a session; its own values stay.
 *
 * @returns Whether there was anything.
 */
export function wipe(values: Values): boolean {
  const keys = Object.keys(values)
    .filter((key) => !isReserved(key) || key.startsWith(NOTICES));
  for (const key of keys) delete values[key];
  return keys.length > 0;
}

/** A frozen copy of what will be read back, or an error with the path. */
export function keep(codec: Codec, key: string, value: unknown): unknown {
  try {
    if (codec === JSON) {
      const faults: string[] = [];
      const copy = copyOf(value, 0, faults);
      if (faults.length) cannotKeep(key + faults.join(""));
      return copy;
    }
    return freeze(codec.parse(codec.stringify(value)));
  } catch (error) {
    if (isSessionError(error)) throw error;
    cannotKeep(key, causeOf(error));
  }
}

/** Refuses a value, by its path. */
export function cannotKeep(path: string, cause?: unknown): never {
  throw new SessionError("invalid-data", `Cannot keep ${path}`, { cause });
}

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

/** One of the values, as a handler may have it. */
export function readable(codec: Codec, key: string, values: Values): unknown {
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  // What cannot be frozen, a Map say, is copied: no change goes unnoticed.
  return codec === JSON ? freeze(value) : value && keep(codec, key, value);
}

/** Makes a value read-only all the way down, and returns it. */
export function freeze<Value>(value: Value): Value {
  if (!isPlain(value) || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/**
 * A frozen copy of what JSON reads back as it is, but for -0. Each part is looked
 * at once: a proxy that was asked again, by JSON say, might answer otherwise.
 *
 * @param faults Gets a path from the value on, and why it is none.
 */
function copyOf(value: unknown, depth: number, faults: string[]): unknown {
  const deepest = 100;
  const type = typeof value;
  if (value === null || type === "string" || type === "boolean") return value;
  if (Number.isFinite(value)) return value === 0 ? 0 : value;
  if (!isPlain(value) || depth > deepest) {
    faults.push(` (${type})`);
    return undefined;
  }
  const isList = Array.isArray(value);
  const size = isList ? value.length : -1;
  const names = Reflect.ownKeys(value);
  const copy: Values = isList ? [] as never : {};
  for (let i = 0; i < names.length; i++) {
    // After its items comes the length of an array, and nothing else.
    if (i === size) continue;
    const isItem = i < size;
    const name = isItem ? i : names[i] as string;
    const found = Object.getOwnPropertyDescriptor(value, name);
    const isKept = found?.enumerable && "value" in found &&
      (isItem || size < 0 && typeof name === "string" && name !== "__proto__");
    const part = isKept ? value[name] : undefined;
    // Without the property, it reads as undefined all the same.
    if (isKept && part === undefined && !isItem) continue;
    if (isKept) copy[name] = copyOf(part, depth + 1, faults);
    else faults.push(" (lost in JSON)");
    if (faults.length) {
      faults.unshift(isItem ? `[${i}]` : `.${String(name)}`);
      return undefined;
    }
  }
  return Object.freeze(copy);
}

/** Whether two values have the same text, and one may stand for the other. */
export function isSame(codec: Codec, one: unknown, other: unknown): boolean {
  return Object.is(one, other) || isObject(one) && isObject(other) &&
      codec.stringify(one) === codec.stringify(other);
}

function isObject(value: unknown): boolean {
  return Object(value) === value;
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
