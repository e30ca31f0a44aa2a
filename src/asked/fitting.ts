import { publicValues, type Values } from "../data.ts";
import type { Fitting, SchemaIssue } from "../schema.ts";

/** Makes values what the schema accepts; `false` if it does not. */
export async function fit(
  { schema, migrate }: Fitting,
  values: Values,
): Promise<boolean> {
  if (!schema) return true;
  const { validate } = schema["~standard"];
  const old = publicValues(values);
  try {
    let result = await validate(old);
    if (result.issues && migrate) result = await validate(await migrate(old));
    if (result.issues) return false;
    for (const key of Object.keys(old)) delete values[key];
    Object.assign(values, result.value);
    return true;
  } catch {
    // Data of an older program must not fail the request.
    return false;
  }
}

/** The paths of the issues; their messages may quote data. */
export function issuePaths(issues: readonly SchemaIssue[]): string {
  return issues.map(({ path }) =>
    path?.map((step) => String(Object(step).key ?? step)).join(".")
  ).join();
}
