/** Answers a request, as a program on the Web platform does. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** What every subject does with its session, in its own way. */
export interface Handlers {
  /** Answers "ok" and does not ask for the session. Only of a subject that is
   * a wrapper: of others, a program just does not call them. */
  readonly untouched?: Handler;
  /** Answers with the session's `count`, or `none` if it has none. */
  readonly read: Handler;
  /** Adds one to `count` and answers with it. */
  readonly write?: Handler;
  /** Begins a session with the data. */
  readonly start: Handler;
}

/** How a subject is set up. */
export interface Setup {
  /** Newest first; 64 hexadecimal digits each. */
  readonly secrets: readonly string[];
  readonly data: Data;
  /** Nothing that was opened may be kept: every token is seen for the first time. */
  readonly firstSight?: boolean;
  /** The clock, where a subject takes one. */
  readonly now?: () => number;
}

/** A session's data. */
export interface Data {
  readonly [key: string]: unknown;
  readonly count: number;
}

/** What is compared with what. */
export type Group = "fetch" | "redis" | "express" | "fastify";

/** A kind of request; `KINDS` says what it is. */
export type Kind =
  | "untouched"
  | "anonymous"
  | "read-seen"
  | "read-first"
  | "write-seen"
  | "write-first"
  | "forged"
  | "forged-background"
  | "malformed"
  | "rotated"
  | "renewal";

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** The packages that it is made of, the one whose version counts first. */
  readonly packages: readonly string[];
  readonly protects: "encrypts" | "signs" | "none";
  /** Its defaults, and where they were not left alone. */
  readonly note: string;
  readonly group?: Group;
  /**
   * What others of the group are compared with, or how near to it anybody can
   * get who does not leave out what a session needs.
   */
  readonly role?: "bare" | "raw" | "limit";
  readonly kinds: readonly Kind[];
  /** The data is on the server: a write needs no cookie. */
  readonly hasStore?: boolean;
  /** Its cookie cannot hold as much as others. */
  readonly mostBytes?: number;
  /** It may say what it refuses on the console. */
  readonly isLoud?: boolean;
  create(setup: Setup): Handlers | Promise<Handlers>;
  /** What has to hold for this subject alone. */
  prove?(setup: Setup): Promise<void>;
}

/** The answer of `read` where there is no session. */
export const NONE = "none";
/** The name of the cookie, of those who can choose. */
export const COOKIE = "__Host-sid";

/** What the handlers answer. */
export function answer(count: unknown): Response {
  return new Response(textOf(count));
}

/** The text of what the handlers answer. */
export function textOf(count: unknown): string {
  return count === undefined ? NONE : String(count);
}

/** What a write makes of `count`. */
export function next(count: unknown): number {
  return typeof count === "number" ? count + 1 : 0;
}
