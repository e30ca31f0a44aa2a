import type { Values } from "../data.ts";
import { SessionError } from "../errors.ts";
import { revokingOf } from "../revoking.ts";
import type { StandardSchema } from "../schema.ts";
import type { Visit } from "../visit.ts";
import { differences, issuePaths, ownOf, validate } from "./fitting.ts";

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
    if (result.issues) {
      paths = issuePaths(result.issues) || "the data as a whole";
    } // What it makes has to be copied when it is read: no cycles, say.
    else differences(values, result.value);
  } catch (error) {
    const { name } = Object(error);
    throw new SessionError("invalid-data", `Schema has thrown: ${name}`);
  }
  if (paths) throw new SessionError("invalid-data", `Schema refuses ${paths}`);
}
