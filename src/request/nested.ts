import type { Handling } from "./exchange.ts";
import type { Settings } from "../options/options.ts";
import { finish } from "../http/response.ts";
import { markOf } from "./commit.ts";
import { lineAfter } from "./end.ts";

// What is known of a request by the handlers that it is in.

/**
 * The same session, where a handler around this one has it: one request has one
 * session by a cookie. Who began it keeps it and ends it.
 */
export function findAround(
  settings: Settings,
  outer: Handling | undefined,
): Handling | undefined {
  for (let each = outer; each; each = each.outer) {
    if (isSame(each.settings, settings)) {
      // The answer may be somebody's before the outer one is there.
      const settle = () => {
        const state = each.state();
        return state?.isTouched ? markOf(state) : undefined;
      };
      return { ...each, settle, end: () => undefined };
    }
  }
  return undefined;
}

/** Whether two settings are of one cookie, and of one program. */
function isSame(one: Settings, other: Settings): boolean {
  const [a] = one.secrets;
  const [b] = other.secrets;
  return one === other ||
    one.store === other.store && one.formOf().name === other.formOf().name &&
      // A key shows nothing of itself; bytes are spelt out.
      (a === b || a instanceof Uint8Array && `${a}` === `${b}`);
}

/** Marks the answer to an error: the sessions may have been read for it. */
export async function markFailed(
  response: Response,
  handling: Handling | undefined,
): Promise<Response> {
  const marks = [];
  for (let each = handling; each; each = each.outer) {
    const state = each.state();
    if (!state?.isTouched) continue;
    const line = lineAfter(state);
    const isCleared = !!each.settings.clearCache;
    marks.push(line ? { lines: [line], isCleared } : markOf(state));
  }
  return await finish(response, marks);
}
