import { createCookieSessionStorage } from "@remix-run/session/cookie-storage";
import type { Subject } from "../subject.ts";
import { handlersWith } from "./remix.ts";

/** Remix 3's session middleware, with the data in a signed cookie. */
export const subject: Subject = {
  name: "remix (cookie)",
  packages: [
    "@remix-run/session",
    "@remix-run/session-middleware",
    "@remix-run/cookie",
  ],
  protects: "signs",
  note: "middleware in its fetch-router; signed with HMAC-SHA-256, so the " +
    "browser can read the data",
  kinds: [
    "untouched",
    "anonymous",
    "read-seen",
    "write-seen",
    "forged",
    "malformed",
    "rotated",
  ],
  create: (setup) => handlersWith(createCookieSessionStorage(), setup),
};
