import { SessionError } from "./errors.ts";

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
/** Only of sessions in a store: the device's name, and the id's age. */
export const LABEL = "~l";
export const ISSUED = "~i";
/** Only with revocations: which of them the login came after. */
export const EPOCH = "~e";

const DEEPEST = 100;
const MAY_HOLD_PROTO = /__proto__|\\u/;

/** Whether a key is the session's own. */
export function isReserved(key: string): boolean {
  return key[0] === "~" || key === "__proto__";
}

/** The program's values alone. */
export function publicValues(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => !isReserved(key)),
  );
}

/** A frozen copy of what will be read back, or an error with the path. */
export function keep(codec: Codec, key: string, value: unknown): unknown {
  let fault = codec === JSON ? jsonFault(value, key, 0) : undefined;
  let cause: unknown;
  try {
    if (!fault) return freeze(codec.parse(codec.stringify(value)));
  } catch (error) {
    fault = key;
    cause = error;
  }
  const message = `Cannot keep ${fault}`;
  throw new SessionError("invalid-data", message, { cause });
}

/** The values of a text, `null` if it is not one object. */
export function readValues(codec: Codec, text: string): Values | null {
  try {
    // An own __proto__ is harmless until somebody copies it: Object.assign
    // sets the prototype then.
    const values = codec === JSON && MAY_HOLD_PROTO.test(text)
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

/** Where and what JSON would change without a word, or refuse. */
function jsonFault(
  value: unknown,
  path: string,
  depth: number,
): string | undefined {
  if (
    value === null || /^(string|boolean)$/.test(typeof value) ||
    Number.isFinite(value)
  ) return undefined;
  if (!isPlain(value) || depth > DEEPEST || Object.hasOwn(value, "__proto__")) {
    return `${path} (${typeof value})`;
  }
  const isArray = Array.isArray(value);
  for (const [key, item] of Object.entries(isArray ? [...value] : value)) {
    // Without the property, it reads as undefined all the same.
    if (!isArray && item === undefined) continue;
    const inner = isArray ? `${path}[${key}]` : `${path}.${key}`;
    const fault = jsonFault(item, inner, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

/** Whether it is an object or array that JSON and `freeze` know all about. */
function isPlain(value: unknown): value is Values {
  return typeof value === "object" && value !== null &&
    [Object.prototype, Array.prototype, null].includes(
      Object.getPrototypeOf(value),
    );
}
