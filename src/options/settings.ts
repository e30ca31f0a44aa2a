import type { Emit, Refused } from "../events.ts";
import type { CookieAttributes } from "../http/cookie.ts";
import type { CookieOptions } from "../http/cookie_options.ts";
import type { Codec } from "../session/codec.ts";
import type { Fitting } from "../schema/schema.ts";
import type { SessionReader } from "../readers/contract.ts";
import type { SessionStore } from "../store/contract.ts";
import type { KeyMaterial, Sealed, Unsealed } from "../token/content.ts";

/** Seals and opens the tokens of one cookie. */
export interface Tokens {
  /** Seals a content as a token. */
  seal(content: Sealed): Promise<string>;
  /**
   * Opens a token, or says why it is refused; no token makes it throw. It
   * returns no promise if this process has seen the token before.
   *
   * @param now Seconds since 1970.
   */
  unseal(
    token: string,
    now: number,
  ): Unsealed | Refused | Promise<Unsealed | Refused>;
}

/** How one kind of request carries the cookie. */
export interface SessionCookie extends CookieAttributes {
  /** Their keys depend on the cookie's name, without the port. */
  readonly tokens: Tokens;
  readonly maxBytes: number;
  /** The options as the program gave them. */
  readonly options: CookieOptions;
  /** Whether it is for http from this machine, without prefix and `Secure`. */
  readonly isLocal: boolean;
}

/** In how many cookies a session may go out. */
export interface Overflow {
  readonly most: number;
  /** Of all of them together. */
  readonly maxBytes: number;
}

/** The options, checked and with all defaults. */
export interface Settings extends Fitting {
  readonly absoluteTimeout: number;
  readonly idleTimeout: number;
  readonly lazy?: boolean;
  readonly when?: (request: Request) => boolean;
  readonly persistent: boolean;
  readonly clearCache?: boolean;
  readonly codec: Codec;
  /** The origins that `csrf` trusts; `false` or absent without that option. */
  readonly trusted: ReadonlySet<string> | false | undefined;
  /**
   * The cookie of a request, by its address; without a request, that of https.
   */
  readonly cookieFor: (request?: { readonly url: string }) => SessionCookie;
  readonly emit: Emit | undefined;
  readonly secrets: readonly KeyMaterial[];
  readonly store?: SessionStore | (() => SessionStore);
  readonly revocations?: SessionStore | (() => SessionStore);
  readonly revocationsMaxAge?: number;
  readonly storeTimeout: number;
  readonly onStoreError: "throw" | "anonymous";
  readonly encrypt?: boolean;
  readonly overflow?: Overflow | false;
  /** With a store as `overflow`: for sessions that are in there. */
  outgrown?: Settings;
  /** Of such settings: those of sessions in a cookie. */
  readonly home?: Settings;
  readonly compress?: boolean;
  readonly accept?: readonly SessionReader[];
  readonly renewAfter?: number;
  readonly trackIdle?: "cookie" | "store";
  /** Seconds since 1970. */
  now(): number;
  /**
   * The clock behind `now`, to tell it from others: no two processes share one.
   */
  readonly clock: () => number;
}

/** Whether more than the cookie decides if a session is good. */
export function isChecked(settings: Settings): boolean {
  return !!(settings.store || settings.revocations || settings.schema);
}
