import type { Keyring, RingEntry, Writer } from "./keyring.ts";

const MOST_TOKENS = 65_536;
const MOST_SECONDS = 3_600;

/**
 * Returns the key to seal the next token with, and counts the token.
 *
 * A writer keeps one random salt for at most 65 536 tokens and one hour. A
 * repeated nonce then stays out of reach for 2^48 tokens, and sealing costs one
 * plain AES-GCM call.
 */
export function takeWriter(
  ring: Keyring,
  now: number,
): Writer | Promise<Writer> {
  const { writer } = ring;
  if (writer && writer.sealed < MOST_TOKENS) {
    // A clock that was put back ends the hour, too.
    const age = now - writer.since;
    if (age >= 0 && age < MOST_SECONDS) {
      writer.sealed++;
      return writer;
    }
  }
  ring.nextWriter ??= makeWriter(ring, now);
  return ring.nextWriter.then(() => takeWriter(ring, now));
}

async function makeWriter(ring: Keyring, since: number): Promise<void> {
  try {
    const [newest] = await ring.entries() as [RingEntry];
    const salt = crypto.getRandomValues(new Uint8Array(12));
    const key = await ring.derive(newest, salt);
    const { keyId } = newest;
    ring.writer = { keyId, salt, key, since, sealed: 0 };
  } finally {
    ring.nextWriter = undefined;
  }
}
