import { causeOf, isSessionError, SessionError } from "../errors.ts";
import { kindOf } from "../options/check.ts";
import { type Codec, freeze, isPlain, type Values } from "./codec.ts";

/** A frozen copy of what will be read back, or an error with the path. */
export function storable(codec: Codec, key: string, value: unknown): unknown {
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
    faults.push(` (${kindOf(value)})`);
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
