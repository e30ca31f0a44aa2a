// Text for a terminal. What comes from a server or out of a session is never
// printed as it is: it could move the cursor, or show other words than it has.

/** What controls, turns text around, or is not seen; and half characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  // In units of 16 bits, so that JSON is the same JSON.
  return text.replace(
    UNSEEN,
    (character) => character.split("").map(escaped).join(""),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The beginning of a text that somebody has typed, or a server has sent. */
export function shorten(text: string, most = 24): string {
  const shown = printable(text);
  return shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

/**
 * The same of what somebody has typed, for a message that goes into a ticket:
 * what may be a secret in the wrong place is not repeated.
 */
export function typed(text: string, most = 24): string {
  return mayBeSecret(text)
    ? `(${text.length} characters)`
    : shorten(text, most);
}

/** Whether a word is as long and as dense as a secret, and no constant's name. */
export function mayBeSecret(text: string): boolean {
  return /^[^\s.:]{24,}$/.test(text) &&
    !/^[A-Z][A-Z\d]*(_[A-Z\d]+)+$/.test(text);
}

/** A word with its number: `1 cookie`, `2 cookies`. */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** Breaks a text into lines, each behind so many blanks but the first. */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && line.length + 1 + word.length > width - indent) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  lines.push(line);
  return lines.join(`\n${" ".repeat(indent)}`);
}

/** A table of two columns, whose second one is wrapped. */
export function table(
  rows: readonly (readonly [name: string, text: string])[],
  width: number,
): string {
  const first = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) =>
    "  " + name.padEnd(first) + wrap(text, width, first + 2)
  ).join("\n");
}
