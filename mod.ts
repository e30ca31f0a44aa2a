/**
 * Sessions for request handlers that take a `Request` and return a `Response`.
 *
 * The session lives in a cookie that is sealed with AES-256-GCM: the browser
 * can neither read nor change it. With a store, the data is there, and the
 * cookie holds a sealed reference. The same source runs on Deno, Cloudflare
 * Workers, Bun and Node, with nothing but `Request`, `Response` and WebCrypto.
 *
 * @example A whole program
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 *
 * export default {
 *   fetch: withSession((_request, session) => {
 *     const visits = session.update("visits", (n = 0) => n + 1);
 *     return new Response(`Visit ${visits}\n`);
 *   }, { secret: generateSecret() }),
 * };
 * ```
 *
 * @module
 */

export type {
  CookieOptions,
  CookieParts,
  CookieScope,
} from "./src/http/cookie_options.ts";
export type { Codec } from "./src/session/codec.ts";
export { SessionError, type SessionErrorCode } from "./src/errors.ts";
export type { RejectReason, SessionEvent } from "./src/events.ts";
export type { SessionOptions } from "./src/options/options.ts";
export type {
  SchemaIssue,
  SchemaResult,
  StandardSchema,
} from "./src/schema/schema.ts";
export type { TokenFault } from "./src/events.ts";
export { generateSecret, type Secret } from "./src/token/secrets.ts";
export type {
  AnyData,
  DeepReadonly,
  Session,
  SessionInfo,
} from "./src/session/session.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "./src/readers/contract.ts";
export { createSessions } from "./src/create_sessions.ts";
export type { Sessions } from "./src/sessions.ts";
export type {
  CommittedSession,
  CookieFunctions,
  CookieJar,
  HeaderFields,
  RequestCookies,
  RequestHolder,
  RequestLike,
  SessionPlace,
  SessionSource,
  SetCookie,
  SetCookieAttributes,
} from "./src/adapters/contract.ts";
export {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "./src/store/contract.ts";
export type { OptionsFor } from "./src/options/per_environment.ts";
export { type SessionHandler, withSession } from "./src/with_session.ts";
export {
  type DataOf,
  type NamedOptions,
  type SessionFor,
  type SessionsHandler,
  withSessions,
} from "./src/with_sessions.ts";
