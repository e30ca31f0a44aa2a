import { decodeBase64url } from "../../src/token/base64url.ts";
import { encodeBase64url } from "../../src/token/base64url.ts";
import type { KeyMaterial } from "../../src/token/content.ts";
import { Keyring, unseal } from "../../src/token/unseal.ts";
import { keyOf } from "../../src/store/record.ts";
import { generationOf } from "../../src/store/generation.ts";
import { readValues } from "../../src/session/codec.ts";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import { errorText } from "../common/error_text.ts";
import { FailedError } from "../common/problems.ts";

const UNREADABLE =
  "The record was sealed with another secret, or is of another session";

/** What a cookie says of its record. */
export interface Reference {
  /** Which of the session's cookies it is. */
  readonly generation: number;
  /** Of a late store: the revision of the last write. */
  readonly revision?: number | undefined;
  /** When that was, in ms since 1970. */
  readonly writtenAt?: number | undefined;
}

/** What a store says of a cookie. */
export interface RecordReport {
  /** `good`, or why the cookie does not count there. */
  readonly status:
    | "good"
    | "missing"
    | "replaced"
    | "reuse"
    | "lost"
    | "unreadable";
  /** The same in a sentence. */
  readonly says: string;
  /** How often it was written. */
  readonly revision?: number | undefined;
  /** The last use that the store was told of, in ms since 1970. */
  readonly lastSeenAt?: number | undefined;
  /** When the record ends, which may be a day after its cookie. */
  readonly expiresAt?: number | undefined;
}

/**
 * Reads the reference in a token, and the data that it carries for as long as
 * the last write may be on its way; nothing if it is none.
 */
export function readReference(
  text: string,
): { reference: Reference; data: string | undefined } | undefined {
  const values = readValues(JSON, text);
  if (!values) return undefined;
  const { g, r, w, d } = values as {
    g?: number;
    r?: number;
    w?: number;
    d?: string;
  };
  return {
    reference: {
      generation: g ?? 0,
      revision: r,
      writtenAt: w === undefined ? undefined : w * 1000,
    },
    data: d,
  };
}

/**
 * Looks for the record of a cookie in its store, and judges the cookie by it.
 *
 * @throws {FailedError} If the store fails.
 */
export async function findRecord(
  store: SessionStore,
  sid: Uint8Array<ArrayBuffer>,
  { generation }: Reference,
  name: string,
  secrets: readonly KeyMaterial[],
): Promise<{ report: RecordReport; text?: string | undefined }> {
  const record = await askStore(() => keyOf(sid).then((key) => store.get(key)));
  if (!record) {
    const says = "The store has no such record: the session has ended by a " +
      "logout, a revocation or its timeout; or it is in another store or table";
    return { report: { status: "missing", says } };
  }
  const { revision, lastSeenAt, expiresAt } = record;
  const text = await readValue(record, sid, name, secrets);
  const isOurs = record.id === encodeBase64url(sid.subarray(0, 6));
  const [status, says] = isOurs && text !== undefined
    ? judgeGeneration(generation, text)
    : ["unreadable", UNREADABLE] as const;
  const report = { status, says, revision, lastSeenAt, expiresAt };
  return { report, text: status === "unreadable" ? undefined : text };
}

/** Whether a cookie still counts, by what the record says of all of them. */
function judgeGeneration(
  generation: number,
  text: string,
): readonly [status: RecordReport["status"], says: string] {
  const values = readValues(JSON, text);
  const { newest, oldest, floor } = generationOf(values ?? {});
  if (generation > newest) {
    return [
      "lost",
      "The cookie is newer than the record: the store has lost a write",
    ];
  }
  if (generation < floor) {
    return [
      "replaced",
      "A login or regenerate() has replaced this cookie by a newer one",
    ];
  }
  if (generation < oldest) {
    return [
      "reuse",
      "renewAfter has replaced this cookie: its use ends the session",
    ];
  }
  return generation < newest
    ? [
      "good",
      "The store has it; there is a newer cookie, and this one is served for 30 s",
    ]
    : ["good", "The store has it, and this cookie is the newest"];
}

/** Calls a store, whose error becomes one that can be shown. */
export async function askStore<Answer>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw new FailedError(`The store has failed: ${errorText(error)}`);
  }
}

/** The text of a record, opened if it was written with `encrypt`. */
async function readValue(
  { value }: SessionRecord,
  sid: Uint8Array<ArrayBuffer>,
  name: string,
  secrets: readonly KeyMaterial[],
): Promise<string | undefined> {
  const isSealed = value.length >= 102 && decodeBase64url(value)?.[0] === 1;
  if (!isSealed) return value;
  // Keys of a record are made of the usual name, that on https.
  const hex = [...sid].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  for (const each of [name, `__Host-${name}`, `__Secure-${name}`]) {
    const ring = new Keyring(secrets, ["record", each, hex], {
      longest: Infinity,
    });
    const content = await unseal(ring, value, Infinity);
    if (!("fault" in content)) return content.text;
  }
  return undefined;
}
