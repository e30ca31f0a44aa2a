import { MemoryStore } from "hono-sessions";
import type { Subject } from "../subject.ts";
import { handlersWith } from "./hono_sessions.ts";

/** Session middleware for Hono, with the data in memory. */
export const subject: Subject = {
  name: "hono-sessions (memory)",
  packages: ["hono-sessions", "hono"],
  protects: "none",
  note: "in a Hono app, as in its README: the cookie is a plain random id",
  hasStore: true,
  kinds: ["untouched", "read-seen", "write-seen"],
  create: (setup) => handlersWith(new MemoryStore(), setup),
};
