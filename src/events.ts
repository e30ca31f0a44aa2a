/** Why a token was refused before its data was read. */
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

/** A refused token. */
export interface Refused {
  readonly fault: TokenFault;
  /** The id of the secret that it names, if it looks like a token at all. */
  readonly keyId?: number;
}

/**
 * Why a cookie was refused.
 *
 * - `too-short`, `too-long`, `not-base64url`, `version`: it is not a token of
 *   this library.
 * - `unknown-key`: it was sealed with a secret that the option `secret` lacks.
 * - `forged`: it was changed, or made for another cookie or purpose.
 * - `flags`, `not-utf8`, `not-json`: it is authentic, but written by a program
 *   that this one does not understand.
 * - `future`: it was made more than 60 s ahead of this clock.
 * - `joined`: it stands behind a comma, because two `Cookie` fields became one
 *   or because another cookie's value contains ours. A cookie with a prefix in
 *   its name is not read there.
 * - `parts`: it was cut in parts (see `overflow`), and some are missing or are
 *   those of another session.
 * - `record`: the store's record belongs to another session or is unreadable.
 * - `schema`: the data no longer fits `schema`.
 */
export type RejectReason =
  | TokenFault
  | "joined"
  | "parts"
  | "not-json"
  | "record"
  | "schema";

/**
 * What happened to a session, for logs and counters.
 *
 * No event carries a token, a key or data. `id` is the session's public id.
 *
 * - `created`: a new session was saved for the first time.
 * - `accepted`: a session of another library was taken over (see `accept`).
 * - `opened`: a request brought a valid session.
 * - `renewed`: the idle timeout was moved on, and nothing else changed.
 * - `resealed`: the session came sealed with an older secret, and was sealed
 *   again with the newest.
 * - `destroyed`: `destroy()` or `reset()` ended the session.
 * - `gone`: the session has ended, or its cookie no longer counts, since before
 *   the request or while it ran; or another user has logged in. A change is
 *   refused.
 * - `merged`: other requests wrote the session first, or at the same time, and
 *   this request's changes were made on top of theirs.
 * - `conflict`: other processes wrote it first in each of five tries, and the
 *   changes were not saved.
 * - `grace`: a request brought a cookie that `renewAfter` has replaced, soon
 *   enough to be served.
 * - `reuse`: a request brought such a cookie too late. Somebody has kept a
 *   copy, so the session was ended.
 * - `revoked`: `revoke()` or `revokeAll()` ended the session.
 * - `store-error`: the store, or that of `revocations`, failed or was too slow;
 *   `op` is its method, and `ms` how long the call took.
 * - `expired`: a request brought a session after its timeout, and a new one
 *   begins.
 * - `rejected`: the cookie was refused, and a new session begins; `keyId` is
 *   the id of the secret that the cookie names.
 * - `duplicate`: the request brought several different cookies of our name. The
 *   only authentic one counts, or the newest of one session, or none.
 * - `late-write`: the session was changed after its response had left, and the
 *   change was refused; or, in a store, the response's body changed it and did
 *   not save it within 1 s.
 * - `oversize`: the session's cookie would have `bytes` bytes, which is too
 *   many.
 * - `insecure`: the session was not saved, because the request came over http
 *   from another machine. Behind a proxy that ends TLS, set `cookie.secure` to
 *   `true`. Without a listener, the console gets one warning.
 * - `withheld`: the session was not saved, because another site made the
 *   browser send the request without the cookie, and the new session could
 *   replace one that the browser has. A login is saved.
 * - `local`: for the first time, a request came over http from this machine
 *   while `cookie.secure` is `"auto"`. Cookies of such requests have neither
 *   `Secure` nor a prefix. In production, it means that a proxy hides the
 *   visitors' addresses: set `cookie.secure` to `true`.
 * - `uncommitted`: a session that the program has opened itself was changed or
 *   ended, and not committed within 10 s; or, in `with-session/express` and
 *   `with-session/fastify`, it was changed, its client has left or the response
 *   has passed the session by, and nobody has kept it within 10 s.
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
      | "uncommitted"
      | "withheld";
    readonly id: string;
  }
  | {
    readonly type: "accepted";
    readonly id: string;
    /** The reader's name. */
    readonly from: string;
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
    /** The store's method; `accept` for that of another library. */
    readonly op: string;
    readonly ms: number;
    /** The back end's own code, such as `ECONNREFUSED`, if it gave one. */
    readonly code?: string | undefined;
    /** What went wrong, without keys and data. */
    readonly cause: Error;
  }
  | {
    readonly type: "forbidden";
    /**
     * `site`: the browser says that another site sent the request. `origin`:
     * its `Origin` is another one. `null-origin`: its `Origin` is `null`, as
     * with `Referrer-Policy: no-referrer` or in a sandbox. `scheme`: its
     * `Origin` is our host on https, but the request arrived as http: behind a
     * proxy that ends TLS, list the public origin.
     */
    readonly reason: "site" | "origin" | "null-origin" | "scheme";
  }
  | { readonly type: "duplicate" | "local" };

/** Passes an event to the program's listener. */
export type Emit = (event: SessionEvent) => void;

/**
 * Keeps a listener from failing the request: errors that it throws, now or
 * later, are dropped.
 */
export function guard(listener: (event: SessionEvent) => unknown): Emit {
  return (event) => {
    (async () => await listener(event))().catch(() => {});
  };
}
