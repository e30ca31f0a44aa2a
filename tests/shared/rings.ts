import assert from "node:assert/strict";
import { Keyring, type Writer } from "../../src/token/keyring.ts";
import { unseal } from "../../src/token/unseal.ts";
import type { Sealed, Unsealed } from "../../src/token/content.ts";
import { checkSecrets, type Secret } from "../../src/token/secrets.ts";
import { type Bytes, CONTEXT, filled, NOW, SECRET } from "./format.ts";

/** A keyring of the session cookie; another context for another use. */
export function ringOf(
  secret: Secret | readonly Secret[] = SECRET,
  context: readonly string[] = CONTEXT,
): Keyring {
  return new Keyring(checkSecrets(secret), context);
}

/** A writer with a salt that is not random. */
export async function writerOf(ring: Keyring, salt: Bytes): Promise<Writer> {
  const [newest] = await ring.entries();
  assert.ok(newest);
  const key = await ring.derive(newest, salt);
  return { keyId: newest.keyId, salt, key, since: NOW, sealed: 0 };
}

/** A content of a session that lasts an hour. */
export function contentOf(content: Partial<Sealed> = {}): Sealed {
  const created = content.created ?? NOW;
  return {
    created,
    sealed: created,
    expires: created + 3600,
    sid: filled(16, 0x51),
    text: '{"cart":["apple"]}',
    ...content,
  };
}

/** Why a token does not open, `undefined` if it does. */
export async function faultOf(
  ring: Keyring,
  token: string,
  now: number = NOW,
): Promise<string | undefined> {
  const opened = await unseal(ring, token, now);
  return "fault" in opened ? opened.fault : undefined;
}

/** What a token holds, or the test fails. */
export async function contentIn(
  ring: Keyring,
  token: string,
  now: number = NOW,
): Promise<Unsealed> {
  const opened = await unseal(ring, token, now);
  if ("fault" in opened) assert.fail(`It does not open: ${opened.fault}`);
  return opened;
}
