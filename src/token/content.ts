/** What a token holds. Times are whole seconds since 1970. */
export interface Sealed {
  /** When the session began, or its last login. */
  readonly created: number;
  /** When the token was made. */
  readonly sealed: number;
  /** From when on the token is refused. */
  readonly expires: number;
  /** 16 random bytes, of which 6 are the public id. */
  readonly sid: Uint8Array<ArrayBuffer>;
  /** The data, as text. */
  readonly text: string;
  /** `REFERENCE`, or what says how the text is kept in the token. */
  readonly flags?: number | undefined;
  /**
   * The values parsed from `text`, once known. They are never changed in place.
   */
  values?: Record<string, unknown> | null | undefined;
}

/**
 * The flags of a token that refers to a record, beside others of the same cookie
 * that have the data themselves.
 */
export const REFERENCE = 2;

/** The content of an authentic token. */
export interface Unsealed extends Sealed {
  readonly keyId: number;
  /** Whether a secret other than the newest of the ring sealed it. */
  readonly isStale: boolean;
}

/** A secret as bytes or as an HKDF key. */
export type KeyMaterial = Uint8Array<ArrayBuffer> | CryptoKey;
