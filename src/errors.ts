import { readOn } from "./options/check.ts";

/**
 * What went wrong, as a stable string to branch on.
 *
 * - `conflict`: other processes changed the session in each of five tries, or
 *   the user's revocations in each of eight.
 * - `destroyed`: the session was written after `destroy()`; `reset()` begins
 *   another one.
 * - `forbidden`: `open()` was asked for the session of a request that another
 *   site made the browser send (see `csrf`): answer it with 403.
 * - `gone`: the session ended, or another user logged in, before a change could
 *   be saved; or the cookie stopped counting a moment before the request, whose
 *   `destroy()` may come too late to end what the session has become.
 * - `invalid-data`: a value cannot be saved as it is, or does not fit `schema`,
 *   or the schema threw.
 * - `late-read`: the session was first read after its response had left or its
 *   handler had thrown, when caches could no longer be told that the response
 *   depends on it.
 * - `late-write`: the session was written after its response had left or its
 *   request had failed, or for a response that carries no cookie: on a WebSocket handshake, a write that
 *   needs a cookie is refused at once. In a strong store, the body of a
 *   response can still `save()` values.
 * - `left-out`: the session was written on a request that `when` leaves out, or
 *   whose path is outside `cookie.path`.
 * - `oversize`: the cookie would be larger than browsers keep or
 *   `cookie.maxBytes` allows, or the record larger than the store takes.
 * - `store-failed`: the store threw, took longer than `storeTimeout`, has too
 *   many requests waiting, or has not received the visitor's last write yet. A
 *   write that arrives after this error is taken back, as far as the store can.
 * - `unsupported`: the store lacks an ability, such as listing sessions; or two
 *   handlers of one request keep two sessions in one cookie, as their stores or
 *   secrets differ.
 * - `withheld`: `save()` was called on a request that another site made the
 *   browser send without the cookie, for a session that nobody has logged in
 *   to.
 */
export type SessionErrorCode =
  | "conflict"
  | "destroyed"
  | "forbidden"
  | "gone"
  | "invalid-data"
  | "late-read"
  | "late-write"
  | "left-out"
  | "oversize"
  | "store-failed"
  | "unsupported"
  | "withheld";

/**
 * The one error that a session throws at run time.
 *
 * Test `code`, not the message and not the class: codes are part of the API,
 * and a program that has two copies of the package has two classes. Messages
 * never contain a token, a secret or a value of the session.
 *
 * A wrong option is not a `SessionError`: it is a `TypeError` or `RangeError`
 * thrown when the session is set up.
 *
 * @example Telling the visitor that the session is full
 * ```ts
 * import {
 *   createSessions,
 *   generateSecret,
 *   type SessionError,
 * } from "with-session";
 * import assert from "node:assert/strict";
 *
 * const sessions = createSessions({ secret: generateSecret() });
 * const session = sessions.create();
 * session.set("essay", "x".repeat(5000));
 *
 * await assert.rejects(
 *   () => sessions.seal(session),
 *   (error: SessionError) => error.code === "oversize",
 * );
 * ```
 */
export class SessionError extends Error {
  /** Always `"SessionError"`, even in minified programs. */
  override readonly name: string = "SessionError";

  /** What went wrong. */
  readonly code: SessionErrorCode;

  /**
   * The `Set-Cookie` line that makes the browser forget the session, for the
   * response that tells the visitor of the error: on the error of a request
   * that failed after `destroy()` or `reset()`, or because the session could
   * not be ended. An error of `save()` has none, as the response clears the
   * cookie itself then.
   */
  declare readonly setCookie?: string;

  /** 403 on a `forbidden` error, as frameworks take it from an error. */
  declare readonly status?: 403;

  /**
   * Makes an error with a code.
   *
   * @param code What went wrong, for programs.
   * @param message What went wrong, for people.
   * @param options `cause`: the error that a codec or a store threw.
   */
  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Throws an error whose message ends with where to read on.
 *
 * @throws {SessionError} Always.
 */
export function fail(
  code: SessionErrorCode,
  message: string,
  options?: ErrorOptions,
): never {
  throw new SessionError(code, message + readOn(code), options);
}

/** Whether an error is a `SessionError`, of any copy of the package. */
export function isSessionError(error: unknown): error is SessionError {
  return nameOf(error) === "SessionError";
}

/** The name of whatever was thrown. */
export function nameOf(error: unknown): string | number | undefined {
  return told(() => Object(error).name);
}

/** The code of whatever was thrown. */
export function codeOf(error: unknown): string | number | undefined {
  return told(() => Object(error).code);
}

/**
 * Returns what may be told of an error that a client, a codec or a schema
 * threw: its name and its code. Its message and other properties may quote keys
 * and data.
 */
export function causeOf(error: unknown): Error & { code?: unknown } {
  const name = nameOf(error);
  const code = codeOf(error);
  return Object.assign(new Error(code?.toString()), {
    // Some clients name their errors only by class.
    name: name === "Error" ? told(() => Object(error).constructor.name) : name,
    code,
  });
}

/** What a thrown value says; nothing if that is no text, or throws itself. */
function told(read: () => unknown): string | number | undefined {
  try {
    const value = read();
    return typeof value === "string" || typeof value === "number"
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
