import { answerForbidden } from "../http/forbidden.ts";
import { tagOf } from "../options/check.ts";
import type { Session } from "../session/session.ts";
import { openedOf } from "./opened.ts";

// One layer from its request to its response, as `withSession()` makes it, where
// a framework's middleware has the response in hand.

/** How a layer opens a session, and what becomes of it. */
export interface Layer {
  readonly open: () => Promise<Session>;
  readonly commit: (session: Session, response: Response) => Promise<Response>;
  readonly discard: (session: Session) => Promise<void>;
}

/** Opens a session for a handler, and keeps it with the handler's response. */
export async function handleLayer(
  { open, commit, discard }: Layer,
  handler: (session: Session) => Response | Promise<Response>,
): Promise<Response> {
  let session: Session;
  try {
    session = await open();
  } catch (error) {
    return answerForbidden(error);
  }
  const drop = async () => {
    // A handler around this one drops it itself.
    if (!openedOf(session).around) await discard(session);
  };
  try {
    const response = await responseOf(handler, session);
    // The framework has made a response of an error.
    if (response.status >= 500) await drop();
    return await commit(session, response);
  } catch (error) {
    // What has failed first says more than what fails now.
    await drop().catch(() => {});
    throw error;
  }
}

/** A response that is thrown is one like any other. */
async function responseOf(
  handler: (session: Session) => Response | Promise<Response>,
  session: Session,
): Promise<Response> {
  try {
    return await handler(session);
  } catch (thrown) {
    if (tagOf(thrown) !== "[object Response]") throw thrown;
    return thrown as Response;
  }
}
