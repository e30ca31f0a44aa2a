import { TokenCache } from "./token_cache.ts";
import { isKey } from "./secrets.ts";
import type { KeyMaterial } from "./content.ts";

/** A secret of the ring, ready for use. */
export interface RingEntry {
  /** 4 bytes derived from the secret, as an unsigned number. */
  readonly keyId: number;
  readonly secret: CryptoKey;
}

/** The key that this process seals with, and its salt. */
export interface Writer {
  readonly keyId: number;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly key: CryptoKey;
  /** In seconds since 1970. */
  readonly since: number;
  sealed: number;
}

const LABEL = "withSession/seal/v1";

/** Rings of the same secrets share what does not depend on their context. */
const imported = new WeakMap<
  readonly KeyMaterial[],
  Promise<RingEntry[]>
>();

/**
 * The secrets of one context and the subkeys made from them.
 *
 * Nothing is derived before the first token: some platforms have no randomness
 * before the first request.
 */
export class Keyring {
  /** Tokens of these secrets and this context that need not be decrypted. */
  readonly cache: TokenCache;
  /** The secrets, once they have been imported. */
  loaded: readonly RingEntry[] | undefined;
  readonly #secrets: readonly KeyMaterial[];
  readonly #context: string;
  readonly #subkeys: Map<string, CryptoKey> = new Map();
  /** Most tokens of a process are its own. */
  #latest = "";
  /** What this process seals with, and what is being made: see `writer.ts`. */
  writer: Writer | undefined;
  nextWriter: Promise<void> | undefined;

  /**
   * @param context What a token is for: purpose, cookie name, further
   * bindings. Another context makes other keys.
   * @param cacheBytes How much may be kept of unsealed tokens.
   */
  constructor(
    secrets: readonly KeyMaterial[],
    context: readonly string[],
    cacheBytes = 0,
  ) {
    this.cache = new TokenCache(cacheBytes);
    this.#secrets = secrets;
    // Each part behind its length, so that ["ab","c"] and ["a","bc"] differ.
    this.#context = context.map((part) => {
      const text = binary(new TextEncoder().encode(part));
      return binary([text.length >> 8, text.length & 255]) + text;
    }).join("");
  }

  /** The secrets, newest first; imported when they are first needed. */
  async entries(): Promise<readonly RingEntry[]> {
    let entries = imported.get(this.#secrets);
    if (!entries) {
      entries = Promise.all(this.#secrets.map(makeEntry));
      imported.set(this.#secrets, entries);
      entries.catch(() => imported.delete(this.#secrets));
    }
    return this.loaded = await entries;
  }

  /** The subkey of a salt, if a token with it has been authentic before. */
  known(address: string): CryptoKey | undefined {
    return this.#subkeys.get(address);
  }

  /** Keeps a subkey as the latest; only one that opened an authentic token. */
  remember(address: string, key: CryptoKey): void {
    const most = 1_024;
    if (address === this.#latest) return;
    this.#latest = address;
    this.#subkeys.delete(address);
    this.#subkeys.set(address, key);
    const [oldest] = this.#subkeys.keys();
    if (this.#subkeys.size > most) this.#subkeys.delete(oldest as string);
  }

  /**
   * Derives the subkey of a salt. The salt of a token is chosen by whoever
   * sent it, so it belongs into `info`, where plain PRF security carries it.
   */
  derive(
    { secret }: RingEntry,
    salt: Uint8Array<ArrayBuffer>,
  ): Promise<CryptoKey> {
    return crypto.subtle.deriveKey(
      hkdf("\x01subkey" + binary(salt) + this.#context),
      secret,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  }
}

async function makeEntry(material: KeyMaterial): Promise<RingEntry> {
  const secret = isKey(material)
    ? material
    : await crypto.subtle.importKey("raw", material, "HKDF", false, [
      "deriveBits",
      "deriveKey",
    ]);
  const bits = await crypto.subtle.deriveBits(hkdf("\x02kid"), secret, 32);
  return { keyId: new DataView(bits).getUint32(0), secret };
}

/** @param info Bytes, as the characters of a text. */
function hkdf(info: string): HkdfParams {
  const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  return {
    name: "HKDF",
    hash: "SHA-256",
    salt: bytes(LABEL),
    info: bytes(LABEL + info),
  };
}

function binary(bytes: Iterable<number>): string {
  return String.fromCharCode(...bytes);
}
