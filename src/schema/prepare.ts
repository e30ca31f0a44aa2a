import type { Values } from "../session/codec.ts";
import { SessionError } from "../errors.ts";
import type { StandardSchema } from "./schema.ts";
import type { Visit } from "../session/state.ts";
import { differences, issuePaths, ownOf, validate } from "./fit_schema.ts";

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
    await visit.revoking?.stamp(visit, values);
  }
  if (settings.schema) await check(settings.schema, ownOf(values));
}

/** What a schema throws may quote data, as may the messages of its issues. */
async function check(
  schema: StandardSchema<object>,
  values: Values,
): Promise<void> {
  let paths: string | undefined;
  try {
    const result = await validate(schema, values);
    // What it makes is copied when it is read, so it can have no cycles, say.
    if (!result.issues) differences(values, result.value);
    else paths = issuePaths(result.issues, values) || "the data as a whole";
  } catch (error) {
    const { name } = Object(error);
    throw new SessionError("invalid-data", `Schema has thrown: ${name}`);
  }
  if (paths) throw new SessionError("invalid-data", `Schema refuses ${paths}`);
}
