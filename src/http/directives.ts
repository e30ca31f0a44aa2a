/** What a session wants the browser and caches to be told. */
export interface Directives {
  /** A user is logged in: no cache may keep the response. */
  readonly isSignedIn?: boolean;
  /** `Set-Cookie` lines. */
  readonly setCookie?: readonly string[];
  /**
   * Whether these lines may still go out, now that nothing is waited for: the
   * session may have ended meanwhile.
   */
  readonly maySend?: () => boolean;
  /** Is called when the response with these lines is made. */
  readonly noteSent?: () => void;
  /** The browser is told to forget what it has cached. */
  readonly clearCache?: boolean;
}
