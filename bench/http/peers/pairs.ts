import type { Subject } from "../../common/results.ts";

/**
 * Whose sessions a framework has: none, ours, ours with `lazy`, the peer's, or
 * nobody's: the calls of Redis without which there is no session, by hand.
 */
export type Side = "bare" | "lazy" | "ours" | "peer" | "by-hand";

/** Two libraries in one framework, with the same back end. */
export interface Pair {
  readonly name: string;
  readonly runtime: "node" | "bun";
  readonly framework: "express" | "fastify" | "hono";
  readonly store: "redis" | "memory" | "sealed";
  /** Of the peer, the one whose version counts first. */
  readonly packages: readonly [string, ...string[]];
  readonly protects: Subject["protects"];
  /** How the peer is set. */
  readonly note: string;
  /** The peer sets its cookie with each response. */
  readonly rolls?: boolean;
}

const fastifySession = {
  runtime: "node",
  framework: "fastify",
  protects: "signs",
  rolls: true,
} as const;
const honoSession = {
  framework: "hono",
  store: "sealed",
  packages: ["@hono/session"],
  protects: "encrypts",
  note:
    "defaults: JWE with A256GCM, no expiry; the key as a ready CryptoKey, " +
    "which is faster than the text that it also takes",
} as const;

/** All pairs, by the names that the command line knows. */
export const pairs: readonly Pair[] = [
  {
    name: "express-session",
    runtime: "node",
    framework: "express",
    store: "redis",
    packages: ["express-session", "connect-redis"],
    protects: "signs",
    note: "resave and saveUninitialized false, as its README asks for; else " +
      "defaults, so a read also moves the expiry; the id is signed",
  },
  {
    ...fastifySession,
    name: "fastify-session",
    store: "memory",
    packages: ["@fastify/session"],
    note: "saveUninitialized false; else defaults, so each response sets the " +
      "cookie and each request saves; its memory keeps objects, not texts",
  },
  {
    ...fastifySession,
    name: "fastify-session-redis",
    store: "redis",
    packages: ["@fastify/session", "connect-redis"],
    note: "saveUninitialized false; else defaults, so each response sets the " +
      "cookie and each request saves",
  },
  {
    name: "fastify-secure-session",
    runtime: "node",
    framework: "fastify",
    store: "sealed",
    packages: ["@fastify/secure-session"],
    protects: "encrypts",
    note:
      "defaults: XSalsa20-Poly1305 by libsodium, a native module; the key " +
      "is ready",
  },
  { ...honoSession, name: "hono-session", runtime: "node" },
  { ...honoSession, name: "hono-session-bun", runtime: "bun" },
];

/** The sides of a pair. */
export function sidesOf({ store }: Pair): readonly Side[] {
  const all = ["bare", "lazy", "ours", "peer"] as const;
  return store === "redis" ? [...all, "by-hand"] : all;
}
