import { Hono } from "hono";
import {
  CookieStore,
  type MemoryStore,
  type Session,
  sessionMiddleware,
} from "hono-sessions";
import {
  type Data,
  type Handler,
  type Handlers,
  next,
  type Setup,
  textOf,
} from "../subject.ts";

type App = Hono<{ Variables: { session: Session<Data> } }>;

/** Handlers with one of its stores. */
export function handlersWith(
  store: CookieStore | MemoryStore,
  { secrets: [secret = ""], data }: Setup,
): Handlers {
  function app(add: (app: App) => void): Handler {
    const app: App = new Hono();
    const key = store instanceof CookieStore ? { encryptionKey: secret } : {};
    app.use(
      "*",
      sessionMiddleware({
        store,
        ...key,
        expireAfterSeconds: 86_400,
        cookieOptions: { sameSite: "Lax", path: "/", httpOnly: true },
      }) as never,
    );
    add(app);
    return (request) => app.fetch(request);
  }
  return {
    untouched: app((app) => app.get("/", (c) => c.text("ok"))),
    read: app((app) =>
      app.get(
        "/",
        (c) => c.text(textOf(c.get("session").get("count") ?? undefined)),
      )
    ),
    write: app((app) =>
      app.get("/", (c) => {
        const session = c.get("session");
        const count = next(session.get("count"));
        session.set("count", count);
        return c.text(textOf(count));
      })
    ),
    start: app((app) =>
      app.get("/", (c) => {
        const session = c.get("session");
        for (const [key, value] of Object.entries(data)) {
          session.set(key, value as never);
        }
        return c.text(textOf(data.count));
      })
    ),
  };
}
