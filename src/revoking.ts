import type { Settings } from "./options.ts";

type Revocations = typeof import("./stored/revocations.ts");

let loaded: Revocations | undefined;

/** What the option `revocations` needs; loaded and kept as in `storing.ts`. */
export function revokingOf(
  { revocations }: Settings,
): Revocations | Promise<Revocations> | undefined {
  return revocations && (loaded ?? load());
}

async function load(): Promise<Revocations> {
  return loaded = await import("./stored/revocations.ts");
}
