// The real hono-sessions.
import { Hono } from "hono";
import { CookieStore, MemoryStore, sessionMiddleware } from "hono-sessions";
import {
  CookieStore as CookieStore07,
  MemoryStore as MemoryStore07,
  sessionMiddleware as middleware07,
} from "hono-sessions07";

/** What was in `encryptionKey`. */
export const KEY = "the encryption key of before, of 32 characters or more";

/** Its store, as far as tests use it. */
export interface Store {
  getSessionById(id: string): unknown;
  deleteSession(id: string): unknown;
}

/** Options of its middleware, as far as tests set them. */
export interface Config {
  store?: Store | undefined;
  encryptionKey?: string | undefined;
  expireAfterSeconds?: number;
  sessionCookieName?: string;
  autoExtendExpiration?: boolean;
}

type Middleware = Parameters<Hono["use"]>[0];

const MIDDLEWARES: Readonly<Record<string, (config: Config) => Middleware>> = {
  "hono-sessions 0.8": (config) =>
    sessionMiddleware({
      encryptionKey: KEY,
      ...config,
      store: config.store ?? new CookieStore(),
    } as never) as never,
  "hono-sessions 0.7": (config) =>
    middleware07({
      encryptionKey: KEY,
      ...config,
      store: config.store ?? new CookieStore07(),
    } as never) as never,
};

export const VERSIONS: readonly string[] = Object.keys(MIDDLEWARES);

/** A store in memory of that version. */
export function memoryOf(version: string): Store {
  return version.endsWith("7") ? new MemoryStore07() : new MemoryStore();
}

interface Theirs {
  set(key: string, value: unknown): void;
  flash(key: string, value: unknown): void;
  deleteSession(): void;
}

/** A program that keeps what is posted to it. */
export class Before {
  cookie = "";
  readonly #app = new Hono<{ Variables: { session: Theirs } }>();

  constructor(version: string, config: Config = {}) {
    const make = MIDDLEWARES[version];
    if (!make) throw new Error(`There is no ${version}`);
    this.#app.use(make(config) as never);
    this.#app.post("/:way", async (c) => {
      const session = c.get("session");
      const isFlash = c.req.param("way") === "flash";
      for (const [key, value] of Object.entries(await c.req.json())) {
        if (isFlash) session.flash(key, value);
        else session.set(key, value);
      }
      return c.text("kept");
    });
    this.#app.delete("/", (c) => {
      c.get("session").deleteSession();
      return c.text("ended");
    });
  }

  /** Makes a request with the cookie, and keeps what it sets. */
  async visit(method: string, path = "/", body?: object): Promise<void> {
    const response = await this.#app.request(path, {
      method,
      headers: { cookie: this.cookie },
      ...body && { body: JSON.stringify(body) },
    });
    // Some versions set it more than once: the last one stays.
    for (const line of response.headers.getSetCookie()) {
      this.cookie = line.split(";")[0] ?? "";
    }
  }

  get value(): string {
    return this.cookie.slice(this.cookie.indexOf("=") + 1);
  }
}

/** The cookie's value of a session that has just begun. */
export async function sealOf(
  version: string,
  data: object,
  config?: Config,
): Promise<string> {
  const program = new Before(version, config);
  await program.visit("POST", "/set", data);
  return program.value;
}
