// The real @hono/session.
import {
  type SessionEnv,
  type SessionOptions,
  type Storage,
  useSession,
  useSessionStorage,
} from "@hono/session";
import { Hono } from "hono";

export const SECRET = "what was in AUTH_SECRET, for the servers of before";

type Data = Record<string, unknown>;

/** A program that keeps what is posted to it. */
export class Before {
  readonly app: Hono<SessionEnv<Data>> = new Hono();
  cookie = "";

  constructor(options: SessionOptions<Data> = {}, storage?: Storage<Data>) {
    const { app } = this;
    if (storage) app.use(useSessionStorage(storage));
    app.use(useSession<Data>({ secret: SECRET, ...options }));
    app.post("/", async (c) => {
      await c.var.session.update(await c.req.json());
      return c.json(c.var.session.id);
    });
    app.delete("/", async (c) => {
      await c.var.session.get();
      c.var.session.delete();
      return c.json(null);
    });
    app.get("/", async (c) => c.json(await c.var.session.get()));
  }

  /** Makes a request with the cookie, and keeps what it sets. */
  async visit(method: string, body?: object): Promise<unknown> {
    const response = await this.app.request("/", {
      method,
      headers: { cookie: this.cookie && `sid=${this.cookie}` },
      ...body && { body: JSON.stringify(body) },
    });
    for (const line of response.headers.getSetCookie()) {
      this.cookie = /^sid=([^;]*)/.exec(line)?.[1] ?? "";
    }
    return await response.json();
  }
}

/** The cookie of a session that has just begun. */
export async function cookieOf(
  data: object,
  options?: SessionOptions<Data>,
  storage?: Storage<Data>,
): Promise<string> {
  const before = new Before(options, storage);
  await before.visit("POST", data);
  return before.cookie;
}
