import type { Settings } from "./options.ts";

/**
 * What sessions in a store need. It is loaded when there is a store, at the
 * first request: see docs/decisions/017-loaded-when-asked-for.md.
 */
export function engineOf(
  { store }: Settings,
): Promise<typeof import("./stored/engine.ts")> | undefined {
  return store && import("./stored/engine.ts");
}
