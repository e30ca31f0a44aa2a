import { encodeBase64url } from "../../src/token/base64url.ts";
import { REFERENCE } from "../../src/token/content.ts";
import type { KeyMaterial } from "../../src/token/content.ts";
import type { SessionStore } from "../../src/store/contract.ts";
import { isOfTheFuture } from "../../src/session/timeouts.ts";
import { distance } from "../common/time.ts";
import { type Contents, readContents } from "./contents.ts";
import { type Ending, endingOf, type Timeouts } from "./endings.ts";
import { explainFault } from "./faults.ts";
import type { FoundCookie } from "./find_cookies.ts";
import { keyIdOf, keyIdsOf, openCookie, type Opened } from "./open_cookie.ts";
import {
  findRecord,
  readReference,
  type RecordReport,
  type Reference,
} from "./record.ts";

/** What a cookie is worth. */
export type CookieStatus =
  | "good"
  | "ended"
  | "future"
  | "replaced"
  | "refused"
  | "removed"
  | "unopened";

/** What is said of one cookie. */
export interface CookieReport {
  /** Its name, if that was pasted. */
  readonly name?: string | undefined;
  /** What it is worth. */
  readonly status: CookieStatus;
  /** In a word, as events say it: `forged`, `idle` … */
  readonly reason?: string | undefined;
  /** What is the matter, in a sentence. */
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string | undefined;
  /** How many characters its value has. */
  readonly length: number;
  /** In how many cookies it came. */
  readonly parts: number;
  /** The id of the secret that has sealed it. */
  readonly keyId?: number | undefined;
  /** The variable of that secret. */
  readonly variable?: string | undefined;
  /** Whether that is an older one of several. */
  readonly isStale?: boolean | undefined;
  /** Where the data is. */
  readonly kept?: "cookie" | "store" | undefined;
  /** The public id, as in events and in a store's column `id`. */
  readonly id?: string | undefined;
  /** When it began, or its last login; in ms since 1970, as all times here. */
  readonly createdAt?: number | undefined;
  /** When this cookie was made. */
  readonly sealedAt?: number | undefined;
  /** When the session ends if it is not used again. */
  readonly expiresAt?: number | undefined;
  /** The same, with the rule by which it does. */
  readonly ending?: Ending | undefined;
  /** Whether its text is compressed. */
  readonly isCompressed?: boolean | undefined;
  /** Of one whose data is in a store. */
  readonly reference?: Reference | undefined;
  /** What the store says of it, if one was given. */
  readonly record?: RecordReport | undefined;
  /** What is in it, as far as that may be shown. */
  readonly contents?: Contents | undefined;
  /** Whether its text is no JSON object, as of a `codec`. */
  readonly isUnknown?: boolean | undefined;
  /** That text, if values that may be secrets are shown. */
  readonly text?: string | undefined;
}

/** With what cookies are judged. */
export interface Judging {
  readonly secrets: readonly KeyMaterial[];
  /** The variables of the secrets, in the same order. */
  readonly variables: readonly string[];
  /** The names to try for a value that came without one. */
  readonly names: readonly string[];
  readonly timeouts: Timeouts;
  readonly isRevealed: boolean;
  readonly store?: SessionStore | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Opens a cookie, and says what it is worth. */
export async function judgeCookie(
  { name, value, parts, missing }: FoundCookie,
  judging: Judging,
): Promise<CookieReport> {
  const { secrets, variables, names } = judging;
  const seen = { name, length: value.length, parts };
  if (!value) {
    return {
      ...seen,
      status: "removed",
      says: "It is empty: a response that sets it so removes the session",
    };
  }
  const keyId = keyIdOf(value);
  if (missing.length) {
    return {
      ...seen,
      keyId,
      status: "refused",
      reason: "parts",
      says:
        `It is the first of ${parts} cookies of one session, and of those ` +
        `${
          missing.map((part) => `${name ?? "its name"}.${part}`).join(", ")
        } ` +
        "is not here, or is of another session",
      advice: "Copy the whole Cookie field. If the browser sends no more, it " +
        "has dropped one: look at the size of all its cookies",
    };
  }
  if (!secrets.length) {
    return {
      ...seen,
      keyId,
      status: "unopened",
      says: keyId === undefined
        ? "It is no cookie of with-session, or was cut"
        : `It looks like a cookie of with-session, sealed with the secret of key ${keyId}`,
      advice: "Set SESSION_SECRET to open it, or say where the secret is: " +
        "--env NAME, --env-file FILE",
    };
  }
  const asked = name ? [name] : names;
  const opened = await openCookie(value, asked, secrets);
  if (!("fault" in opened)) {
    return { ...seen, ...await judgeOpened(opened, judging) };
  }
  // By a name that it did not come with, it may be a good one.
  const other = opened.fault === "forged" && name
    ? await openCookie(value, names.filter((each) => each !== name), secrets)
    : opened;
  if (!("fault" in other)) {
    return {
      ...seen,
      ...await judgeOpened(other, judging),
      status: "refused",
      reason: "forged",
      says: `It was made for a cookie of the name ${other.name}, and came as ` +
        `${name}: the name is sealed in, so the program refuses it`,
      advice: "A new name, domain, path or secure gives the cookie another " +
        "name, and all visitors begin anew",
    };
  }
  const ids = await keyIdsOf(secrets);
  const { says, advice } = explainFault(opened.fault, {
    name,
    length: value.length,
    keyId,
    tried: ids.map((id, i) => `key ${id} in ${variables[i]}`),
    names: asked,
  });
  const { fault: reason } = opened;
  return { ...seen, keyId, status: "refused", reason, says, advice };
}

async function judgeOpened(
  { content, name, purpose, secret }: Opened,
  { secrets, variables, timeouts, isRevealed, store, now }: Judging,
): Promise<Omit<CookieReport, "name" | "length" | "parts">> {
  const { created, sealed, expires, sid, text, flags, keyId } = content;
  const isStored = purpose === "store" || flags === REFERENCE;
  const { reference, data } = isStored && readReference(text) || {};
  const asked = reference && store
    ? await findRecord(store, sid, reference, name, secrets)
    : undefined;
  const record = asked?.report;
  const shown = isStored ? asked?.text ?? data : text;
  const contents = shown === undefined
    ? undefined
    : readContents(shown, isRevealed);
  const own = contents?.persist;
  const ending = endingOf(
    { created, sealed, expires },
    timeouts,
    typeof own === "number" ? own : undefined,
    now,
  );
  const found = {
    keyId,
    variable: variables[secret],
    isStale: content.isStale,
    kept: isStored ? "store" as const : "cookie" as const,
    id: encodeBase64url(sid.subarray(0, 6)),
    createdAt: created * 1000,
    sealedAt: sealed * 1000,
    expiresAt: ending.at,
    ending,
    isCompressed: flags === 1,
    reference,
    record,
    contents,
    isUnknown: shown !== undefined && !contents,
    text: contents || !isRevealed ? undefined : shown,
  };
  const ahead = Math.max(created, sealed);
  if (isOfTheFuture(ahead, now)) {
    return {
      ...found,
      status: "future",
      reason: "future",
      says: `It was made by a clock that is ahead of this one: ${
        distance(ahead, now)
      }. More than 60 s are refused`,
      advice: "Set both clocks by NTP",
    };
  }
  if (ending.isOver) {
    return {
      ...found,
      status: "ended",
      reason: ending.rule,
      says: `The session has ended, ${
        distance(ending.at / 1000, now)
      }, by ${ending.says}`,
      advice: "A request that brings it gets a new session",
    };
  }
  if (record && record.status !== "good") {
    const isEnded = record.status === "missing";
    return {
      ...found,
      status: isEnded ? "ended" : "replaced",
      reason: record.status,
      says: record.says,
    };
  }
  return { ...found, status: "good", says: "The cookie is good" };
}
