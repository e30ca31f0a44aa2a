import { LiveSession } from "./live_session.ts";
import { openVisit } from "./opening.ts";
import { resolveOptions, type SessionOptions } from "./options.ts";
import type { AnyData, Session } from "./session.ts";
import { visitOf } from "./visit.ts";

/**
 * Sessions without a wrapped handler: for frameworks, sockets, jobs and tests.
 *
 * @typeParam Data The shape of the data.
 */
export interface Sessions<Data extends object = AnyData> {
  /**
   * Opens the session of a request. A cookie that is not good makes a new
   * session and an event, never an error.
   */
  open(request: Request): Promise<Session<Data>>;
  /**
   * Adds to a response what the session needs, once, at the end of a request.
   *
   * @returns The same response if the session was not touched; else the one
   * to send, which may be a copy.
   * @throws {SessionError} If the session cannot be kept.
   */
  commit(session: Session<Data>, response: Response): Promise<Response>;
  /** A new session without a request. */
  create(): Session<Data>;
  /**
   * Seals a session as the value of its cookie.
   *
   * @throws {SessionError} `oversize` or `invalid-data`.
   */
  seal(session: Session<Data>): Promise<string>;
  /** Opens the value of a cookie; `null` if it is not good, and an event. */
  unseal(token: string): Promise<Session<Data> | null>;
}

/**
 * Makes sessions to open and commit by hand; {@linkcode withSession} does both.
 * The options `csrf`, `lazy` and `when` are for a wrapped handler and do nothing
 * here.
 *
 * @typeParam Data The shape of the data.
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 *
 * @example A session without a request
 * ```ts
 * import { createSessions, generateSecret } from "with-session";
 * import assert from "node:assert/strict";
 *
 * const sessions = createSessions<{ cart: string[] }>({
 *   secret: generateSecret(),
 * });
 * const session = sessions.create();
 * session.set("cart", ["apple"]);
 *
 * const token = await sessions.seal(session);
 * const again = await sessions.unseal(token);
 * assert.deepEqual(again?.get("cart"), ["apple"]);
 * ```
 */
export function createSessions<Data extends object = AnyData>(
  options: SessionOptions<Data>,
): Sessions<Data> {
  const settings = resolveOptions(options);
  const sessions = {
    open: async (request: Request) =>
      await openVisit(visitOf(settings, request)),
    commit: LiveSession.commit,
    create: () => new LiveSession(visitOf(settings)),
    seal: LiveSession.seal,
    unseal: (token: string) => LiveSession.unseal(visitOf(settings), token),
  };
  return sessions as unknown as Sessions<Data>;
}
