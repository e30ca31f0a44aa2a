import { createClock, type TestClock } from "./clock.ts";
import {
  checkAnswer,
  checkLife,
  checkLimit,
  checkName,
  checkRead,
  checkWrite,
  MOST_NAMES,
  refusal,
} from "./kv_refusals.ts";
import type {
  SimulatedKv,
  SimulatedKvGetOptions,
  SimulatedKvName,
} from "./simulated_kv.ts";

type Propagation = readonly [shortest: number, longest: number];

/** What a {@linkcode KvSimulator} is made of. */
export interface KvSimulatorOptions {
  /** What all delays follow from: the same seed gives the same run. */
  readonly seed: number;
  /**
   * How many locations there are.
   *
   * @default {4}
   */
  readonly locations?: number | undefined;
  /**
   * The shortest and the longest time, in ms, that a write is on its way to
   * another location. A function is asked with each write.
   *
   * @default {[0, 60_000]}
   */
  readonly propagation?:
    | readonly [shortest: number, longest: number]
    | (() => readonly [shortest: number, longest: number])
    | undefined;
  /**
   * How many writes a key takes in a second, wherever they are made; 0 for any
   * number.
   *
   * @default {1}
   */
  readonly writesPerSecond?: number | undefined;
  /**
   * The clock of all locations, which the test moves.
   *
   * @default {createClock()}
   */
  readonly clock?: TestClock | undefined;
}

/** A KV namespace that is seen from several locations. */
export interface KvSimulator extends TestClock {
  /**
   * The namespace as it is seen from one location.
   *
   * @throws {RangeError} If there is no such location.
   */
  at(location: number): SimulatedKv;
}

interface Version {
  /** `null` if the write was a `delete`. */
  readonly value: string | null;
  /** In ms since 1970. */
  readonly ends: number;
  readonly metadata: unknown;
  /** When each location has it, in ms since 1970. */
  readonly arrivals: readonly number[];
  /** When the central store has it. */
  readonly central: number;
}

interface CacheEntry {
  version: Version | undefined;
  readonly until: number;
}

interface Name {
  /** In the order of their writes. */
  readonly versions: Version[];
  /** By location. */
  readonly caches: (CacheEntry | undefined)[];
  /** When it was written in the last second. */
  writes: number[];
}

/** In seconds. */
const USUAL_CACHE = 60;

/**
 * Makes a KV namespace that is as late as Cloudflare's may be, under a clock
 * that the test moves: for tests of what must hold wherever the next request
 * lands.
 *
 * - The location of a write has it at once. The central store and each other
 *   location have it later, each after a delay of its own.
 * - A location remembers what it has read, also that there was nothing, for
 *   `cacheTtl`, and does not look for anything newer meanwhile.
 * - Of two writes the later one wins, whichever arrives first.
 * - A list is what the central store has.
 * - A key takes one write in a second; another one rejects with 429.
 * - What KV refuses is refused in its words: lives and caches too short, names,
 *   values and metadata too long.
 *
 * @throws {RangeError} If an option is out of range.
 *
 * @example A write that is on its way
 * ```ts
 * import { createKvSimulator } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const simulator = createKvSimulator({ seed: 1, propagation: [9_000, 9_000] });
 * await simulator.at(0).put("name", "Ada");
 *
 * assert.equal(await simulator.at(0).get("name"), "Ada");
 * assert.equal(await simulator.at(1).get("name"), null);
 * simulator.advance(59_999);
 * assert.equal(await simulator.at(1).get("name"), null);
 * simulator.advance(1);
 * assert.equal(await simulator.at(1).get("name"), "Ada");
 * ```
 */
export function createKvSimulator(options: KvSimulatorOptions): KvSimulator {
  const { seed, locations = 4, propagation = [0, 60_000] } = options;
  const { writesPerSecond = 1, clock = createClock() } = options;
  const delays = typeof propagation === "function"
    ? propagation
    : () => propagation;
  checkRange("seed", Number.isSafeInteger(seed));
  checkRange("locations", Number.isSafeInteger(locations) && locations > 0);
  propagationOf(delays);
  checkRange("writesPerSecond", writesPerSecond >= 0);

  const random = createRandom(seed);
  const names = new Map<string, Name>();

  function recall(name: string): Name {
    const known = names.get(name) ?? { versions: [], caches: [], writes: [] };
    names.set(name, known);
    return known;
  }

  function write(
    method: string,
    location: number,
    name: string,
    value: string | null,
    ends: number,
    metadata?: unknown,
  ): void {
    const known = recall(name);
    const now = clock.now();
    known.writes = known.writes.filter((time) => time > now - 1_000);
    if (writesPerSecond && known.writes.length >= writesPerSecond) {
      throw refusal(method, "429 Too Many Requests");
    }
    known.writes.push(now);
    const [shortest, longest] = propagationOf(delays);
    const arrive = () =>
      now + Math.floor(shortest + random() * (longest - shortest + 1));
    const version = {
      value,
      ends,
      metadata,
      arrivals: Array.from(
        { length: locations },
        (_, place) => place === location ? now : arrive(),
      ),
      central: locations === 1 ? now : arrive(),
    };
    known.versions.push(version);
    const cached = known.caches[location];
    if (cached) cached.version = version;
  }

  function read(location: number, name: string, cacheTtl: number) {
    const known = recall(name);
    const now = clock.now();
    let cached = known.caches[location];
    if (!cached || cached.until <= now) {
      const version = known.versions.findLast(({ arrivals }) =>
        arrivals[location] as number <= now
      );
      cached = { version, until: now + cacheTtl * 1000 };
      known.caches[location] = cached;
    }
    return valueOf(cached.version, now);
  }

  function getter(location: number): SimulatedKv["get"] {
    async function get(
      names: string | readonly string[],
      options?: SimulatedKvGetOptions,
    ): Promise<string | null | Map<string, string | null>> {
      const { cacheTtl = USUAL_CACHE } = options ?? {};
      const isOne = typeof names === "string";
      const method = isOne ? "GET" : "GET_BULK";
      const all = isOne ? [names] : names;
      checkRead(method, all, cacheTtl);
      const values = all.map((name) => read(location, name, cacheTtl));
      if (isOne) return await Promise.resolve(values[0] ?? null);
      checkAnswer(method, values);
      return new Map(all.map((name, place) => [name, values[place] ?? null]));
    }
    return get as SimulatedKv["get"];
  }

  function at(location: number): SimulatedKv {
    checkRange("location", Number.isInteger(location) && location >= 0);
    checkRange("location", location < locations);
    return {
      get: getter(location),
      async put(name, value, { expiration, expirationTtl, metadata } = {}) {
        checkWrite(name, value, metadata);
        const now = clock.now();
        const ends = expirationTtl === undefined
          ? (expiration ?? Infinity) * 1000
          : now + expirationTtl * 1000;
        checkLife(ends, now);
        await Promise.resolve(
          write("PUT", location, name, value, ends, metadata),
        );
      },
      async delete(name) {
        checkName("DELETE", name);
        await Promise.resolve(write("DELETE", location, name, null, 0));
      },
      async list({ prefix = "", limit = MOST_NAMES, cursor } = {}) {
        checkLimit(limit);
        const now = clock.now();
        const found: SimulatedKvName[] = [];
        for (const [name, { versions }] of names) {
          if (!name.startsWith(prefix) || cursor && name <= cursor) continue;
          const version = versions.findLast(({ central }) => central <= now);
          if (valueOf(version, now) === null) continue;
          const { ends = Infinity, metadata } = version ?? {};
          found.push({
            name,
            ...ends < Infinity && { expiration: Math.floor(ends / 1000) },
            ...metadata !== undefined && { metadata: copyOf(metadata) },
          });
        }
        found.sort((a, b) => a.name < b.name ? -1 : 1);
        const keys = found.slice(0, limit);
        const last = keys.at(-1);
        return await Promise.resolve(
          found.length > limit && last
            ? { keys, list_complete: false, cursor: last.name }
            : { keys, list_complete: true },
        );
      },
    };
  }

  return { at, now: clock.now, advance: clock.advance };
}

function propagationOf(delays: () => Propagation): Propagation {
  const [shortest, longest] = delays();
  checkRange("propagation", shortest >= 0 && longest >= shortest);
  return [shortest, longest];
}

function valueOf(version: Version | undefined, now: number): string | null {
  return version && version.ends > now ? version.value : null;
}

function checkRange(name: string, isGood: boolean): void {
  if (!isGood) throw new RangeError(`Option ${name} is out of range`);
}

function copyOf(metadata: unknown): unknown {
  return JSON.parse(JSON.stringify(metadata));
}

/** Numbers from 0 to below 1 that a seed decides: a 32-bit xorshift. */
function createRandom(seed: number): () => number {
  // Never 0, which it would stay at; and neighbours are far apart.
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
