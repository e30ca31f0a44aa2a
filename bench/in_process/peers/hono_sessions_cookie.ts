import { CookieStore } from "hono-sessions";
import type { Subject } from "../subject.ts";
import { handlersWith } from "./hono_sessions.ts";

/** Session middleware for Hono, with the data in the cookie. */
export const subject: Subject = {
  name: "hono-sessions (cookie)",
  packages: ["hono-sessions", "hono"],
  protects: "encrypts",
  note: "in a Hono app, as in its README: iron seals, expires after a day; " +
    "default autoExtendExpiration, so every request writes",
  isLoud: true,
  mostBytes: 1000,
  kinds: [
    "untouched",
    "anonymous",
    "read-seen",
    "write-seen",
    "forged",
    "malformed",
  ],
  create: (setup) => handlersWith(new CookieStore(), setup),
};
