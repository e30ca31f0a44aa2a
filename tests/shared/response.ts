import { withSession } from "../../mod.ts";
import { type Handler, setUp } from "./support.ts";

/** What the handler does with its session. */
export type Use = "nothing" | "read" | "write";

/** Answers a request of a new visitor, with that use of the session. */
export function answer(
  use: Use,
  make: () => Response | Promise<Response>,
): Promise<Response> {
  return wrap(use, make)(new Request("https://example.com/"));
}

/** A handler that uses its session and answers with what is made. */
export function wrap(
  use: Use,
  make: () => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  const handler: Handler = async (_request, session) => {
    if (use === "read") session.get("a");
    if (use === "write") session.set("a", 1);
    return await make();
  };
  return withSession(handler, setUp().options);
}

/**
 * A response whose headers throw when they are changed, as those of `fetch`
 * and caches do. Copies of it are like any other response.
 */
export function immutable(
  body: BodyInit | null,
  init?: ResponseInit,
): Response {
  const response = new Response(body, init);
  const { headers } = response;
  const refuse = () => {
    throw new TypeError("immutable");
  };
  Object.assign(headers, { append: refuse, delete: refuse, set: refuse });
  // Where each look makes another object, the refusal must stay.
  Object.defineProperty(response, "headers", { value: headers });
  return response;
}
