import { partsFor } from "../on_demand.ts";
import type { State } from "../session/state.ts";

/** Finishes what a failed request leaves behind: see `end.ts`. */
export async function leaveFailed(state: State, error: unknown): Promise<void> {
  state.streams = false;
  if (!state.isEndAsked && !state.before && !state.abandon) return;
  const { writing, ...others } = await partsFor(state.visit);
  await writing.leave(state, error, others);
}
