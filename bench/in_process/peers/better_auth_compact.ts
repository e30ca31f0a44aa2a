import type { Subject } from "../subject.ts";
import { handlersWith } from "./better_auth.ts";

/** better-auth's copy of the session in a cookie. */
export const subject: Subject = {
  name: "better-auth (compact)",
  packages: ["better-auth"],
  protects: "signs",
  note:
    "getCookieCache, strategy compact: signed with HMAC-SHA-256; read only, as it " +
    "writes together with a database",
  mostBytes: 1000,
  kinds: ["anonymous", "read-seen", "forged", "malformed"],
  create: (setup) => handlersWith("compact", setup),
};
