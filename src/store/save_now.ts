import { reload } from "./reload.ts";
import { showFitted } from "../schema/fit_schema.ts";
import { isChanged, isWorthKeeping, type State } from "../session/state.ts";
import { checkOpen, refuseGone } from "../session/write_rules.ts";
import { checkPlace, endNow } from "./end_session.ts";
import { save } from "./save.ts";

/** Saves a session before its response leaves, or ends it. */
export async function saveNow(state: State): Promise<void> {
  await state.streams;
  await endNow(state);
  await checkPlace(state);
  if (state.visit.phase === "destroyed") return;
  checkOpen(state, false);
  if (!isChanged(state)) await reload(state);
  else if (isWorthKeeping(state) && !await saveAndShow(state)) {
    refuseGone(state);
  }
}

/** Saves a session that a token is to refer to. */
export async function saveForToken(state: State): Promise<void> {
  await endNow(state);
  await checkPlace(state);
  await saveAndShow(state);
}

/** Saves a session that its handler goes on with. */
async function saveAndShow(state: State): Promise<boolean> {
  const isKept = await save(state);
  await showFitted(state);
  return isKept;
}
