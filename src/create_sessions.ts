import { EPOCH, OWNER, type Values } from "./session/values.ts";
import { SessionError } from "./errors.ts";
import { LiveSession, stateOf } from "./session/live_session.ts";
import { openVisit, unseal } from "./request/open.ts";
import { revokingOf } from "./revoking.ts";
import { engineOf } from "./storing.ts";
import {
  resolveOptions,
  type SessionOptions,
  type Settings,
} from "./options/options.ts";
import { finish } from "./http/response.ts";
import { sealFor } from "./session/seal_session.ts";
import type { AnyData, Session, SessionInfo } from "./session/session.ts";
import { settle } from "./request/commit.ts";
import {
  begin,
  checkOpen,
  idOf,
  isChanged,
  openBatch,
  type State,
} from "./session/state.ts";
import { visitOf } from "./session/visit.ts";

/**
 * Sessions without a wrapped handler: for frameworks, sockets, jobs and tests.
 *
 * @typeParam Data The shape of the data.
 */
export interface Sessions<Data extends object = AnyData> {
  /**
   * Opens the session of a request. A cookie that is not good makes a new
   * session and an event, never an error.
   *
   * @throws {SessionError} `store-failed` if the store cannot be asked, unless
   * `onStoreError` is `"anonymous"`.
   */
  open(request: Request): Promise<Session<Data>>;
  /**
   * Adds to a response what the session needs, once, at the end of a request:
   * also to one that was thrown, which is an answer. After an error, call it only
   * if the session has been ended, by `destroy()` or `reset()`: nothing else does
   * that. A new record that `save()` has made before stays, also if no response
   * follows.
   *
   * @returns The same response if the session was not touched; else the one
   * to send, which may be a copy.
   * @throws {SessionError} If the session cannot be kept.
   */
  commit(session: Session<Data>, response: Response): Promise<Response>;
  /** A new session without a request. */
  create(): Session<Data>;
  /**
   * Seals a session as the value of its cookie. In a store, it is written, too.
   *
   * @throws {SessionError} `oversize` or `invalid-data`; with a store also what
   * `save()` throws, and `gone` if the session has a newer cookie by a login or
   * `regenerate()` of another request.
   */
  seal(session: Session<Data>): Promise<string>;
  /**
   * Opens the value of a cookie; `null` if it is not good, and an event. With
   * `renewAfter`, one that was replaced counts as a copy, and ends the session:
   * keep the session for a socket or a job, not its token.
   */
  unseal(token: string): Promise<Session<Data> | null>;

  /**
   * A user's sessions, the latest first.
   *
   * @throws {SessionError} `unsupported` without a store that lists.
   */
  list(userId: string): Promise<SessionInfo[]>;
  /**
   * Ends one session of a user. It takes both, so that nobody ends a session
   * of somebody else by sending its id.
   *
   * @returns Whether there was one.
   * @throws {SessionError} `unsupported` without a store that lists, or with an
   * eventual one that has no `revocations` beside it.
   */
  revoke(userId: string, id: string): Promise<boolean>;
  /**
   * Ends all sessions of a user.
   *
   * @param options `except`: the session that stays, or its id. Of a session
   * that has got a new id in this request, give the session.
   * @returns How many; `undefined` for sessions in cookies, which nobody counts.
   * @throws {SessionError} `unsupported` without a store that lists, and without
   * the option `revocations`; `store-failed` or `conflict` if it could not end
   * all. What it has ended stays ended, and another call goes on.
   */
  revokeAll(
    userId: string,
    options?: { except?: Session<Data> | string | undefined },
  ): Promise<number | undefined>;
  /**
   * How many sessions there are, of a user or in all. For a while, some that have
   * expired may be among them or, of a store that may be late, have ended. It may
   * take longer than `storeTimeout`.
   *
   * @throws {SessionError} `unsupported` without a store that counts.
   */
  count(userId?: string): Promise<number>;
  /**
   * Removes what has expired from a store that does not do so by itself. It may
   * take longer than `storeTimeout`.
   *
   * @returns How many.
   * @throws {SessionError} `unsupported` without such a store.
   */
  deleteExpired(): Promise<number>;
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
  options: SessionOptions<Data, boolean>,
): Sessions<Data> {
  const settings = resolveOptions(options);
  const sessions = {
    open: async (request: Request) =>
      new LiveSession(await openVisit(visitOf(settings, request))),
    commit: async (session: LiveSession, response: Response) => {
      const state = stateOf(session);
      try {
        const mark = await settle(state, response);
        const finished = await finish(response, [mark]);
        if (state.isTouched) state.answer = finished;
        return finished;
      } catch (error) {
        await (await import("./request/end.ts")).leave(state, error);
        throw error;
      }
    },
    create: () => new LiveSession(begin(visitOf(settings))),
    seal: async (session: LiveSession) => {
      const state = stateOf(session);
      await keepForToken(state);
      return sealFor(state);
    },
    unseal: async (token: string) => {
      const state = await unseal(visitOf(settings), token);
      return state && new LiveSession(state);
    },
    list: async (userId: string) =>
      (await storedBy(settings)).list(settings, userId),
    revoke: async (userId: string, id: string) =>
      (await storedBy(settings)).revoke(settings, userId, id),
    revokeAll: async (
      userId: string,
      { except }: { except?: LiveSession | string } = {},
    ) => {
      const kept = typeof except === "object" ? stateOf(except) : undefined;
      const id = kept ? idOf(kept) : except as string | undefined;
      const revoking = await revokingOf(settings);
      const epoch = await revoking?.endLogins(settings, userId, id);
      if (epoch && kept?.values[OWNER] === userId) stayAt(kept, epoch);
      if (revoking && !settings.store) return undefined;
      return (await storedBy(settings))
        .revokeAll(settings, userId, id, kept?.held?.key);
    },
    count: async (userId?: string) =>
      (await storedBy(settings)).count(settings, userId),
    deleteExpired: async () =>
      (await storedBy(settings)).deleteExpired(settings),
  };
  return sessions as unknown as Sessions<Data>;
}

/** Gives a session the record that its token refers to. */
async function keepForToken(state: State): Promise<void> {
  const { visit } = state;
  const engine = await engineOf(visit.settings);
  if (!engine) return;
  visit.waited = 0;
  const isKept = state.held && !isChanged(state);
  if (!isKept || visit.phase !== "open") checkOpen(state);
  if (!isKept) await engine.saveForToken(state);
  // What a later login or `regenerate()` has made is not for this one.
  await engine.refresh(state, !isKept);
  delete state.abandon;
}

/** Lets a session stay that has asked for the end of its user's others. */
function stayAt(state: State, epoch: number): void {
  // Its id stands in the user's record, should no cookie go out any more.
  if (state.visit.phase !== "open") return;
  state.epoch = epoch;
  const stay = (values: Values) => {
    values[EPOCH] = Math.max(values[EPOCH] as number | undefined ?? 0, epoch);
  };
  stay(state.values);
  openBatch(state).changes.push(stay);
}

async function storedBy(settings: Settings) {
  const engine = await engineOf(settings);
  if (engine) return engine;
  throw new SessionError("unsupported", "Sessions have no store");
}
