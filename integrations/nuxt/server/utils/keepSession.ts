import { createError, type H3Error, type H3Event, sendError } from "h3";
import type { IncomingMessage } from "node:http";
import { createSessions, type Session } from "with-session";
import { type SessionRequest, sessions as keep } from "with-session/express";
import { type Data, sessionOptions, sessions } from "./session";

const middleware = keep<Data>(sessionOptions);
const nobodys = createSessions<Data>(() => ({
  ...sessionOptions(),
  when: () => false,
}));

/** Sessions of responses that are no connection of Node. */
const unsent = new WeakMap<H3Event, Session<Data>>();

type Request = IncomingMessage & SessionRequest<Data> & {
  /** What a page asks of its own server brings the page's context. */
  __unenv__?: { session?: Session<Data> };
};

export async function openSession(event: H3Event): Promise<Session<Data>> {
  const { res } = event.node;
  const req = event.node.req as Request;
  const outer = req.__unenv__?.session;
  if (outer) return outer;
  // Nitro's cache shows to all what it has made for one.
  const { cache, isr } = getRouteRules(event);
  if (cache || isr) return await nobodys.open(req);
  if (!res.socket) {
    const session = await sessions.open(req);
    unsent.set(event, session);
    return session;
  }
  await new Promise<void>((resolve, reject) => {
    let isOpen = false;
    // What another site has sent is answered, and goes no further.
    res.once("close", resolve);
    middleware(req, res, (error) => {
      if (isOpen) return void answer(event, error);
      isOpen = true;
      if (error) reject(error);
      else resolve();
    });
  });
  return req.session;
}

/** The session could not be kept, and nothing of the response has left. */
async function answer(event: H3Event, cause: unknown): Promise<void> {
  const error = createError({ status: 500, cause });
  await useNitroApp().h3App.options.onError?.(error, event);
  sendError(event, error);
}

export async function commitUnsent(event: H3Event): Promise<void> {
  const session = unsent.get(event);
  if (!session || !unsent.delete(event)) return;
  const { cookies, headers } = await sessions.commit(session);
  for (const { line } of cookies) {
    appendResponseHeader(event, "set-cookie", line);
  }
  for (const [name, value] of headers) {
    if (name === "vary") appendResponseHeader(event, name, value);
    else setResponseHeader(event, name, value);
  }
}

export async function discardFailed(
  event: H3Event,
  error: H3Error | Error,
): Promise<void> {
  const { req, res } = event.node;
  middleware.failed(error, req, res, () => {});
  const session = unsent.get(event);
  if (session && unsent.delete(event)) await sessions.discard(session);
}
