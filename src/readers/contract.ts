/** Reads sessions that another library has made. */
export interface SessionReader {
  /** What it reads, for events: `iron-session`, say. */
  readonly name: string;
  /** From when on nothing is read any more, in ms since 1970. */
  readonly until: number;
  /**
   * Whether the other program still runs, so that visitors keep its cookies and
   * a session lasts no longer than both.
   */
  readonly keep: boolean;
  /**
   * Finds and opens a session of the other library.
   *
   * @returns `undefined` if there is none, or none that is good: whatever a
   * stranger sends makes it return that.
   * @throws If the other library's own store fails, or too many bad cookies
   * have taken too much work of late.
   */
  read(given: ForeignCookies): Promise<ForeignSession | undefined>;
  /** The `Set-Cookie` lines that remove its cookies, as far as they came. */
  clear(given: ForeignCookies): string[];
}

/** What a request brings that a reader may look at. */
export interface ForeignCookies {
  /** The names of all cookies, each once. */
  readonly names: readonly string[];
  /** The values of a cookie as they came: several if the browser has several. */
  valuesOf(name: string): readonly string[];
  /** The program's clock, in ms since 1970. */
  readonly now: number;
  /**
   * Whether our cookie is for pages inside of other sites, too
   * (`SameSite=None`). There, a browser takes no other line, of theirs either.
   */
  readonly isEmbedded?: boolean;
}

/** A session of another library, as a reader hands it over. */
export interface ForeignSession extends AcceptedSession {
  /**
   * Tells what was read from all else: its cookie, or the id in that. In a
   * strong store, requests with the same have one session. So it is absent if
   * two visitors may have the same cookie, as where that is what they have in
   * their sessions, and a signature.
   */
  readonly key?: string | undefined;
  /**
   * Tells its session from others for as long as that lasts, if anything does;
   * by default, the user.
   */
  readonly id?: string | undefined;
  /**
   * Ends it where the other library keeps it, if it keeps any: on logout. One
   * that has gone on here is left to its own end.
   */
  readonly end?: (() => Promise<unknown>) | undefined;
}

/** What a session begins with that takes another one's place. */
export interface AcceptedSession {
  /** Values by key; a session keeps what `session.set()` would. */
  readonly data?: object | undefined;
  /** Who is logged in, as for `session.login()`. */
  readonly user?: string | undefined;
  /** The device's name, as for `session.login()`. */
  readonly label?: string | undefined;
  /** As for `session.persist()`. */
  readonly persist?: boolean | number | undefined;
}
