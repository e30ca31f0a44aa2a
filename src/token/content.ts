/** What a token holds. Times are whole seconds since 1970. */
export interface Sealed {
  /** Start of the session. */
  readonly created: number;
  /** When the token was made. */
  readonly sealed: number;
  /** From when on it is refused. */
  readonly expires: number;
  /** 16 random bytes, of which 6 are the public id. */
  readonly sid: Uint8Array<ArrayBuffer>;
  /** The data, as text. */
  readonly text: string;
  /** The values of the text, once they are known: only ever replaced. */
  values?: Record<string, unknown> | null | undefined;
}

/** The content of an authentic token. */
export interface Unsealed extends Sealed {
  readonly keyId: number;
  /** It was sealed with a secret that is not the newest of the ring. */
  readonly isStale: boolean;
}

/** A secret that is fit to be a key. */
export type KeyMaterial = Uint8Array<ArrayBuffer> | CryptoKey;
