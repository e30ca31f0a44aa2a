import { isReserved } from "../session/own_keys.ts";
import { SessionError } from "../errors.ts";
import { type State, tell } from "../session/state.ts";

/**
 * Makes the error of a session too large for a cookie, with its largest keys.
 */
export function oversize(state: State, bytes: number): SessionError {
  tell(state, "oversize", { bytes });
  const { values, visit: { settings: { codec }, cookie } } = state;
  const size = (key: string) => codec.stringify(values[key]).length;
  const largest = Object.keys(values).filter((key) => !isReserved(key))
    .sort((a, b) => size(b) - size(a))
    .slice(0, 3).map((key) => `${key}: ${size(key)}`);
  return new SessionError(
    "oversize",
    `Cookie of ${bytes} bytes, ${cookie.maxBytes} at most; largest keys: ${largest.join()}`,
  );
}
