import type { Runtime } from "../../common/machine.ts";

/** A figure that is not a time of a request. */
export interface Weight {
  readonly what:
    | "cookie bytes"
    | "bundle bytes"
    | "import ms"
    | "webcrypto calls"
    | "store round trips"
    | "peak memory";
  readonly subject: string;
  readonly runtime?: Runtime;
  readonly case?: string;
  readonly value: number;
}

/** Where a weight stands in a table of its kind. */
export function placeOf(
  { what, subject, runtime, case: name }: Weight,
): { readonly line: string; readonly column: string } {
  // Each runtime imports in a time of its own; counts are mostly the same.
  if (what === "import ms") {
    return { line: subject, column: runtime ?? "" };
  }
  return { line: subject, column: name ?? runtime ?? "value" };
}
