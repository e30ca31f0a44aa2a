// What is loaded for a session that is opened from anything but a `Request`, or
// committed to anything but a `Response`.

export { committedOf } from "./committed.ts";
export { targetOf, writeCookies } from "./cookie_jar.ts";
export { readCookies, readSource, refuseToLook, requestFor } from "./source.ts";
export { waitForCommit } from "./uncommitted.ts";
