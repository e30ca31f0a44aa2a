/** What a program needs of a subject, as few of its exports as will do. */
export interface Program {
  readonly subject: string;
  /** Each an `export` of what is used. */
  readonly source: string;
  /** What a program that uses it has anyway. */
  readonly external?: readonly string[];
}

const peer = (
  subject: string,
  source: string,
  external: readonly string[] = [],
): Program => ({ subject, source, external });

const hono = ["hono", "hono/*"];

/** The programs of peers. What only runs in Node is left out. */
export const PROGRAMS: readonly Program[] = [
  peer("iron-session", `export { getIronSession } from "iron-session";`),
  peer("@hono/session", `export { useSession } from "@hono/session";`, hono),
  peer(
    "hono-sessions (cookie)",
    `export { CookieStore, sessionMiddleware } from "hono-sessions";`,
    hono,
  ),
  peer(
    "hono-sessions (memory)",
    `export { MemoryStore, sessionMiddleware } from "hono-sessions";`,
    hono,
  ),
  peer("h3", `export { getSession, updateSession, useSession } from "h3";`),
  peer(
    "react-router",
    `export { createCookieSessionStorage } from "react-router";`,
    ["react", "react-dom"],
  ),
  peer(
    "remix (cookie)",
    `export { createCookie } from "@remix-run/cookie";
    export { session } from "@remix-run/session-middleware";
    export { createCookieSessionStorage }
      from "@remix-run/session/cookie-storage";`,
  ),
  peer(
    "better-auth (compact)",
    `export { getCookieCache } from "better-auth/cookies";`,
  ),
];

/** What is imported for each of them, as a program would that runs as it is. */
export const MODULES: Readonly<Record<string, readonly string[]>> = {
  "iron-session": ["iron-session"],
  "@hono/session": ["@hono/session"],
  "hono-sessions (cookie)": ["hono-sessions"],
  "h3": ["h3"],
  "react-router": ["react-router"],
  "remix (cookie)": [
    "@remix-run/cookie",
    "@remix-run/session-middleware",
    "@remix-run/session/cookie-storage",
  ],
  "better-auth (compact)": ["better-auth/cookies"],
};
