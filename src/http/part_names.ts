/** In how many cookies a session may be, whatever the options say now. */
const MOST = 9;

/** The names of the further parts of a cookie, as they sort. */
export function partNames(name: string): string[] {
  return Array.from({ length: MOST - 1 }, (_, i) => `${name}.${i + 1}`);
}
