import type { Unsealed } from "./content.ts";

interface Entry {
  readonly content: Unsealed;
  /** In bytes. */
  readonly size: number;
  isUsed: boolean;
}

/**
 * What this process has opened or sealed, by the exact token, so that the same
 * token is not decrypted again. It is bounded in bytes; entries that were not
 * used since the last round of evictions go first.
 */
export class TokenCache {
  readonly #most: number;
  readonly #entries: Map<string, Entry> = new Map();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  get(token: string): Unsealed | undefined {
    // With the cache off, skip the lookup: it reads the whole token.
    const entry = this.#most ? this.#entries.get(token) : undefined;
    if (entry) entry.isUsed = true;
    return entry?.content;
  }

  /** Whether the cache keeps anything at all. */
  get isOn(): boolean {
    return this.#most > 0;
  }

  set(token: string, content: Unsealed): void {
    // A rough size: an entry without its token, then 4 bytes per character. Of a
    // text that is compressed, the token is the shorter one.
    const size = 600 + Math.max(token.length, content.text.length) * 4;
    if (size > this.#most || this.#entries.has(token)) return;
    this.#entries.set(token, { content, size, isUsed: false });
    this.#bytes += size;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#most) break;
      this.#entries.delete(oldest);
      if (entry.isUsed) {
        // A used entry gets another round, behind those added since.
        entry.isUsed = false;
        this.#entries.set(oldest, entry);
      } else this.#bytes -= entry.size;
    }
  }
}
