import type { SessionRecord } from "../../src/store/contract.ts";
import {
  CloudflareKvStore,
  type CloudflareKvStoreOptions,
} from "../../stores/cloudflare-kv.ts";
import { createClock, type TestClock } from "../../testing.ts";
import { createKvSimulator } from "../../testing/kv_simulator.ts";
import type { SimulatedKv } from "../../testing/simulated_kv.ts";

export const START: number = Date.UTC(2036, 0, 1);
export const HOUR = 3_600_000;
export const DAY: number = 24 * HOUR;
export const USER: string = "u".repeat(43);
export const OTHER: string = "v".repeat(43);

interface Opened {
  readonly store: CloudflareKvStore;
  /** The store of another isolate. */
  another(options?: CloudflareKvStoreOptions): CloudflareKvStore;
  readonly namespace: SimulatedKv;
  readonly clock: TestClock;
  /** The operations since the last time. */
  take(): string[];
}

/** Opens a store whose operations are written down. */
export function open(
  options: CloudflareKvStoreOptions & { writesPerSecond?: number } = {},
): Opened {
  const { writesPerSecond = 0, ...rest } = options;
  const clock = createClock(START);
  const simulator = createKvSimulator({
    seed: 1,
    locations: 1,
    writesPerSecond,
    clock,
  });
  const calls: string[] = [];
  const namespace = watch(simulator.at(0), calls);
  const another = (more: CloudflareKvStoreOptions = rest) =>
    new CloudflareKvStore(namespace, { now: clock.now, ...more });
  return {
    store: another(),
    another,
    namespace,
    clock,
    take: () => calls.splice(0),
  };
}

/** A namespace whose operations are written down. */
function watch(inner: SimulatedKv, calls: string[]): SimulatedKv {
  const note = (op: string, name: string | readonly string[] = "") =>
    void calls.push([op, name].flat().join(" "));
  return {
    get: (name, options) => (note("get", name), inner.get(name, options)),
    put: (name, text, options) => (
      note("put", name), inner.put(name, text, options)
    ),
    delete: (name) => (note("delete", name), inner.delete(name)),
    list: (options) => (note("list", options?.prefix), inner.list(options)),
  };
}

export async function namesOf(
  namespace: SimulatedKv,
  prefix = "",
): Promise<string[]> {
  return (await namespace.list({ prefix })).keys.map(({ name }) => name);
}

export async function keysOf(store: CloudflareKvStore): Promise<string[]> {
  const listed = await Array.fromAsync(store.listByUser(USER));
  return listed.map(({ key }) => key);
}

export function keyOf(number: number): string {
  return `${number}`.padStart(43, "0");
}

export function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: "value",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: START,
    lastSeenAt: START,
    expiresAt: START + HOUR,
    ...own,
  };
}

/** What takes the place of a record that has ended. */
export const END: SessionRecord = recordAt({ revision: 9, value: "", id: "" });
