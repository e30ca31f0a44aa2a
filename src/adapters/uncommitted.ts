import { readOn } from "../options/check.ts";
import { isDevelopment } from "../options/development.ts";
import { isChanged, type State, tell } from "../session/state.ts";

// A framework may answer without the middleware that commits the session, on a
// redirect say. The visitor is signed out then, and nothing says why.

/** How long after its first change a session is waited for, in ms. */
const PATIENCE = 10_000;

/**
 * Tells the listener of changes that nobody commits. In development, the
 * console gets the place of the first one.
 *
 * @returns Ends the wait.
 */
export function waitForCommit(current: () => State): () => void {
  const place = isDevelopment() ? new Error().stack : undefined;
  const timer = setTimeout(() => {
    const state = current();
    const { isEndAsked, isEndTold } = state;
    const isLost = isChanged(state) || isEndAsked && !isEndTold;
    if (!isLost) return;
    tell(state, "uncommitted");
    if (place) warn(place);
  }, PATIENCE);
  // Node and Bun have an object there, and would wait for it to end.
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer);
}

function warn(place: string): void {
  // deno-lint-ignore no-console
  console.warn(
    "A session was changed and not committed in 10 s, so that the change is " +
      `lost${readOn("uncommitted")}. It was changed ` +
      place.split("\n").slice(1).map((line) => line.trim()).join("\n  "),
  );
}
