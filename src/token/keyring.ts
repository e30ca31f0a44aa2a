import { TokenCache } from "./token_cache.ts";
import { isKey } from "./secrets.ts";
import type { KeyMaterial } from "./content.ts";

/** A secret of the ring, imported and ready for use. */
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

/** What is done with the tokens of a keyring. */
export interface Uses {
  /** How many bytes of opened and sealed tokens are cached. */
  readonly cacheBytes?: number;
  /** How long a token may be that is opened, if longer than a cookie. */
  readonly longest?: number | false;
  /** Whether texts are compressed. */
  readonly compress?: boolean | undefined;
  /** Loads what compresses them, and opens them again. */
  readonly compressed?: () => Compressed | Promise<Compressed>;
}

type Compressed = typeof import("./compressed.ts");

const LABEL = "withSession/seal/v1";

/** Keyrings of the same secrets share the keys, which no context changes. */
const imported = new WeakMap<
  readonly KeyMaterial[],
  Promise<RingEntry[]>
>();

/**
 * The secrets, and the subkeys that are derived from them for one context.
 *
 * Nothing is derived before the first token: some platforms have no randomness
 * before the first request.
 */
export class Keyring {
  readonly uses: Uses;
  /** Opened and sealed tokens of this ring, which need not be decrypted. */
  readonly cache: TokenCache;
  /** The secrets, once they are imported. */
  loaded: readonly RingEntry[] | undefined;
  readonly #secrets: readonly KeyMaterial[];
  readonly #context: string;
  readonly #subkeys: Map<string, CryptoKey> = new Map();
  /** The latest address. Most tokens are of this process, and have the same. */
  #latest = "";
  /** What this process seals with, and the promise of the next: `writer.ts`. */
  writer: Writer | undefined;
  nextWriter: Promise<void> | undefined;

  /**
   * @param context What the tokens are for: their purpose and the cookie's
   * name. Another context makes other keys.
   */
  constructor(
    secrets: readonly KeyMaterial[],
    context: readonly string[],
    uses: Uses = {},
  ) {
    this.uses = uses;
    this.cache = new TokenCache(uses.cacheBytes ?? 0);
    this.#secrets = secrets;
    // Put each part's length before it, so that ["ab","c"] and ["a","bc"]
    // differ.
    this.#context = context.map((part) => {
      const text = binary(new TextEncoder().encode(part));
      return binary([text.length >> 8, text.length & 255]) + text;
    }).join("");
  }

  /** Returns the secrets, newest first; imports them when first needed. */
  async entries(): Promise<readonly RingEntry[]> {
    let entries = imported.get(this.#secrets);
    if (!entries) {
      entries = Promise.all(this.#secrets.map(makeEntry));
      imported.set(this.#secrets, entries);
      entries.catch(() => imported.delete(this.#secrets));
    }
    return this.loaded = await entries;
  }

  /** Returns a subkey that has been remembered. */
  known(address: string): CryptoKey | undefined {
    return this.#subkeys.get(address);
  }

  /**
   * Remembers a subkey as the latest. Only call it once a token of that subkey
   * was authentic: a stranger chooses the salt of a forged one.
   */
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
   * Derives the subkey of a salt. Whoever sent a token has chosen its salt, so
   * the salt goes into HKDF's `info`, where the security of a PRF is enough.
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
