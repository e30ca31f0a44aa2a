import type { Values } from "../session/codec.ts";
import { SessionError } from "../errors.ts";
import type { StandardSchema } from "../session/schema.ts";
import type { Visit } from "../session/state.ts";
import { issuePaths, ownOf, validate } from "./fit_schema.ts";

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
  const { issues } = await validate(schema, values).catch((error: unknown) => {
    const { name } = Object(error);
    throw new SessionError("invalid-data", `Schema has thrown: ${name}`);
  });
  if (issues) {
    const paths = issuePaths(issues, values) || "the data as a whole";
    throw new SessionError("invalid-data", `Schema refuses ${paths}`);
  }
}
