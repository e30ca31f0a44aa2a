import { printable } from "./text.ts";

/**
 * What may be shown of an error of somebody else: its first line, without what
 * may be a password in an address, and its code.
 */
export function errorText(error: unknown): string {
  const { message, code, cause, errors } = Object(error);
  // What has tried several addresses says nothing itself.
  const inner = Object((errors as unknown[] | undefined)?.[0] ?? cause);
  const text = String(message || inner.message || error).split("\n")[0] ?? "";
  const all = [code ?? inner.code]
    .filter((each) => typeof each === "string" && !text.includes(each));
  const hidden = text
    // What is not encoded may have @ and / in it: all up to the last @ goes.
    .replace(/(:\/\/[^\s:@/?#]*):\S*@/g, "$1:…@")
    .replace(/([?&][\w-]*(token|secret|passw|key)[\w-]*=)[^\s&]+/gi, "$1…");
  return printable([hidden.slice(0, 300), ...all].join(" "));
}
