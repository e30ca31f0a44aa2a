// What Workers KV refuses, in its words.

/** How many names a list has at most. */
export const MOST_NAMES = 1_000;
const MOST_READ = 100;
// In seconds.
const SHORTEST_CACHE = 30;
const SHORTEST_LIFE = 60;
// In bytes.
const LONGEST_NAME = 512;
const MOST_METADATA = 1024;
const MOST_BYTES = 25 * 1024 * 1024;

/** Checks a name, whatever it is for. */
export function checkName(method: string, name: string): void {
  if (!name || name === "." || name === "..") {
    throw new TypeError("Key name cannot be empty, . or ..");
  }
  if (sizeOf(name) > LONGEST_NAME) {
    throw refusal(method, "414 Key is too long");
  }
}

/**
 * Checks what is read.
 *
 * @param cacheTtl In seconds.
 */
export function checkRead(
  method: string,
  names: readonly string[],
  cacheTtl: number,
): void {
  for (const name of names) checkName(method, name);
  if (!names.length || names.length > MOST_READ) {
    throw refusal(method, `400 You can request 1 to ${MOST_READ} keys`);
  }
  if (cacheTtl < SHORTEST_CACHE) {
    throw refusal(method, `400 Invalid cache_ttl of ${cacheTtl}`);
  }
}

/** Checks all values that are read at once. */
export function checkAnswer(
  method: string,
  values: readonly (string | null)[],
): void {
  const bytes = values.reduce((sum, value) => sum + sizeOf(value ?? ""), 0);
  if (bytes > MOST_BYTES) {
    throw refusal(method, "413 Total size of request exceeds the limit");
  }
}

/** Checks what is written. */
export function checkWrite(
  name: string,
  value: string,
  metadata: unknown,
): void {
  checkName("PUT", name);
  const bytes = sizeOf(value);
  if (bytes > MOST_BYTES) {
    throw refusal("PUT", `413 Value length of ${bytes} is too large`);
  }
  if (sizeOf(JSON.stringify(metadata) ?? "") > MOST_METADATA) {
    throw refusal("PUT", "413 Metadata is too large");
  }
}

/**
 * Checks whether a value lives for long enough.
 *
 * @param ends In ms since 1970, like `now`.
 */
export function checkLife(ends: number, now: number): void {
  if (!(ends >= now + SHORTEST_LIFE * 1000)) {
    throw refusal("PUT", "400 Invalid expiration");
  }
}

/** Checks how many names a list may have. */
export function checkLimit(limit: number): void {
  if (!(limit >= 1 && limit <= MOST_NAMES)) {
    throw refusal("GET", `400 Invalid key_count_limit of ${limit}`);
  }
}

/** The error of a call that was refused. */
export function refusal(method: string, what: string): Error {
  return new Error(`KV ${method} failed: ${what}`);
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
