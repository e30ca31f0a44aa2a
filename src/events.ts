import type { TokenFault } from "./seal.ts";

/**
 * Why a cookie was refused.
 *
 * - `too-short`, `too-long`, `not-base64url`, `version`: not a token of ours.
 * - `unknown-key`: sealed with a secret that is not in the ring.
 * - `forged`: changed, or made for another cookie or purpose.
 * - `flags`, `not-utf8`, `not-json`: authentic, and written by a program that
 *   this one does not understand.
 * - `future`: made more than 60 s ahead of this clock.
 * - `schema`: the data no longer fits `schema`.
 */
export type RejectReason =
  | TokenFault
  | "not-json"
  | "schema";

/**
 * What happened to a session, for logs and counters.
 *
 * No event carries a token, a key or data. `id` is the session's public id.
 *
 * - `created`: a new session was sealed for the first time.
 * - `opened`: a request came with a good session.
 * - `renewed`: its idle timeout was moved on without any change.
 * - `resealed`: it came with an older secret and left with the newest.
 * - `destroyed`: it was ended by `destroy()`.
 * - `expired`: it came too late, and a new one begins.
 * - `rejected`: the cookie was not good, and a new session begins; `keyId`
 *   is the id of the secret that it names.
 * - `duplicate`: the request held several different cookies of our name, and
 *   none is used.
 * - `late-write`: it was changed after its response had left.
 * - `oversize`: its cookie would have `bytes` bytes.
 * - `insecure`: it was not kept, as the request came over http from elsewhere;
 *   behind a proxy that ends TLS, set `cookie.secure` to `true`.
 * - `forbidden`: a cross-site request was answered with 403 (see `csrf`).
 */
export type SessionEvent =
  | {
    readonly type:
      | "created"
      | "opened"
      | "renewed"
      | "resealed"
      | "destroyed"
      | "late-write"
      | "insecure";
    readonly id: string;
  }
  | {
    readonly type: "expired";
    readonly id: string;
    readonly reason: "idle" | "absolute";
  }
  | {
    readonly type: "rejected";
    readonly reason: RejectReason;
    readonly keyId?: number | undefined;
  }
  | { readonly type: "oversize"; readonly id: string; readonly bytes: number }
  | { readonly type: "duplicate" | "forbidden" };

/** Hands an event to the program's listener. */
export type Emit = (event: SessionEvent) => void;

/**
 * Guards the request from its observer: what the listener throws, now or
 * later, must not turn a forged cookie into a failed request.
 */
export function guard(listener: (event: SessionEvent) => unknown): Emit {
  return (event) => {
    (async () => await listener(event))().catch(() => {});
  };
}
