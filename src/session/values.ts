import { causeOf, isSessionError, SessionError } from "../errors.ts";
import { kindOf } from "../options/check.ts";
import { type Codec, freeze, isObject, isPlain, type Values } from "./codec.ts";

/** A frozen copy of what will be read back, or an error with the path. */
export function storable(codec: Codec, key: string, value: unknown): unknown {
  try {
    if (codec === JSON) {
      const fault = faultIn(value, 0);
      if (fault) cannotKeep(key + fault);
      // It reads them as they are, but for -0.
      if (!isObject(value)) return value === 0 ? 0 : value;
    }
    return freeze(codec.parse(codec.stringify(value)));
  } catch (error) {
    if (isSessionError(error)) throw error;
    cannotKeep(key, { cause: causeOf(error) });
  }
}

/** Refuses a value, by its path. */
export function cannotKeep(path: string, options?: ErrorOptions): never {
  throw new SessionError("invalid-data", `Cannot keep ${path}`, options);
}

/** One of the values, as a handler may have it. */
export function readable(codec: Codec, key: string, values: Values): unknown {
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  // What cannot be frozen, a Map say, is copied: no change goes unnoticed.
  return codec === JSON ? freeze(value) : value && storable(codec, key, value);
}

/**
 * Where a value has what JSON would change without a word, or not represent:
 * a path from it on, and why.
 */
function faultIn(value: unknown, depth: number): string | undefined {
  const deepest = 100;
  const type = typeof value;
  if (
    value === null || type === "string" || type === "boolean" ||
    Number.isFinite(value)
  ) return undefined;
  if (!isPlain(value) || depth > deepest) return ` (${kindOf(value)})`;
  const size = Array.isArray(value) ? value.length : -1;
  const names = Reflect.ownKeys(value);
  for (let i = 0; i < names.length; i++) {
    // After its items comes the length of an array, and nothing else.
    if (i === size) continue;
    const isItem = i < size;
    const name = isItem ? i : names[i] as string;
    const found = Object.getOwnPropertyDescriptor(value, name);
    const isKept = found?.enumerable && "value" in found &&
      (isItem || size < 0 && typeof name === "string" && name !== "__proto__");
    const part = found?.value;
    // Without the property, it reads as undefined all the same.
    if (isKept && part === undefined && !isItem) continue;
    const fault = isKept ? faultIn(part, depth + 1) : " (lost in JSON)";
    if (fault) return (isItem ? `[${i}]` : `.${String(name)}`) + fault;
  }
  return undefined;
}
