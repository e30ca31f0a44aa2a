import { Hono } from "hono";
import { type SessionEnv, sessions } from "../../hono.ts";
import type { SessionOptions } from "../../mod.ts";
import { markedSecret } from "./support.ts";

/** What a session holds. */
export interface Visits {
  visits: number;
}

/** An app with that session. */
export type Visitor = Hono<SessionEnv<Visits>>;

/** The cookie that a response sets. */
export function cookie(response: Response): string {
  return response.headers.getSetCookie().at(-1)?.split(";")[0] ?? "";
}

/** An app that counts, with more routes. */
export function counter(
  add?: (app: Visitor) => unknown,
  options?: Omit<Partial<SessionOptions<Visits>>, "lazy">,
): Visitor {
  const app: Visitor = new Hono();
  app.use(sessions<Visits>({ secret: markedSecret(), ...options }));
  app.get("/", (c) => {
    const visits = c.get("session").update("visits", (n = 0) => n + 1);
    return c.text(`Visit ${visits}`);
  });
  add?.(app);
  return app;
}
