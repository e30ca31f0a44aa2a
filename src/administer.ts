import { fail } from "./errors.ts";
import { isHandshake } from "./http/request.ts";
import { decidingPartsFor } from "./on_demand.ts";
import type { Settings } from "./options/settings.ts";
import { visitOf } from "./session/begin.ts";
import type { Values } from "./session/codec.ts";
import {
  checkLive,
  type LiveSession,
  stateOf,
} from "./session/live_session.ts";
import { EPOCH, OWNER } from "./session/own_keys.ts";
import { idOf, type State } from "./session/state.ts";
import { openBatch } from "./session/write_rules.ts";
import type { Sessions } from "./sessions.ts";

type Administration = Pick<
  Sessions,
  "list" | "revoke" | "revokeAll" | "count" | "deleteExpired"
>;

/** What `createSessions()` does for the program, and for no visitor. */
export function administrationOf(
  settingsOf: () => Settings,
): Administration {
  /** A visit without a request, and the parts that its options need. */
  const administer = async (isForRecords = false) => {
    const settings = settingsOf();
    const { outgrown = settings } = settings;
    const visit = visitOf(isForRecords ? outgrown : settings);
    return { visit, ...await decidingPartsFor(visit) };
  };
  /** Like `administer()`, for calls that need a store. */
  const administerStore = async (isForRecords?: boolean) => {
    const { visit, engine, revocations } = await administer(isForRecords);
    if (engine) return { visit, engine };
    const needs = revocations ? "" : ", revokeAll() also with revocations";
    fail("unsupported", `This needs a store${needs}`);
  };
  return {
    list: async (userId) => {
      const { visit, engine } = await administerStore();
      return await engine.list(visit, userId);
    },
    revoke: async (userId, id) => {
      const { visit, engine } = await administerStore();
      return await engine.revoke(visit, userId, id);
    },
    revokeAll: async (userId, { except } = {}) => {
      const isSession = typeof except === "object";
      if (isSession) checkLive("except", except);
      const kept = isSession ? stateOf(except as LiveSession) : undefined;
      const id = kept ? idOf(kept) : except as string | undefined;
      const { visit, revocations } = await administer();
      const ended = await revocations?.endLogins(visit, userId, id);
      if (ended && kept?.values[OWNER] === userId) stayAt(kept, ended);
      if (revocations && !visit.settings.store) return undefined;
      const { engine, ...own } = await administerStore();
      return await engine.revokeAll(own.visit, userId, id, kept?.held?.key);
    },
    count: async (userId) => {
      const { visit, engine } = await administerStore();
      return await engine.count(visit, userId);
    },
    deleteExpired: async () => {
      const { visit, engine } = await administerStore(true);
      return await engine.deleteExpired(visit);
    },
  };
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
  // Nobody may have read it: it gets a cookie all the same.
  state.isTouched = true;
  const stay = (values: Values) => {
    values[EPOCH] = Math.max(values[EPOCH] as number | undefined ?? 0, epoch);
  };
  stay(values);
  openBatch(state).changes.push(stay);
}
