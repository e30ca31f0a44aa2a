import type { ServerFunctionErrorHandler } from "@solidjs/start/server";
import { getRequestEvent } from "solid-js/web";

/** Start answers calls of a server function that throws with 200 or 302. */
const onError: ServerFunctionErrorHandler = (thrown) => {
  const isAnswer = thrown instanceof Response && thrown.status < 500;
  if (!isAnswer) getRequestEvent()!.locals.hasFailed = true;
};

export default onError;
