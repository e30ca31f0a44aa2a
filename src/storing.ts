import type { Settings } from "./options.ts";
import { checkOpen, type State } from "./state.ts";

type Engine = typeof import("./stored/engine.ts");

let loaded: Engine | undefined;

/**
 * What sessions in a store need. It is loaded when there is a store, at the
 * first request (docs/decisions/017-loaded-when-asked-for.md), and kept: even
 * of a module that is there, `import()` takes microseconds.
 */
export function engineOf(
  { store }: Settings,
): Engine | Promise<Engine> | undefined {
  return store && (loaded ?? load());
}

async function load(): Promise<Engine> {
  return loaded = await import("./stored/engine.ts");
}

/**
 * Writes a session to its store now, where it has one.
 *
 * @returns Whether it has.
 * @throws {SessionError} `gone` if it ended meanwhile, or what the store says.
 */
export async function saveNow(state: State): Promise<boolean> {
  const { visit } = state;
  const engine = await engineOf(visit.settings);
  if (visit.phase === "destroyed") await engine?.end(state);
  else if (engine) {
    checkOpen(state);
    if (!await engine.save(state)) {
      visit.phase = "gone";
      checkOpen(state);
    }
  }
  return !!engine;
}
