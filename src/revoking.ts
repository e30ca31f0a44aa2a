import type { Settings } from "./options/options.ts";

type Revocations = typeof import("./checks/revocations.ts");

let loaded: Revocations | undefined;

/** What the option `revocations` needs; loaded and kept as in `asking.ts`. */
export async function revokingOf(
  { revocations }: Settings,
): Promise<Revocations | undefined> {
  return revocations && (loaded ??= await import("./checks/revocations.ts"));
}
