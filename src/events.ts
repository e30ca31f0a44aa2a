/** Why a token was refused before its text was looked at. */
export type TokenFault =
  | "too-short"
  | "too-long"
  | "not-base64url"
  | "version"
  | "unknown-key"
  | "forged"
  | "flags"
  | "future"
  | "not-utf8";

/** A token that is not good, and why. */
export interface Refused {
  readonly fault: TokenFault;
  /** The key that it names, if it looks like a token. */
  readonly keyId?: number;
}

/**
 * Why a cookie was refused.
 *
 * - `too-short`, `too-long`, `not-base64url`, `version`: not a token of ours.
 * - `unknown-key`: sealed with a secret that is not in the ring.
 * - `forged`: changed, or made for another cookie or purpose.
 * - `flags`, `not-utf8`, `not-json`: authentic, and written by a program that
 *   this one does not understand.
 * - `future`: made more than 60 s ahead of this clock.
 * - `joined`: behind a comma, where two `Cookie` fields became one or another
 *   cookie has ours in its value; a name with a prefix is not read there.
 * - `record`: the store's record is not that of this session, or not readable.
 * - `schema`: the data no longer fits `schema`.
 */
export type RejectReason =
  | TokenFault
  | "joined"
  | "not-json"
  | "record"
  | "schema";

/**
 * What happened to a session, for logs and counters.
 *
 * No event carries a token, a key or data. `id` is the session's public id.
 *
 * - `created`: a new session was kept for the first time.
 * - `opened`: a request came with a good session.
 * - `renewed`: its idle timeout was moved on without any change.
 * - `resealed`: it came with an older secret and left with the newest.
 * - `destroyed`: it was ended by `destroy()`.
 * - `gone`: it has ended, or its cookie has, before the request or while it
 *   ran; or another user has logged in. A change is refused.
 * - `merged`: other requests wrote it first, or at the same time; the changes
 *   were made on top of theirs.
 * - `conflict`: that failed five times, and the changes are not kept.
 * - `grace`: a request came with the cookie that `renewAfter` has replaced, in
 *   time, and is served.
 * - `reuse`: one came with such a cookie too late; the session was ended, as
 *   somebody has kept a copy.
 * - `revoked`: it was ended by `revoke()` or `revokeAll()`.
 * - `store-error`: the store, or that of `revocations`, failed or was too slow
 *   in `op`, after `ms`.
 * - `expired`: it came too late, and a new one begins.
 * - `rejected`: the cookie was not good, and a new session begins; `keyId`
 *   is the id of the secret that it names.
 * - `duplicate`: the request held several different cookies of our name; what
 *   counts is the only authentic one, or the newest of one session, or none.
 * - `late-write`: it was changed after its response had left, and that was
 *   refused; or, in a store, the response's body did not save it within 1 s.
 * - `oversize`: its cookie would have `bytes` bytes.
 * - `insecure`: it was not kept, as the request came over http from elsewhere;
 *   behind a proxy that ends TLS, set `cookie.secure` to `true`. Without a
 *   listener, there is one warning in the console.
 * - `withheld`: it was not kept, as another site made the browser send the
 *   request without the cookie: it could take the place of a session that the
 *   browser has. A login is kept.
 * - `local`: for the first time, a request came over http from this machine,
 *   and `cookie.secure` is `"auto"`: its cookie, whether it gets one or not, has
 *   neither `Secure` nor prefix. In production, a proxy hides the visitors'
 *   addresses: set it to `true`.
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
      | "gone"
      | "merged"
      | "conflict"
      | "grace"
      | "reuse"
      | "revoked"
      | "late-write"
      | "insecure"
      | "withheld";
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
  | {
    readonly type: "store-error";
    /** The store's method. */
    readonly op: string;
    readonly ms: number;
    /** The back end's own code, `ECONNREFUSED` say, if it gave one. */
    readonly code?: string | undefined;
    /** What went wrong, without keys and data. */
    readonly cause: Error;
  }
  | {
    readonly type: "forbidden";
    /**
     * `site`: the browser says that another site has sent it. `origin`: its
     * `Origin` is another one. `null-origin`: it has none, as
     * `Referrer-Policy: no-referrer` or a sandbox makes it. `scheme`: its host
     * is ours, on https, and the request came as http: behind a proxy that ends
     * TLS, list the public origin.
     */
    readonly reason: "site" | "origin" | "null-origin" | "scheme";
  }
  | { readonly type: "duplicate" | "local" };

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
