import { createMemorySessionStorage } from "@remix-run/session/memory-storage";
import type { Subject } from "../subject.ts";
import { handlersWith } from "./remix.ts";

/** Remix 3's session middleware, with the data in memory. */
export const subject: Subject = {
  name: "remix (memory)",
  packages: [
    "@remix-run/session",
    "@remix-run/session-middleware",
    "@remix-run/cookie",
  ],
  protects: "signs",
  note: "middleware in its fetch-router; the cookie is a signed id",
  hasStore: true,
  kinds: ["untouched", "anonymous", "read-seen", "write-seen", "forged"],
  create: (setup) => handlersWith(createMemorySessionStorage(), setup),
};
