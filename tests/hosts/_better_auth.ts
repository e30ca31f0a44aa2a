// The real better-auth, in all lines that are still about.

// @ts-ignore: too many types for a test.
import { betterAuth as begin17 } from "better-auth";
// @ts-ignore: the same.
import { memoryAdapter as memory17 } from "better-auth/adapters/memory";
// @ts-ignore: the same.
import { betterAuth as begin16 } from "better-auth16";
// @ts-ignore: the same.
import { memoryAdapter as memory16 } from "better-auth16/adapters/memory";
// @ts-ignore: the same.
import { betterAuth as begin13 } from "better-auth13";
// @ts-ignore: the same.
import { memoryAdapter as memory13 } from "better-auth13/adapters/memory";
import type { Jar } from "./_express_session.ts";

export const SECRET = "what was in BETTER_AUTH_SECRET, of 32 characters";
export const ORIGIN = "https://shop.example";

// deno-lint-ignore no-explicit-any
type Any = any;

const PACKAGES: Readonly<Record<string, readonly [Any, Any]>> = {
  "better-auth 1.7": [begin17, memory17],
  "better-auth 1.6": [begin16, memory16],
  "better-auth 1.3": [begin13, memory13],
};

export const VERSIONS: readonly string[] = Object.keys(PACKAGES);

/** A program on better-auth. */
export interface Before {
  /** What there is in its database. */
  readonly tables: Record<string, Record<string, unknown>[]>;
  /** Asks it with the cookies of a jar, which takes what it sets. */
  ask(jar: Jar, path: string, body?: object): Promise<Any>;
  /** Signs somebody up, and so in. */
  signUp(jar: Jar, name: string): Promise<Any>;
  find(token: string): Promise<Any>;
  end(token: string): Promise<Any>;
}

/** Starts a program with a database in memory. */
export function startBefore(version: string, more: object = {}): Before {
  const [begin, memory] = PACKAGES[version] ?? [];
  const tables: Before["tables"] = {
    user: [],
    session: [],
    account: [],
    verification: [],
  };
  const auth = begin({
    database: memory(tables),
    secret: SECRET,
    baseURL: ORIGIN,
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    // Nobody has to wait for a hash.
    emailAndPassword: {
      enabled: true,
      password: {
        hash: (text: string) => Promise.resolve(text),
        verify: ({ hash, password }: Record<string, string>) =>
          Promise.resolve(hash === password),
      },
    },
    ...more,
  });
  const ask: Before["ask"] = async (jar, path, body) => {
    const response = await auth.handler(
      new Request(`${ORIGIN}/api/auth${path}`, {
        method: body ? "POST" : "GET",
        headers: {
          cookie: jar.field,
          origin: ORIGIN,
          ...body && { "content-type": "application/json" },
        },
        ...body && { body: JSON.stringify(body) },
      }),
    );
    jar.take(response);
    if (response.status !== 200) throw new Error(`Status ${response.status}`);
    return await response.json();
  };
  const adapter = async () => (await auth.$context).internalAdapter;
  return {
    tables,
    ask,
    signUp: (jar, name) =>
      ask(jar, "/sign-up/email", {
        name,
        email: `${name}@shop.example`,
        password: "a good password",
      }),
    find: async (token) => await (await adapter()).findSession(token),
    end: async (token) => await (await adapter()).deleteSession(token),
  };
}
