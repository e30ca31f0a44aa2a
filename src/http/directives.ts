/** What a session has to say to the browser and to caches. */
export interface Directives {
  /** Somebody is signed in: no cache at all is to keep the response. */
  readonly isSignedIn?: boolean;
  /** Lines of that name. */
  readonly setCookie?: readonly string[];
  /** The browser is to forget what it has cached. */
  readonly clearCache?: boolean;
}
