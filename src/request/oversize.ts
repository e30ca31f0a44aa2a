import { isReserved } from "../session/own_keys.ts";
import { SessionError } from "../errors.ts";
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
  return new SessionError(
    "oversize",
    `Cookie of ${bytes} bytes, ${most} at most; largest keys: ${largest.join()}`,
  );
}
