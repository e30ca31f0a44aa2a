import { isPlain, type Values } from "../session/codec.ts";
import { storable } from "../session/values.ts";
import { isReserved } from "../session/own_keys.ts";
import type { Settings } from "../options/settings.ts";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./schema.ts";
import type { State } from "../session/state.ts";

// A schema may fill in values, convert them and leave some out. What is saved
// is its input, so that it never has to accept its own output. What a handler
// reads is its output, made anew each time.

/**
 * Returns those values that the schema makes other than they are saved; `false`
 * if they do not fit, and `migrate` does not help. What `migrate` makes
 * replaces the values.
 */
export async function fit(
  { schema, migrate, codec }: Settings,
  values: Values,
): Promise<Values | false> {
  if (!schema) return {};
  try {
    let result = await validate(schema, ownOf(values));
    if (result.issues && migrate) {
      const old = ownOf(values);
      const data = await migrate(copyOf(old));
      if (!isObject(data)) return false;
      const made = ownOf(data);
      result = await validate(schema, made);
      for (const key of Object.keys(old)) delete values[key];
      for (const [key, value] of Object.entries(made)) {
        if (value !== undefined) values[key] = storable(codec, key, value);
      }
    }
    return !result.issues && differences(ownOf(values), ownOf(result.value));
  } catch {
    // Data of an older program must not fail the request.
    return false;
  }
}

/** Asks the schema again, after what is saved has changed. */
export async function showFitted(state: State): Promise<void> {
  const { settings } = state.visit;
  if (!settings.schema) return;
  const seen = { ...state.values };
  state.shown = stillTrue(await fit(settings, { ...seen }), seen, state.values);
}

/** What the schema made of values, without those that have changed since. */
export function stillTrue(
  shown: Values | false,
  seen: Values,
  now: Values,
): Values {
  const entries = Object.entries(shown || {});
  return Object.fromEntries(entries.filter(([key]) => now[key] === seen[key]));
}

/**
 * Asks a schema. It gets a copy, as some change their input. Its output has to
 * be an object, like the data.
 */
export async function validate(
  schema: StandardSchema<object>,
  values: Values,
): Promise<SchemaResult<Values>> {
  const result = await schema["~standard"].validate(copyOf(values));
  const { issues, value } = result as SchemaResult<Values> & { value: Values };
  if (issues) return { issues };
  return isObject(value) ? { value } : { issues: [] };
}

function isObject(value: unknown): value is Values {
  return Object(value) === value && !Array.isArray(value);
}

/** The paths of the issues. Their messages may quote data. */
export function issuePaths(
  issues: readonly SchemaIssue[],
  values: Values,
): string {
  return issues.map(({ path = [] }) => {
    const keys = path.map((step) => String(Object(step).key ?? step));
    const found = keys.reduce<unknown>(
      (part, key) => Object(part)[key],
      values,
    );
    return keys.join(".") + (found === undefined ? " (missing)" : "");
  }).join();
}

/** The program's values, without the session's own. */
export function ownOf(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => !isReserved(key)),
  );
}

/** The schema's output, as far as it differs from what is saved. */
export function differences(kept: Values, made: Values): Values {
  const shown: Values = {};
  for (const key of Object.keys({ ...kept, ...made })) {
    if (isAlike(at(kept, key), at(made, key))) continue;
    // Copy and freeze it: a default is the same object for all visitors.
    const value = copyOf(at(made, key), true);
    Object.defineProperty(shown, key, {
      configurable: true,
      enumerable: true,
      // Nothing freezes a `Date` or a `Map`: each reader gets a copy.
      ...isFixed(value) ? { value } : { get: () => copyOf(value, true) },
    });
  }
  return shown;
}

/** Whether a frozen value is so all the way down. */
function isFixed(value: unknown): boolean {
  return isPlain(value)
    ? Object.values(value).every(isFixed)
    : Object(value) !== value;
}

function at(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** Whether two values read the same. */
function isAlike(one: unknown, other: unknown): boolean {
  if (!isPlain(one) || !isPlain(other)) return Object.is(one, other);
  const keys = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(other).length &&
    keys.every((key) => isAlike(at(one, key), at(other, key)));
}

/** A deep copy, but for instances of the program's own classes. */
function copyOf<Value>(value: Value, isFrozen?: boolean): Value;
function copyOf(value: unknown, isFrozen = false): unknown {
  const copy = (part: unknown) => copyOf(part, isFrozen);
  if (isPlain(value)) {
    const made = Array.isArray(value) ? value.map(copy) : Object.fromEntries(
      Object.entries(value).map(copy) as [string, unknown][],
    );
    return isFrozen ? Object.freeze(made) : made;
  }
  // By the name of the class, as it may be of another realm.
  const { constructor } = Object(value);
  const name = typeof value === "object" ? constructor?.name : "";
  const parts = () => [...value as Iterable<unknown>].map(copy);
  if (name === "Map") return new Map(parts() as [unknown, unknown][]);
  if (name === "Set") return new Set(parts());
  return /^(Date|RegExp|ArrayBuffer|DataView|(Big|Uint|Int|Float)\w+Array)$/
      .test(name)
    ? structuredClone(value)
    : value;
}
