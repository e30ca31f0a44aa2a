// Sessions in Koa 3: see docs/frameworks/koa.md.

import type { Middleware } from "koa";
import type { Session, Sessions } from "with-session";

/** What your sessions hold. */
export interface Data {
  visits: number;
}

/** What `ctx.state` has behind the middleware. */
export interface State {
  session: Session<Data>;
}

/** Gives each request a session. Use it behind what answers errors. */
export function keepSessions(sessions: Sessions<Data>): Middleware<State> {
  return async (ctx, next) => {
    const session = ctx.state.session = await sessions.open(ctx);
    try {
      await next();
      // Somebody has answered an error.
      if (ctx.status >= 500) await sessions.discard(session);
      const { status } = ctx;
      const before = new Headers();
      for (const [name, value] of Object.entries(ctx.response.headers)) {
        for (const each of [value ?? []].flat()) before.append(name, `${each}`);
      }
      const given = new Response(null, { status, headers: before });
      const { headers } = await sessions.commit(session, given);
      for (const name of before.keys()) ctx.remove(name);
      for (const [name, value] of headers) ctx.append(name, value);
    } catch (error) {
      await sessions.discard(session);
      const { headers } = await sessions.commit(session, new Response());
      // Koa sends no other fields with an error.
      const fields: Record<string, string | string[]> = {
        ...Object(error).headers,
        ...Object.fromEntries(headers),
      };
      const lines = headers.getSetCookie();
      if (lines.length) fields["set-cookie"] = lines;
      throw Object.assign(Object(error), { headers: fields });
    }
  };
}
