/** Structural equality by the rules of `assert.deepStrictEqual()`. */

/** What is being compared further out; meeting it again is a cycle. */
type Pairs = Map<object, Set<object>>;

/**
 * Whether two values have the same type, prototype and content.
 *
 * @throws {TypeError} For an object whose content cannot be seen, `Headers` or
 * a promise say: two of them would look equal whatever they hold.
 */
export function isDeepEqual(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

function compare(a: unknown, b: unknown, seen: Pairs): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  const prototype = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (tag(a) !== tag(b)) return false;
  if (typeof a === "function") return false;
  const partners = seen.get(a) ?? new Set();
  if (partners.has(b)) return true;
  seen.set(a, new Set([...partners, b]));
  return isContentEqual(a, b, seen) && arePropertiesEqual(a, b, seen);
}

function isContentEqual(a: object, b: object, seen: Pairs): boolean {
  if (a instanceof Date) return Object.is(a.getTime(), +(b as Date));
  if (a instanceof RegExp) {
    const other = b as RegExp;
    return String(a) === String(other) && a.lastIndex === other.lastIndex;
  }
  if (a instanceof Error) {
    const other = b as Error;
    return a.name === other.name && a.message === other.message &&
      "cause" in a === "cause" in other && compare(a.cause, other.cause, seen);
  }
  if (a instanceof Map) return isMapEqual(a, b as typeof a, seen);
  if (a instanceof Set) return isSetEqual(a, b as typeof a, seen);
  if (a instanceof ArrayBuffer) {
    return areBytesEqual(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  }
  if (ArrayBuffer.isView(a)) return areBytesEqual(bytes(a), bytes(b as never));
  if (Array.isArray(a)) return a.length === (b as unknown[]).length;
  if (tag(a) === "[object Object]" && isPlain(a)) return true;
  throw new TypeError(
    `deepEqual() cannot look into ${show(a)}; compare what it holds`,
  );
}

function arePropertiesEqual(a: object, b: object, seen: Pairs): boolean {
  // The bytes of a view have been compared; they are properties too.
  if (ArrayBuffer.isView(a)) return true;
  const keys = enumerable(a);
  if (keys.length !== enumerable(b).length) return false;
  return keys.every((key) =>
    Object.prototype.propertyIsEnumerable.call(b, key) &&
    compare(Reflect.get(a, key), Reflect.get(b, key), seen)
  );
}

function isMapEqual(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  seen: Pairs,
): boolean {
  if (a.size !== b.size) return false;
  return areEntriesEqual([...a], [...b], seen);
}

function isSetEqual(a: Set<unknown>, b: Set<unknown>, seen: Pairs): boolean {
  return a.size === b.size && areEntriesEqual([...a], [...b], seen);
}

/** Order does not count; each entry may serve only once. */
function areEntriesEqual(a: unknown[], b: unknown[], seen: Pairs): boolean {
  const rest = [...b];
  return a.every((entry) => {
    const index = rest.findIndex((other) =>
      compare(entry, other, new Map(seen))
    );
    if (index === -1) return false;
    rest.splice(index, 1);
    return true;
  });
}

function areBytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function bytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function enumerable(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) ||
    typeof value === "function";
}

function tag(value: object): string {
  return Object.prototype.toString.call(value);
}

/** An object literal, or an instance of a class with nothing hidden. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ||
    enumerable(value).length > 0;
}

/** A value as text, for messages. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name}]`;
  if (!isObject(value)) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return `${value}`;
  if (value instanceof RegExp || value instanceof Date) return String(value);
  if (value instanceof Map || value instanceof Set) {
    return `${value.constructor.name} ${show([...value])}`;
  }
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name} [${bytes(value).join(", ")}]`;
  }
  try {
    const json = JSON.stringify(value, replace, 2);
    return tag(value) === "[object Object]" || Array.isArray(value)
      ? json
      : `${tag(value)} ${json}`;
  } catch {
    return tag(value);
  }
}

function replace(_key: string, value: unknown): unknown {
  const isOdd = value === undefined || typeof value === "bigint" ||
    typeof value === "function" || value instanceof Map ||
    value instanceof Set || value instanceof Error ||
    Object.is(value, -0) || Number.isNaN(value);
  return isOdd ? show(value) : value;
}
