import { decodeBase64url } from "../../src/token/base64url.ts";
import { parseObject } from "./json_object.ts";

// JSON of an object in ordinary base64, as several libraries keep a session.

/** @returns `undefined` for all that is not an object. */
export function parseBase64Json(text: string): object | undefined {
  const bytes = decodeBase64url(
    text.replace(/={1,2}$/, "").replaceAll("+", "-").replaceAll("/", "_"),
  );
  return bytes ? parseObject(bytes) : undefined;
}

/** Leaves out what is not the session's own, and what is no key of one. */
export function without(
  theirs: object,
  isLeft: (key: string) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(theirs).filter(([key]) =>
      // `__proto__`, and what would hide the methods of every object.
      !(key in Object.prototype) && !isLeft(key)
    ),
  );
}
