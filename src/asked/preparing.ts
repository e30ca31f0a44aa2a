import { publicValues, type Values } from "../data.ts";
import { SessionError } from "../errors.ts";
import { revokingOf } from "../revoking.ts";
import type { Visit } from "../visit.ts";
import { issuePaths } from "./fitting.ts";

/**
 * Gets the values of a session ready to be kept.
 *
 * @param user Who logs in with them.
 * @throws {SessionError} `invalid-data` if a later request would refuse it.
 */
export async function prepare(
  visit: Visit,
  values: Values,
  user: string | undefined,
): Promise<void> {
  const { settings } = visit;
  if (user !== undefined) {
    await (await revokingOf(settings))?.stamp(visit, values);
  }
  const result = await settings.schema?.["~standard"].validate(
    publicValues(values),
  );
  if (result?.issues) {
    const paths = issuePaths(result.issues);
    throw new SessionError("invalid-data", `Schema refuses ${paths}`);
  }
}
