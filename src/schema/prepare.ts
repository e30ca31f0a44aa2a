import type { Values } from "../session/codec.ts";
import { fail, nameOf } from "../errors.ts";
import type { StandardSchema } from "./schema.ts";
import type { Visit } from "../session/state.ts";
import { differences, issuePaths, ownOf, validate } from "./fit_schema.ts";

/**
 * Prepares the values of a session for saving.
 *
 * @param user The user who logs in with them.
 * @throws {SessionError} `invalid-data` if a later request would refuse them.
 */
export async function prepare(
  visit: Visit,
  values: Values,
  user: string | undefined,
): Promise<void> {
  const { settings } = visit;
  if (user !== undefined) {
    await visit.revoking?.stamp(visit, values);
  }
  if (settings.schema) await check(settings.schema, ownOf(values));
}

/**
 * Asks a schema. Neither what it throws nor its messages may be told, as they
 * may quote data.
 */
async function check(
  schema: StandardSchema<object>,
  values: Values,
): Promise<void> {
  let paths: string | undefined;
  try {
    const result = await validate(schema, values);
    // Reading copies the output, so it may have no cycle: find that now.
    if (!result.issues) differences(values, result.value);
    else paths = issuePaths(result.issues, values) || "the data as a whole";
  } catch (error) {
    fail("invalid-data", `Schema threw ${nameOf(error)}`);
  }
  if (paths) fail("invalid-data", `Schema refuses ${paths}`);
}
