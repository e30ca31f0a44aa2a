import { readCookie } from "./cookie.ts";
import { LiveSession } from "./live_session.ts";
import type { Visit } from "./visit.ts";

/**
 * The session of a visit; at once where there is nothing to open. Whatever
 * the request holds, it gets a session.
 */
export function openVisit(visit: Visit): LiveSession | Promise<LiveSession> {
  const { settings, form, headers } = visit;
  const token = readCookie(headers?.get("cookie") ?? "", form);
  if (token) {
    return LiveSession.unseal(visit, token).then((session) =>
      session ?? new LiveSession(visit, true)
    );
  }
  if (token === null) settings.emit?.({ type: "duplicate" });
  return new LiveSession(visit);
}
