/** Where a subject is, and what it needs. */
export interface Listed {
  readonly name: string;
  /** None of what is measured apart. */
  readonly file?: string;
  /** It needs the packages of `bench/package.json`. */
  readonly isPeer?: boolean;
  /** Measured apart, in Node alone, with references of its own. */
  readonly isServed?: boolean;
}

/** Always measured: all others are compared with them. */
export const REFERENCES: readonly string[] = ["bare", "raw"];

/** Everything that can be measured. */
export const CATALOG: readonly Listed[] = [
  { name: "bare", file: "subjects/bare.ts" },
  { name: "raw", file: "subjects/raw.ts" },
  { name: "raw + duties", file: "subjects/raw_duties.ts" },
  { name: "with-session", file: "subjects/with_session.ts" },
  { name: "with-session (memory)", file: "subjects/with_session_memory.ts" },
  { name: "iron-session", file: "peers/iron_session.ts", isPeer: true },
  { name: "@hono/session", file: "peers/hono_session.ts", isPeer: true },
  {
    name: "hono-sessions (cookie)",
    file: "peers/hono_sessions_cookie.ts",
    isPeer: true,
  },
  {
    name: "hono-sessions (memory)",
    file: "peers/hono_sessions_memory.ts",
    isPeer: true,
  },
  { name: "h3", file: "peers/h3.ts", isPeer: true },
  { name: "react-router", file: "peers/react_router.ts", isPeer: true },
  { name: "remix (cookie)", file: "peers/remix_cookie.ts", isPeer: true },
  { name: "remix (memory)", file: "peers/remix_memory.ts", isPeer: true },
  {
    name: "better-auth (compact)",
    file: "peers/better_auth_compact.ts",
    isPeer: true,
  },
  { name: "better-auth (jwe)", file: "peers/better_auth_jwe.ts", isPeer: true },
  { name: "with-session (redis)", isServed: true, isPeer: true },
  { name: "express-session + connect-redis", isServed: true, isPeer: true },
  { name: "@fastify/secure-session", isServed: true, isPeer: true },
];
