import { createClock, type TestClock } from "./clock.ts";

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
   * another location.
   *
   * @default {[0, 60_000]}
   */
  readonly propagation?:
    | readonly [shortest: number, longest: number]
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

/** How to read from a {@linkcode SimulatedKv}. */
export interface SimulatedKvGetOptions {
  /** Only texts can be read. */
  readonly type?: "text" | undefined;
  /**
   * For how many seconds the location remembers the answer; at least 30.
   *
   * @default {60}
   */
  readonly cacheTtl?: number | undefined;
}

/** How to write to a {@linkcode SimulatedKv}. */
export interface SimulatedKvPutOptions {
  /** When the value ends, in seconds since 1970; at least 60 s from now. */
  readonly expiration?: number | undefined;
  /** In how many seconds it ends; at least 60. */
  readonly expirationTtl?: number | undefined;
  /** What a list says of it: at most 1024 bytes of JSON. */
  readonly metadata?: unknown;
}

/** Which names to list in a {@linkcode SimulatedKv}. */
export interface SimulatedKvListOptions {
  /** What they begin with. */
  readonly prefix?: string | undefined;
  /** How many at most, from 1 to 1000. */
  readonly limit?: number | undefined;
  /** Where the list before this one ended. */
  readonly cursor?: string | null | undefined;
}

/** What is listed of a name. */
export interface SimulatedKvName {
  /** The name. */
  readonly name: string;
  /** When its value ends, in seconds since 1970, if it does. */
  readonly expiration?: number;
  /** What was written with it, if anything was. */
  readonly metadata?: unknown;
}

/** Some names of a {@linkcode SimulatedKv}, in order. */
export interface SimulatedKvNames {
  /** The names. */
  readonly keys: readonly SimulatedKvName[];
  /** Whether there are no more. */
  readonly list_complete: boolean;
  /** Where the next list begins, if there are more. */
  readonly cursor?: string;
}

/** A KV namespace as a Worker in one location has it. */
export interface SimulatedKv {
  /**
   * The value by this name, as far as this location knows; of up to 100 names,
   * all values, of at most 25 MiB together.
   */
  get<Names extends string | readonly string[]>(
    names: Names,
    options?: SimulatedKvGetOptions,
  ): Promise<
    Names extends string ? string | null : Map<string, string | null>
  >;
  /** Writes a value. */
  put(
    name: string,
    value: string,
    options?: SimulatedKvPutOptions,
  ): Promise<void>;
  /** Removes a value. */
  delete(name: string): Promise<void>;
  /** The names that the central store has. */
  list(options?: SimulatedKvListOptions): Promise<SimulatedKvNames>;
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

const SHORTEST_CACHE = 30;
const USUAL_CACHE = 60;
const SHORTEST_LIFE = 60;
const LONGEST_NAME = 512;
const MOST_METADATA = 1024;
const MOST_BYTES = 25 * 1024 * 1024;
const MOST_NAMES = 1_000;
const MOST_READ = 100;

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
  const [shortest, longest] = propagation;
  checkRange("seed", Number.isSafeInteger(seed));
  checkRange("locations", Number.isSafeInteger(locations) && locations > 0);
  checkRange("propagation", shortest >= 0 && longest >= shortest);
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
      throw failure(method, "429 Too Many Requests");
    }
    known.writes.push(now);
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
      for (const name of all) checkName(method, name);
      if (!all.length || all.length > MOST_READ) {
        throw failure(method, `400 You can request 1 to ${MOST_READ} keys`);
      }
      if (cacheTtl < SHORTEST_CACHE) {
        throw failure(method, `400 Invalid cache_ttl of ${cacheTtl}`);
      }
      const values = all.map((name) => read(location, name, cacheTtl));
      if (isOne) return await Promise.resolve(values[0] ?? null);
      const bytes = values.reduce((sum, value) => sum + sizeOf(value ?? ""), 0);
      if (bytes > MOST_BYTES) {
        throw failure(method, "413 Total size of request exceeds the limit");
      }
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
        checkName("PUT", name);
        const bytes = sizeOf(value);
        if (bytes > MOST_BYTES) {
          throw failure("PUT", `413 Value length of ${bytes} is too large`);
        }
        if (sizeOf(JSON.stringify(metadata) ?? "") > MOST_METADATA) {
          throw failure("PUT", "413 Metadata is too large");
        }
        const now = clock.now();
        const ends = expirationTtl === undefined
          ? (expiration ?? Infinity) * 1000
          : now + expirationTtl * 1000;
        if (!(ends >= now + SHORTEST_LIFE * 1000)) {
          throw failure("PUT", "400 Invalid expiration");
        }
        await Promise.resolve(
          write("PUT", location, name, value, ends, metadata),
        );
      },
      async delete(name) {
        checkName("DELETE", name);
        await Promise.resolve(write("DELETE", location, name, null, 0));
      },
      async list({ prefix = "", limit = MOST_NAMES, cursor } = {}) {
        if (!(limit >= 1 && limit <= MOST_NAMES)) {
          throw failure("GET", `400 Invalid key_count_limit of ${limit}`);
        }
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

function valueOf(version: Version | undefined, now: number): string | null {
  return version && version.ends > now ? version.value : null;
}

function checkRange(name: string, isGood: boolean): void {
  if (!isGood) throw new RangeError(`Option ${name} is out of range`);
}

function checkName(method: string, name: string): void {
  if (!name || name === "." || name === "..") {
    throw new TypeError("Key name cannot be empty, . or ..");
  }
  if (sizeOf(name) > LONGEST_NAME) {
    throw failure(method, "414 Key is too long");
  }
}

function failure(method: string, what: string): Error {
  return new Error(`KV ${method} failed: ${what}`);
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
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
