/** What a session wants the browser and caches to be told. */
export interface Directives {
  /** A user is logged in: no cache may keep the response. */
  readonly isSignedIn?: boolean;
  /** `Set-Cookie` lines. */
  readonly setCookie?: readonly string[];
  /** The browser is told to forget what it has cached. */
  readonly clearCache?: boolean;
}
