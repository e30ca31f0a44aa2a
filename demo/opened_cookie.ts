import type { SessionRecord } from "../mod.ts";
import { type Opened, openToken, storeKey } from "./open_token.ts";
import type { Place } from "./stores.ts";

/** The cookie that a request has brought, opened. */
export interface OpenedCookie {
  /** Its name in this request. */
  readonly name: string;
  readonly value: string;
  readonly opened: Opened;
  /** What its key is made of, beside the secret and the salt. */
  readonly context: readonly [purpose: string, name: string];
}

/**
 * Opens the cookie of a session.
 *
 * @param plain The cookie's name without a prefix.
 */
export async function openCookie(
  request: Request,
  place: Place,
  plain: string,
  secret: string,
): Promise<OpenedCookie | undefined> {
  const { port, protocol } = new URL(request.url);
  // On http of this machine, the name ends in the port, and the key's does not.
  const [name, sealedName] = protocol === "https:"
    ? [`__Host-${plain}`, `__Host-${plain}`]
    : [port ? `${plain}-${port}` : plain, plain];
  const cookies = request.headers.get("cookie")?.split("; ") ?? [];
  const value = cookies.find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
  if (!value) return undefined;
  const context = [place.records ? "store" : "session", sealedName] as const;
  const opened = await openToken(value, secret, context);
  return opened && { name, value, opened, context };
}

/** The key of the session's record, and what the store has by it. */
export async function recordOf(
  { opened }: OpenedCookie,
  { records }: Place,
): Promise<{ key: string; record: SessionRecord | null } | undefined> {
  if (!records) return undefined;
  const key = await storeKey(opened.body.sid);
  return { key, record: await records().get(key) };
}
