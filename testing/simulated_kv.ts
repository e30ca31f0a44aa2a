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
