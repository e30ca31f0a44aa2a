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

/** What a cookie says of its record. */
export interface Reference {
  /** Which of the session's cookies it is. */
  readonly generation: number;
  /** Of a late store: the revision of the last write, and when that was. */
  readonly revision?: number | undefined;
  readonly written?: number | undefined;
  /** The data, for as long as the write may be on its way. */
  readonly data?: string | undefined;
}

/** What a store says of a cookie. */
export interface RecordReport {
  readonly status:
    | "good"
    | "missing"
    | "replaced"
    | "reuse"
    | "lost"
    | "unreadable";
  readonly says: string;
  readonly record?: SessionRecord | undefined;
  /** The text of the session. */
  readonly text?: string | undefined;
}

/** Reads the reference in a token; nothing if it is none. */
export function readReference(text: string): Reference | undefined {
  const values = readValues(JSON, text);
  if (!values) return undefined;
  const { g, r, w, d } = values as Record<string, never>;
  return { generation: g ?? 0, revision: r, written: w, data: d };
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
): Promise<RecordReport> {
  const record = await askStore(() => keyOf(sid).then((key) => store.get(key)));
  if (!record) {
    return {
      status: "missing",
      says:
        "The store has no such record: the session has ended by a logout, " +
        "a revocation or its timeout; or it is in another store or table",
    };
  }
  const text = await readValue(record, sid, name, secrets);
  const values = text === undefined ? null : readValues(JSON, text);
  if (record.id !== encodeBase64url(sid.subarray(0, 6)) || text === undefined) {
    return {
      status: "unreadable",
      says: "The record was sealed with another secret or is of another " +
        "session",
      record,
    };
  }
  const { newest, oldest, floor } = generationOf(values ?? {});
  if (generation > newest) {
    return {
      status: "lost",
      says: "The cookie is newer than the record: the store has lost a write",
      record,
      text,
    };
  }
  if (generation < floor) {
    return {
      status: "replaced",
      says: "A login or regenerate() has replaced this cookie by a newer one",
      record,
      text,
    };
  }
  if (generation < oldest) {
    return {
      status: "reuse",
      says: "renewAfter has replaced this cookie: its use ends the session",
      record,
      text,
    };
  }
  return {
    status: "good",
    says: generation < newest
      ? "The store has it; there is a newer cookie, and this one is served for 30 s"
      : "The store has it, and this cookie is the newest",
    record,
    text,
  };
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
