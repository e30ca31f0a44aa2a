import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import pg from "pg";
import {
  createSessions,
  generateSecret,
  type Session,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { PostgresStore } from "../../stores/postgres.ts";
import { SqliteStore } from "../../stores/sqlite.ts";
import { Browser } from "../../testing.ts";
import { root } from "./process.ts";

// What people do wrong in their first hour, done on purpose.

const secret = generateSecret();
const request = () => new Request("https://example.com/");
const answer = () => new Response("ok");
const database = () => new DatabaseSync(":memory:");

/** Runs a handler once, with a secret and more options. */
async function visit(
  handler: (session: Session) => unknown,
  options: object = {},
  asked: Request = request(),
): Promise<Response> {
  const handle = withSession(
    async (_request, session: Session) =>
      (await handler(session) ?? answer()) as Response,
    { secret, ...options },
  );
  return await handle(asked);
}

/** A session that a handler has kept for later. */
async function keptBeyond(use: (session: Session) => unknown) {
  let kept: Session | undefined;
  await visit((session) => {
    kept = session;
    use(session);
  });
  return kept as Session;
}

/** The first message that the console gets meanwhile. */
async function warned(act: () => Promise<unknown>): Promise<Error> {
  const { warn } = console;
  const messages: string[] = [];
  console.warn = (message: string) => messages.push(message);
  try {
    await act();
  } finally {
    console.warn = warn;
  }
  return new Error(messages.join("\n"));
}

/** Another copy of the package, as a bundler makes it. */
async function anotherCopy(): Promise<typeof import("../../mod.ts")> {
  const folder = mkdtempSync(join(tmpdir(), "with-session-copy-"));
  try {
    const outfile = join(folder, "copy.mjs");
    const entryPoints = [join(root, "mod.ts")];
    await build({ entryPoints, outfile, bundle: true, format: "esm" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A mistake: by the page of its message, and what is thrown or said. */
export interface Mistake {
  readonly page: string;
  /** That of the error, if it is a `SessionError`. */
  readonly code?: string;
  /** The message without the page: text of it, or the whole. */
  readonly says: string;
  make(): unknown;
}

const never = (value: unknown) => value as never;

/** What is done wrong, by what one would say. */
export const MISTAKES: Readonly<Record<string, Mistake>> = {
  "no secret": {
    page: "secret",
    says: "Option secret is missing: is SESSION_SECRET set?",
    make: () => withSession(answer, { secret: process.env["NOT_SET_HERE"] }),
  },
  "an empty variable": {
    page: "secret",
    says: "Option secret is missing: is SESSION_SECRET set?",
    make: () => withSession(answer, { secret: "" }),
  },
  "a secret that is too short": {
    page: "secret",
    says:
      "Option secret must be at least 32 bytes, as generateSecret() makes: it is 7",
    make: () => withSession(answer, { secret: "hunter2" }),
  },
  "a secret of a manual": {
    page: "secret",
    says: "Option secret must be random, as generateSecret() makes",
    make: () => withSession(answer, { secret: "keyboard cat ".repeat(3) }),
  },
  "an option of another library": {
    page: "option",
    says:
      "Option maxAge is unknown: there is secret, absoluteTimeout, idleTimeout, ",
    make: () => withSession(answer, never({ secret, maxAge: 3600 })),
  },
  "milliseconds": {
    page: "option",
    says:
      "Option idleTimeout within absoluteTimeout must be seconds, not ms, 1 to 2592000: it is 86400000",
    make: () => withSession(answer, { secret, idleTimeout: 86_400_000 }),
  },
  "a class as store": {
    page: "option",
    says:
      "Option store must have create, get, update, delete and a consistency: it is Function",
    make: () => withSession(answer, { secret, store: never(MemoryStore) }),
  },
  "a cookie that no browser keeps": {
    page: "option",
    says:
      "Option cookie is kept by no browser: it needs secure, __Host- also path / without domain",
    make: () =>
      withSession(answer, {
        secret,
        cookie: { sameSite: "None", secure: false },
      }),
  },
  "no options": {
    page: "argument",
    says: "Argument options must be object: it is undefined",
    make: () => withSession(answer, never(undefined)),
  },
  "options and handler swapped": {
    page: "argument",
    says: "Argument handler must be function: it is Object",
    make: () => withSession(never({ secret }), never(answer)),
  },
  "a request of Express": {
    page: "argument",
    says: "Argument request must be a Request",
    make: () =>
      withSession(answer, { secret })(never({ url: "/", headers: {} })),
  },
  "a context in place of its request": {
    page: "argument",
    says:
      "open() must get a request, its headers or a cookie jar: it is Object; give its request",
    make: () => createSessions({ secret }).open(never({ request: request() })),
  },
  "the path of a database in place of a client": {
    page: "store-client",
    says:
      "Cannot use a database that is none of node:sqlite or bun:sqlite, with rows as objects",
    make: () => new SqliteStore(never("sessions.db")),
  },
  "the address of a database in place of a client": {
    page: "store-client",
    says: "Cannot use a client that is not of pg, postgres.js, PGlite or Bun",
    make: () => new PostgresStore(never("postgres://ada:hunter2@localhost/")),
  },
  "a missing table": {
    page: "table-missing",
    code: "store-failed",
    says: "Table sessions is missing: createSchema() makes it",
    make: () =>
      visit((session) => session.set("n", 1), {
        store: new SqliteStore(database()),
      }),
  },
  "a table of somebody else": {
    page: "table-taken",
    code: "store-failed",
    says: "Table sessions or its index is taken: choose another table",
    make: () => {
      const taken = database();
      taken.exec("CREATE TABLE sessions (sid TEXT, sess TEXT)");
      return new SqliteStore(taken).createSchema();
    },
  },
  "a database that is not started": {
    page: "store-failed",
    code: "store-failed",
    says: "Store failed: create: ECONNREFUSED",
    make: async () => {
      // Nobody listens on port 1.
      const pool = new pg.Pool({ host: "127.0.0.1", port: 1 });
      const store = new PostgresStore(pool);
      try {
        await visit((session) => session.set("n", 1), { store });
      } finally {
        await pool.end();
      }
    },
  },
  "a binding that is not there": {
    page: "store-failed",
    code: "store-failed",
    says: "Option store threw",
    make: () => {
      const store = () => new SqliteStore(never(undefined));
      return visit((session) => session.set("n", 1), { store });
    },
  },
  "too much for a cookie": {
    page: "oversize",
    code: "oversize",
    says:
      "Cookie of 6792 bytes, 4096 at most: use store or overflow; largest keys: essay: 5002",
    make: () => visit((session) => session.set("essay", "x".repeat(5000))),
  },
  "a read after the response": {
    page: "late-read",
    code: "late-read",
    says: "Cannot read: the response has left; read before",
    make: async () => (await keptBeyond(() => {})).get("n"),
  },
  "a write after the response": {
    page: "late-write",
    code: "late-write",
    says:
      "Cannot write: the response has left; write before, or save() in a store",
    make: async () => (await keptBeyond((it) => it.get("n"))).set("n", 1),
  },
  "a handler that returns nothing": {
    page: "late-write",
    code: "late-write",
    says: "Cannot write: there is no Response to take a cookie",
    make: () =>
      visit((session) => {
        session.set("n", 1);
        return "ok";
      }),
  },
  "a date": {
    page: "invalid-data",
    code: "invalid-data",
    says: "Cannot keep born (Date)",
    make: () => visit((session) => session.set("born", new Date(0))),
  },
  "data that the schema refuses": {
    page: "invalid-data",
    code: "invalid-data",
    says: "Schema refuses cart (missing)",
    make: () => {
      const validate = () => ({
        issues: [{ message: "hunter2", path: ["cart"] }],
      });
      const schema = {
        "~standard": { version: 1, vendor: "tests", validate },
      };
      return visit((session) => session.set("n", 1), { schema });
    },
  },
  "a write after destroy()": {
    page: "destroyed",
    code: "destroyed",
    says: "Cannot write: destroyed",
    make: () =>
      visit((session) => {
        session.destroy();
        session.set("n", 1);
      }),
  },
  "a write outside the cookie's path": {
    page: "left-out",
    code: "left-out",
    says: "Cannot write: left out by when or cookie.path",
    make: () =>
      visit((session) => session.set("n", 1), { cookie: { path: "/app" } }),
  },
  "all devices signed out without a store": {
    page: "unsupported",
    code: "unsupported",
    says: "This needs a store, revokeAll() also with revocations",
    make: () => createSessions({ secret }).revokeAll("ada"),
  },
  "a session kept on a form of another site": {
    page: "withheld",
    code: "withheld",
    says: "Cannot save: another site sent the request, without the cookie",
    make: () =>
      visit(
        async (session) => {
          session.set("n", 1);
          await session.save();
        },
        { store: new MemoryStore() },
        new Request(request(), {
          method: "POST",
          headers: { "sec-fetch-site": "cross-site" },
        }),
      ),
  },
  "a session of a second copy of the package": {
    page: "two-copies",
    says:
      "Argument session must be a session of this copy of the package: it is LiveSession",
    make: async () => {
      const copy = await anotherCopy();
      const session = copy.createSessions({ secret }).create();
      await createSessions({ secret }).seal(session);
    },
  },
};

/** What only the console says, as the request goes on. */
export const WARNINGS: Readonly<Record<string, Mistake>> = {
  "http on an address of the network": {
    page: "insecure",
    says:
      "A session was not kept: it came over http, not from this machine. Behind a proxy that ends TLS, set cookie.secure to true; in a network of your own, to false",
    make: () =>
      warned(() =>
        visit(
          (session) => session.login("ada"),
          {},
          new Request("http://192.168.1.7:3000/"),
        )
      ),
  },
  "a proxy, without secure": {
    page: "insecure",
    says:
      "A session was not kept: it came over http, not from this machine. Behind a proxy that ends TLS, set cookie.secure to true; in a network of your own, to false",
    make: () =>
      warned(() =>
        visit(
          (session) => session.login("ada"),
          {},
          new Request("http://shop.example/", {
            headers: { "x-forwarded-proto": "https" },
          }),
        )
      ),
  },
  "localhost, and 127.0.0.1": {
    page: "other-host",
    says:
      "A page at localhost asked 127.0.0.1, where the browser has other cookies, and so another session: use one name",
    make: () =>
      warned(async () => {
        const location = "http://127.0.0.1:3000/home";
        const browser = new Browser(withSession((asked, session: Session) => {
          if (asked.method === "GET") return answer();
          session.login("ada");
          return new Response(null, { status: 303, headers: { location } });
        }, { secret }));
        await browser.get("http://localhost:3000/");
        await browser.post("http://localhost:3000/sign-in");
        await browser.get(location);
      }),
  },
};
