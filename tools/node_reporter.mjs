import { inspect } from "node:util";

/**
 * A `node --test` reporter for failures and for what the tests print. The dot
 * reporter keeps the latter to itself, and with it the reason why a file could
 * not be loaded.
 */
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:fail") continue;
    const { error } = data.details;
    if (error.failureType === "subtestsFailed") continue;
    yield `${data.name}\n  at ${data.file}:${data.line}\n`;
    yield `${inspect(error.cause ?? error)}\n\n`;
  }
}
