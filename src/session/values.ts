import { causeOf, fail, isSessionError } from "../errors.ts";
import { kindOf } from "../options/check.ts";
import { type Codec, freeze, isPlain, type Values } from "./codec.ts";

/** Returns a frozen copy of what will be read back, or throws with the path. */
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

/** Refuses a value that cannot be saved, by its path. */
export function cannotKeep(path: string, options?: ErrorOptions): never {
  fail("invalid-data", `Cannot keep ${path}`, options);
}

/** Returns one of the values, as a handler may have it. */
export function readable(codec: Codec, key: string, values: Values): unknown {
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  // Copy what cannot be frozen, such as a Map: it may be changed in place.
  return codec === JSON ? freeze(value) : value && storable(codec, key, value);
}

/**
 * Returns a frozen copy of a value that JSON reads back unchanged, but for -0.
 * Each part is read only once: a proxy might answer JSON otherwise.
 *
 * @param faults Gets the path to a part that JSON would change, and what it is.
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
    // Skip an array's length, which comes after its items.
    if (i === size) continue;
    const isItem = i < size;
    const name = isItem ? i : names[i] as string;
    const found = Object.getOwnPropertyDescriptor(value, name);
    const isKept = found?.enumerable && "value" in found &&
      (isItem || size < 0 && typeof name === "string" && name !== "__proto__");
    const part = isKept ? value[name] : undefined;
    // A property that is undefined reads the same without it.
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

/** Sets a value or, without one, removes it. */
export function put(values: Values, key: string, value: unknown): void {
  if (value === undefined) delete values[key];
  else values[key] = value;
}
