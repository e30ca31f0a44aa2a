import { administrationOf } from "./administer.ts";
import type { CookieJar } from "./adapters/contract.ts";
import { handleLayer, type Layer } from "./request/handle.ts";
import { commitLayer, discardLayers, openLayer } from "./request/layers.ts";
import { endWait } from "./request/opened.ts";
import { partsFor } from "./on_demand.ts";
import { checkArgument } from "./options/check.ts";
import type { SessionOptions } from "./options/options.ts";
import { type OptionsFor, resolveOnce } from "./options/per_environment.ts";
import { resolveOptions } from "./options/resolve.ts";
import type { Engine } from "./request/checks.ts";
import { openToken } from "./request/open.ts";
import { begin, visitOf } from "./session/begin.ts";
import { checkLive, LiveSession, stateOf } from "./session/live_session.ts";
import type { AnyData, Session } from "./session/session.ts";
import { isChanged, type State } from "./session/state.ts";
import { checkOpen } from "./session/write_rules.ts";
import type { Sessions } from "./sessions.ts";

/**
 * Makes sessions that the program opens and commits itself, as
 * {@linkcode withSession} does for a handler: for frameworks that hand out
 * cookies or Node's `req` and `res`, and for sockets and jobs. The option `lazy`
 * is for a wrapped handler and does nothing here.
 *
 * Call it once: what it returns keeps the imported keys and the cache of opened
 * tokens.
 *
 * @typeParam Data The shape of the data.
 * @param options The options, or a function that makes them when they are first
 * needed: a build may have no secrets, and a Worker has none before its first
 * request.
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
// Frameworks that send a module to the browser, too, leave the call out there.
/* @__NO_SIDE_EFFECTS__ */
export function createSessions<Data extends object = AnyData>(
  options: OptionsFor<SessionOptions<Data, boolean>, []>,
): Sessions<Data> {
  const settingsFor = resolveOnce(options, resolveOptions);
  const settingsOf = () => settingsFor([]);
  const sessions = {
    open: async (...given: unknown[]) => await openLayer(settingsOf(), given),
    commit: async (
      session: LiveSession,
      ...targets: [(Response | CookieJar)?]
    ) => {
      checkLive("session", session);
      return await commitLayer(session, targets);
    },
    discard: async (session: LiveSession) => {
      checkLive("session", session);
      await discardLayers(session);
    },
    handle: async (
      source: unknown,
      handler: (session: Session) => Response | Promise<Response>,
    ) => {
      checkArgument("handler", "function", handler);
      const { commit, discard } = sessions as unknown as Layer;
      return await handleLayer(
        { open: () => openLayer(settingsOf(), [source]), commit, discard },
        handler,
      );
    },
    create: () => new LiveSession(begin(visitOf(settingsOf()))),
    seal: async (session: LiveSession) => {
      checkLive("session", session);
      endWait(session);
      const state = stateOf(session);
      // A response may hold the token: no cache keeps it then.
      state.isTouched ||= state.visit.phase !== "late-write";
      const { writing, ...others } = await partsFor(state.visit);
      if (others.engine) await keepForToken(state, others.engine);
      const settings = settingsOf();
      // For `unseal()`, which does not know on which address it was opened.
      const cookie = settings.cookieFor();
      const now = settings.now();
      const token = await writing.sealFor(state, now, others, cookie);
      // It may have moved into a store, for the token.
      delete state.abandon;
      return token;
    },
    unseal: async (token: string) => {
      const state = await openToken(visitOf(settingsOf()), token);
      return state && new LiveSession(state);
    },
    ...administrationOf(settingsOf),
  };
  return sessions as unknown as Sessions<Data>;
}

/** Makes sure that a session has the record that its token refers to. */
async function keepForToken(state: State, engine: Engine): Promise<void> {
  const { visit } = state;
  visit.waited = 0;
  const isKept = state.held && !isChanged(state);
  checkOpen(state);
  if (!isKept) await engine.saveForToken(state);
  // Refuse if another request's login or `regenerate()` has made newer cookies.
  await engine.refresh(state, !isKept);
  delete state.abandon;
}
