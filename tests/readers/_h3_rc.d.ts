// Those of the release candidate itself have Deno take the globals of Workers
// for its own.
export { H3, useSession } from "h3-2";
