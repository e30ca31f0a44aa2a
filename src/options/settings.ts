import type { Emit, Refused } from "../events.ts";
import type { CookieAttributes } from "../http/cookie.ts";
import type { CookieOptions } from "../http/cookie_options.ts";
import type { Codec } from "../session/codec.ts";
import type { Fitting } from "../schema/schema.ts";
import type { SessionStore } from "../store/contract.ts";
import type { KeyMaterial, Sealed, Unsealed } from "../token/content.ts";

/** What makes and opens the tokens of one cookie. */
export interface Tokens {
  /** Seals a content. */
  seal(content: Sealed): Promise<string>;
  /**
   * Opens a token, or says why not; no token makes it throw. It is there at once
   * if this process has seen the token before.
   *
   * @param now Seconds since 1970.
   */
  unseal(
    token: string,
    now: number,
  ): Unsealed | Refused | Promise<Unsealed | Refused>;
}

/** How the cookie is read and written for one kind of request. */
export interface SessionCookie extends CookieAttributes {
  /** The name without a port is part of their keys. */
  readonly tokens: Tokens;
  readonly maxBytes: number;
  /** What the program has chosen. */
  readonly options: CookieOptions;
  /** Without prefix and `Secure`, for http on the machine itself. */
  readonly isLocal: boolean;
}

/** The options, checked and with all defaults: what a request needs to know. */
export interface Settings extends Fitting {
  readonly absoluteTimeout: number;
  readonly idleTimeout: number;
  readonly lazy?: boolean;
  readonly when?: (request: Request) => boolean;
  readonly persistent: boolean;
  readonly clearCache?: boolean;
  readonly codec: Codec;
  /** Origins that may send requests; `false` if all may. */
  readonly trusted: ReadonlySet<string> | false | undefined;
  /** The cookie of a request, by its address, or without one. */
  readonly cookieFor: (request?: { readonly url: string }) => SessionCookie;
  readonly emit: Emit | undefined;
  readonly secrets: readonly KeyMaterial[];
  readonly store?: SessionStore | (() => SessionStore);
  readonly revocations?: SessionStore | (() => SessionStore);
  readonly revocationsMaxAge?: number;
  readonly storeTimeout: number;
  readonly onStoreError: "throw" | "anonymous";
  readonly encrypt?: boolean;
  readonly renewAfter?: number;
  readonly trackIdle?: "cookie" | "store";
  /** Seconds since 1970. */
  now(): number;
  /** Whose time that is: two processes never have the same clock. */
  readonly clock: () => number;
}

/** Whether anything but the cookie has a say in a session. */
export function isChecked(settings: Settings): boolean {
  return !!(settings.store || settings.revocations || settings.schema);
}
