import { isReserved } from "../session/own_keys.ts";
import { SessionError } from "../errors.ts";
import { readOn } from "../options/check.ts";
import { type State, tell } from "../session/state.ts";

/**
 * Makes the error of a session too large for a cookie, with its largest keys.
 */
export function oversize(state: State, bytes: number): SessionError {
  tell(state, "oversize", { bytes });
  const { values, visit: { settings, cookie } } = state;
  const { codec, overflow } = settings;
  // Of several cookies, fewer bytes may fit: each has a name of its own.
  const most = overflow
    ? Math.min(overflow.maxBytes, overflow.most * cookie.maxBytes)
    : cookie.maxBytes;
  const size = (key: string) => codec.stringify(values[key]).length;
  const largest = Object.keys(values).filter((key) => !isReserved(key))
    .sort((a, b) => size(b) - size(a))
    .slice(0, 3).map((key) => `${key}: ${size(key)}`);
  const code = "oversize";
  return new SessionError(
    code,
    `Cookie of ${bytes} bytes, ${most} at most: use store or overflow; largest keys: ${largest}${
      readOn(code)
    }`,
  );
}
