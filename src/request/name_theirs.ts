import type { ForeignSession, SessionReader } from "../readers/contract.ts";
import type { Visit } from "../session/state.ts";
import { encodeBase64url } from "../token/base64url.ts";

// By what a session of another library is known again here.

/** Such a session, and what has read it. */
export interface Found {
  readonly reader: SessionReader;
  readonly theirs: ForeignSession;
}

/**
 * What follows from a session of another library for one cookie of ours, if
 * something tells that session from those of other visitors.
 */
export async function secretOf(
  { settings }: Visit,
  { reader, theirs: { key } }: Found,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { name } = settings.cookieFor();
  return key ? await hash(JSON.stringify([name, reader.name, key])) : undefined;
}

/** The id that it has here, where requests side by side are to have one. */
export function idFrom(
  secret: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return secret.slice(0, 16);
}

/** Names a session of another library, without telling what its id is. */
export async function sourceOf(
  { name }: SessionReader,
  { id, user }: ForeignSession,
): Promise<string> {
  // What is no text is nobody that has gone on here.
  const own = typeof user === "string" ? user : "";
  const short = await shortOf(JSON.stringify([name, id ?? own]));
  return `${name} ${short} ${await shortOf(own)}`;
}

export async function shortOf(text: string): Promise<string> {
  return encodeBase64url((await hash(text)).subarray(0, 9));
}

async function hash(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const input = new TextEncoder().encode(`withSession/accept/v1 ${text}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", input));
}
