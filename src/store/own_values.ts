import {
  EPOCH,
  GENERATION,
  ISSUED,
  LABEL,
  MOVED,
  NOTICES,
  OWNER,
  PERSIST,
  SOURCE,
  WRITES,
} from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => Number.isFinite(value);

const KINDS: Readonly<Record<string, Check>> = {
  [OWNER]: (value) => isText(value) && value !== "",
  [LABEL]: isText,
  [WRITES]: isText,
  [SOURCE]: isText,
  [ISSUED]: isNumber,
  [MOVED]: isNumber,
  [EPOCH]: isNumber,
  [PERSIST]: (value) => typeof value === "boolean" || isNumber(value),
  [NOTICES]: Array.isArray,
  [GENERATION]: (value) =>
    Array.isArray(value) && value.length === 7 &&
    value.every((part, place) => (place < 6 ? isNumber : isText)(part)),
};

/**
 * Whether the session's own values in a record are of the right kinds. Whoever
 * can write to the store can put anything there, and no request must fail by
 * it.
 */
export function areSound(values: Values): boolean {
  for (const key of Object.keys(values)) {
    const isRight = KINDS[key.slice(0, 2)];
    if (isRight && !isRight(values[key])) return false;
  }
  return true;
}
