import {
  EPOCH,
  GENERATION,
  isReserved,
  ISSUED,
  LABEL,
  MOVED,
  NOTICES,
  OWNER,
  PERSIST,
  SOURCE,
  WRITES,
} from "../../src/session/own_keys.ts";
import { readValues, type Values } from "../../src/session/codec.ts";

/** What is in a session. */
export interface Contents {
  /** The program's values; nothing if they are not JSON. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** Values that are not shown, by their keys. */
  readonly hidden: readonly string[];
  /** Who is signed in. */
  readonly user?: string | undefined;
  /** The name of the device, only in a store. */
  readonly label?: string | undefined;
  /** `persist()`: for so many seconds, or whether it outlives the browser. */
  readonly persist?: number | boolean | undefined;
  /** How many notices wait under each key. */
  readonly notices: Readonly<Record<string, number>>;
  /** What the library keeps for itself, in words. */
  readonly own: readonly string[];
}

/** Keys of values that sign somebody in elsewhere. */
const SECRET =
  /token|secret|passw|api_?key|authoriz|credential|private|otp|pin$|jwt/i;
/** Such a value, whatever its key. */
const JWT = /^ey[\w-]{10,}\.[\w-]{10,}\./;

const OWN: Readonly<Record<string, string>> = {
  [GENERATION]: "which of its cookies count",
  [WRITES]: "its last writes",
  [MOVED]: "that it has moved between cookie and store",
  [EPOCH]: "the epoch of its login, for revocations",
  [SOURCE]: "which session of another library it goes on from",
  [ISSUED]: "when its cookie was made",
};

/**
 * Reads the text of a session.
 *
 * @param isRevealed Whether values that look like secrets are shown, too.
 */
export function readContents(
  text: string,
  isRevealed: boolean,
): Contents | undefined {
  const values = readValues(JSON, text);
  if (!values) return undefined;
  const hidden: string[] = [];
  const data: Values = {};
  for (const [key, value] of Object.entries(values)) {
    if (isReserved(key)) continue;
    data[key] = isRevealed ? value : hide(key, value, key, hidden);
  }
  const notices = Object.entries(values)
    .filter(([key]) => key.startsWith(NOTICES))
    .map(([key, list]) => [
      key.slice(NOTICES.length),
      Array.isArray(list) ? list.length : 0,
    ]);
  return {
    data,
    hidden,
    user: textIn(values[OWNER]),
    label: textIn(values[LABEL]),
    persist: values[PERSIST] as number | boolean | undefined,
    notices: Object.fromEntries(notices),
    own: Object.keys(values).flatMap((key) => OWN[key] ?? []),
  };
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}

/** A value without what looks like a secret, at any depth. */
function hide(
  key: string,
  value: unknown,
  path: string,
  hidden: string[],
): unknown {
  if (typeof value === "string") {
    if (!SECRET.test(key) && !JWT.test(value)) return value;
    hidden.push(path);
    return `(hidden: ${value.length} characters)`;
  }
  if (Array.isArray(value)) {
    return value.map((each, i) => hide(key, each, `${path}[${i}]`, hidden));
  }
  if (typeof value === "object" && value) {
    return Object.fromEntries(
      Object.entries(value).map((
        [name, each],
      ) => [name, hide(name, each, `${path}.${name}`, hidden)]),
    );
  }
  return value;
}
