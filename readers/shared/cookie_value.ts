/** No browser keeps more of a cookie. */
export const LONGEST = 4096;

/** What was percent-encoded for a cookie; empty if it was not, or is too long. */
export function decodeCookie(value: string): string {
  if (value.length > LONGEST) return "";
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}
