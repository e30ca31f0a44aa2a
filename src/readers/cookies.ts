import type { ForeignCookies } from "./contract.ts";

/** The cookies of a `Cookie` field, for readers (RFC 6265bis §5.8.3). */
export function cookiesOf(header: string, now: number): ForeignCookies {
  const all = new Map<string, string[]>();
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = trim(pair.slice(0, at));
    const value = trim(pair.slice(at + 1));
    const values = all.get(name);
    if (!values) all.set(name, [value]);
    else if (!values.includes(value)) values.push(value);
  }
  return {
    names: [...all.keys()],
    valuesOf: (name) => all.get(name) ?? [],
    now,
  };
}

/** Blanks alone: other white space belongs to a name. */
function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
