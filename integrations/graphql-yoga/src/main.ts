import { createYoga, type Plugin } from "graphql-yoga";
import { schema } from "./schema.ts";
import { type Context, sessions } from "./session.ts";

/** Yoga answers 200, whatever a resolver throws. */
const discardFailed: Plugin<object, Context> = {
  async onExecutionResult({ result, context }) {
    const results = [result ?? []].flat();
    const isFailed = results.some((each) => "errors" in each && each.errors);
    if (isFailed) await sessions.discard(context.session);
  },
};

const yoga = createYoga<Context>({ schema, plugins: [discardFailed] });

async function fetch(request: Request): Promise<Response> {
  try {
    const session = await sessions.open(request);
    const response = await yoga.fetch(request, { session });
    return await sessions.commit(session, response);
  } catch (error) {
    // 403 for another site; otherwise the session could not be kept.
    const { status = 500 } = error as { status?: number };
    if (status >= 500) console.error(error);
    return Response.json({ errors: [{ message: "Failed" }] }, { status });
  }
}

export default { fetch };
