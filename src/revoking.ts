import type { Settings } from "./options.ts";

/** What the option `revocations` needs; loaded as in `storing.ts`. */
export function revokingOf(
  { revocations }: Settings,
): Promise<typeof import("./stored/revocations.ts")> | undefined {
  return revocations && import("./stored/revocations.ts");
}
