import type { Subject } from "../subject.ts";
import { handlersWith } from "./better_auth.ts";

/** better-auth's copy of the session in a cookie. */
export const subject: Subject = {
  name: "better-auth (jwe)",
  packages: ["better-auth"],
  protects: "encrypts",
  note:
    "getCookieCache, the data in a field of the user, strategy jwe: encrypted (JWE); read only, as it " +
    "writes together with a database",
  mostBytes: 1000,
  kinds: ["anonymous", "read-seen", "forged", "malformed"],
  create: (setup) => handlersWith("jwe", setup),
};
