import { causeOf, SessionError } from "../errors.ts";
import { readOn, refuse } from "../options/check.ts";
import { checkStrong, STORE } from "../options/rules.ts";
import type { Settings } from "../options/settings.ts";
import { heard, tellFailure } from "./call.ts";
import type { SessionStore } from "./contract.ts";

/**
 * Returns the store that an option names or makes.
 *
 * @throws {SessionError} `store-failed`, with an event, if the function throws
 * or makes no store that fits.
 */
export function made(
  settings: Settings,
  name: "store" | "revocations",
): SessionStore {
  const option = settings[name];
  if (typeof option !== "function") return option as SessionStore;
  const isOverflow = name === "store" && settings.home;
  const op = isOverflow ? "overflow" : name;
  const fail = (message: string, cause?: Error) => {
    const error = new SessionError("store-failed", message, { cause });
    tellFailure(settings, { op, ms: 0, error });
    heard.add(error);
    return error;
  };
  let store: SessionStore;
  let isFit: boolean;
  try {
    store = option();
    isFit = typeof store === "object" && STORE[1](store);
  } catch (error) {
    throw fail(
      `Option ${op} threw${readOn("store-failed")}`,
      causeOf(error),
    );
  }
  try {
    if (!isFit) refuse(op, `must return a store at once: ${STORE[0]}`, store);
    if (op !== "store") checkStrong(op, store);
  } catch (error) {
    // Nobody awaits a promise of a store: it must not end the process.
    Promise.resolve(store).catch(() => {});
    throw fail((error as Error).message);
  }
  return store;
}
