import { SessionError } from "./errors.ts";
import { isHandshake } from "./http/request.ts";
import { finish } from "./http/response.ts";
import { decidingPartsFor, partsFor } from "./on_demand.ts";
import type { SessionOptions } from "./options/options.ts";
import { resolveOptions } from "./options/resolve.ts";
import { leaveFailed } from "./request/begin_exchange.ts";
import type { Engine } from "./request/checks.ts";
import { commit } from "./request/commit.ts";
import { openSession, openToken } from "./request/open.ts";
import { begin, visitOf } from "./session/begin.ts";
import type { Values } from "./session/codec.ts";
import { LiveSession, stateOf } from "./session/live_session.ts";
import { EPOCH, OWNER } from "./session/own_keys.ts";
import type { AnyData } from "./session/session.ts";
import { idOf, isChanged, type State } from "./session/state.ts";
import { checkOpen, openBatch, refuseAgain } from "./session/write_rules.ts";
import type { Sessions } from "./sessions.ts";

/**
 * Makes sessions that the program opens and commits itself, as
 * {@linkcode withSession} does for a handler. The options `csrf`, `lazy` and
 * `when` are for a wrapped handler and do nothing here.
 *
 * Call it once: what it returns keeps the imported keys and the cache of opened
 * tokens. In a Worker, call it in the first request, as there is no environment
 * before.
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
  /** A visit without a request, and the parts that its options need. */
  const administer = async () => {
    const visit = visitOf(settings);
    return { visit, ...await decidingPartsFor(visit) };
  };
  /** Like `administer()`, for calls that need a store. */
  const administerStore = async () => {
    const { visit, engine, revocations } = await administer();
    if (engine) return { visit, engine };
    const needs = revocations ? "" : ", revokeAll() also with revocations";
    throw new SessionError("unsupported", `This needs a store${needs}`);
  };
  // What a second commit finds is on its way with the first one.
  const committed = new WeakSet<LiveSession>();
  const sessions = {
    open: async (request: Request) =>
      new LiveSession(await openSession(visitOf(settings, request))),
    commit: async (session: LiveSession, response: Response) => {
      if (committed.has(session)) refuseAgain(stateOf(session));
      committed.add(session);
      try {
        const directives = await commit(() => stateOf(session), response);
        const finished = await finish(response, [directives]);
        const state = stateOf(session);
        if (!state.isSent) await state.abandon?.();
        delete state.abandon;
        return finished;
      } catch (error) {
        await leaveFailed(stateOf(session), error);
        throw error;
      }
    },
    create: () => new LiveSession(begin(visitOf(settings))),
    seal: async (session: LiveSession) => {
      const state = stateOf(session);
      const { writing, ...others } = await partsFor(state.visit);
      if (others.engine) await keepForToken(state, others.engine);
      return await writing.sealFor(state, settings.now(), others);
    },
    unseal: async (token: string) => {
      const state = await openToken(visitOf(settings), token);
      return state && new LiveSession(state);
    },
    list: async (userId: string) => {
      const { visit, engine } = await administerStore();
      return await engine.list(visit, userId);
    },
    revoke: async (userId: string, id: string) => {
      const { visit, engine } = await administerStore();
      return await engine.revoke(visit, userId, id);
    },
    revokeAll: async (
      userId: string,
      { except }: { except?: LiveSession | string } = {},
    ) => {
      const kept = typeof except === "object" ? stateOf(except) : undefined;
      const id = kept ? idOf(kept) : except as string | undefined;
      const { visit, revocations } = await administer();
      const ended = await revocations?.endLogins(visit, userId, id);
      if (ended && kept?.values[OWNER] === userId) stayAt(kept, ended);
      if (revocations && !settings.store) return undefined;
      const { engine, ...own } = await administerStore();
      return await engine.revokeAll(own.visit, userId, id, kept?.held?.key);
    },
    count: async (userId?: string) => {
      const { visit, engine } = await administerStore();
      return await engine.count(visit, userId);
    },
    deleteExpired: async () => {
      const { visit, engine } = await administerStore();
      return await engine.deleteExpired(visit);
    },
  };
  return sessions as unknown as Sessions<Data>;
}

/** Makes sure that a session has the record that its token refers to. */
async function keepForToken(state: State, engine: Engine): Promise<void> {
  const { visit } = state;
  visit.waited = 0;
  const isKept = state.held && !isChanged(state);
  if (!isKept || visit.phase !== "open") checkOpen(state);
  if (!isKept) await engine.saveForToken(state);
  // Refuse if another request's login or `regenerate()` has made newer cookies.
  await engine.refresh(state, !isKept);
  delete state.abandon;
}

/**
 * Keeps a session alive that has ended all other logins of its user, unless it
 * had been ended before.
 */
function stayAt(
  state: State,
  { epoch, least }: { readonly epoch: number; readonly least: number },
): void {
  const { held, values, visit } = state;
  const own = values[EPOCH] as number | undefined ?? 0;
  // If no cookie can go out, the user's record still exempts its id.
  const isTooLate = visit.phase !== "open" ||
    !held && isHandshake(visit.headers);
  if (isTooLate || own < least) return;
  state.epoch = epoch;
  const stay = (values: Values) => {
    values[EPOCH] = Math.max(values[EPOCH] as number | undefined ?? 0, epoch);
  };
  stay(values);
  openBatch(state).changes.push(stay);
}
