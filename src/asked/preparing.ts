import { publicValues } from "../data.ts";
import { SessionError } from "../errors.ts";
import { revokingOf } from "../revoking.ts";
import { issuePaths } from "./fitting.ts";
import type { State } from "../state.ts";

/**
 * Gets a session ready to be kept.
 *
 * @throws {SessionError} `invalid-data` if a later request would refuse it.
 */
export async function prepare(state: State): Promise<void> {
  const { values, visit: { settings } } = state;
  if (state.isLogin) await (await revokingOf(settings))?.stamp(state);
  const result = await settings.schema?.["~standard"].validate(
    publicValues(values),
  );
  if (result?.issues) {
    const paths = issuePaths(result.issues);
    throw new SessionError("invalid-data", `Schema refuses ${paths}`);
  }
}
