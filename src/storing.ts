import type { Settings } from "./options/options.ts";

type Engine = typeof import("./store/engine.ts");

let loaded: Engine | undefined;

/** What sessions in a store need; loaded and kept as in `asking.ts`. */
export async function engineOf(
  { store }: Settings,
): Promise<Engine | undefined> {
  return store && (loaded ??= await import("./store/engine.ts"));
}

/** The same where nothing can be waited for; none before it was loaded. */
export function engineNow(): Engine | undefined {
  return loaded;
}
