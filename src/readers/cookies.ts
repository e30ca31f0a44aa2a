import type { ForeignCookies } from "./contract.ts";

/**
 * The cookies of a `Cookie` field, for readers (RFC 6265bis §5.8.3). A stranger
 * may fill one with blanks or with names: each letter is looked at a few times.
 */
export function cookiesOf(
  header: string,
  now: number,
  isEmbedded = false,
): ForeignCookies {
  const all = new Map<string, Set<string>>();
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = trim(pair.slice(0, at));
    const values = all.get(name);
    const value = trim(pair.slice(at + 1));
    if (!values) all.set(name, new Set([value]));
    else values.add(value);
  }
  return {
    names: [...all.keys()],
    valuesOf: (name) => [...all.get(name) ?? []],
    now,
    isEmbedded,
  };
}

/** Blanks alone: other white space belongs to a name. */
function trim(text: string): string {
  const start = text.search(/[^ \t]|$/);
  let end = text.length;
  while (text[end - 1] === " " || text[end - 1] === "\t") end--;
  return text.slice(start, end);
}
