/**
 * Reads JSON of an object.
 *
 * @param revive Makes of each part what it stands for, the inner ones first.
 * @returns `undefined` for all that is not an object in UTF-8.
 */
export function parseObject(
  json: Uint8Array | string,
  revive?: (key: string, value: unknown) => unknown,
): Record<string, unknown> | undefined {
  try {
    const text = typeof json === "string"
      ? json
      : new TextDecoder("utf-8", { fatal: true }).decode(json);
    const value: unknown = JSON.parse(text, revive);
    const isObject = Object(value) === value && !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : undefined;
  } catch {
    // Authentic, but nothing that a session can be.
    return undefined;
  }
}
