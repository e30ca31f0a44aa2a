import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { router } from "./router.ts";
import { sessions } from "./session.ts";

async function fetch(req: Request): Promise<Response> {
  try {
    const session = await sessions.open(req);
    let isFailed = false;
    const response = await fetchRequestHandler({
      endpoint: "/trpc",
      req,
      router,
      createContext: () => ({ session }),
      // Of several calls in one request, others may have succeeded.
      onError: () => {
        isFailed = true;
      },
    });
    if (isFailed) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    // 403 for another site; otherwise the session could not be kept.
    const { status = 500 } = error as { status?: number };
    if (status >= 500) console.error(error);
    const message = status === 403 ? "Forbidden" : "It was not kept";
    const data = { httpStatus: status };
    return Response.json({ error: { code: -32603, message, data } }, {
      status,
    });
  }
}

export default { fetch };
