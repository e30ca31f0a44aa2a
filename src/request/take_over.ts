import { causeOf, isSessionError, SessionError } from "../errors.ts";
import { isCrossSite, isHandshake } from "../http/request.ts";
import { cookiesOf } from "../readers/cookies.ts";
import type {
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../readers/contract.ts";
import { fit } from "../schema/fit_schema.ts";
import { begin } from "../session/begin.ts";
import { uncleared } from "../session/known.ts";
import {
  isReserved,
  LABEL,
  OWNER,
  PERSIST,
  SOURCE,
} from "../session/own_keys.ts";
import { pastTurn } from "../session/overtaken.ts";
import {
  isNew,
  nameOf,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import { cannotKeep, put, storable } from "../session/values.ts";
import { openBatch } from "../session/write_rules.ts";
import { encodeBase64url } from "../token/base64url.ts";
import { tellRejected } from "./accept.ts";
import { beginRefused } from "./admit.ts";
import type { Engine } from "./checks.ts";
import { isWithheld } from "./unkept.ts";

// A session of another library that the option `accept` has a reader for
// (docs/decisions/036-sessions-of-other-libraries.md).

interface Found {
  readonly reader: SessionReader;
  readonly theirs: ForeignSession;
}

/**
 * Gives a request without a session that of another library, or ends one that
 * was taken over from a session that is over there.
 *
 * @throws {SessionError} `store-failed` if the other library's store fails, and
 * `invalid-data` if a program's `map` does, or makes what cannot be kept.
 */
export async function takeOver(
  visit: Visit,
  header: string,
  state: State,
  engine: Engine | undefined,
): Promise<State> {
  const { accept = [], clock } = visit.settings;
  const given = cookiesOf(header, clock());
  const readers = accept.filter(({ until }) => until > given.now);
  visit.foreign = {
    lines: (hasEnded) =>
      readers.filter(({ keep }) => hasEnded || !keep)
        .flatMap((each) => each.clear(given)),
    // Whoever logs out by a session that is over here may have another there.
    async leave() {
      for (const reader of readers) {
        const theirs = await inTime(visit, reader, reader.read(given));
        if (theirs) await leave(state, { reader, theirs }, engine);
      }
    },
  };
  if (visit.phase !== "open" || state.isRefused) return state;
  if (isNew(state)) return await takeFirst(state, readers, given, engine);
  const source = state.values[SOURCE];
  if (typeof source !== "string") return state;
  const reader = readers.find(({ name, keep }) =>
    keep && source.startsWith(`${name} `)
  );
  if (!reader) return state;
  // The other program still runs, and may have signed the visitor out.
  const theirs = await ask(visit, reader, given);
  if (theirs === null) return begin(visit);
  if (theirs && await sourceOf(reader, theirs) === source) {
    return follow(state, { reader, theirs }, engine);
  }
  // A browser may keep the other cookie back there, and not ours.
  if (!theirs && isCrossSite(visit.headers)) return state;
  tell(state, "gone");
  await engine?.endAccepted(state);
  visit.isOver = true;
  return await takeFirst(beginRefused(visit), readers, given, engine);
}

async function takeFirst(
  state: State,
  readers: readonly SessionReader[],
  given: ForeignCookies,
  engine: Engine | undefined,
): Promise<State> {
  // The browser may have kept ours back, which must not be replaced; and what
  // other sites cannot do with our cookie, they cannot do with another one.
  if (isWithheld(state)) return state;
  for (const reader of readers) {
    const theirs = await ask(state.visit, reader, given);
    if (theirs === null) break;
    if (theirs) return await take(state, { reader, theirs }, engine);
  }
  return state;
}

/** Asks a reader; `null` if its store has failed and the request goes on. */
async function ask(
  visit: Visit,
  reader: SessionReader,
  given: ForeignCookies,
): Promise<ForeignSession | undefined | null> {
  try {
    return await inTime(visit, reader, reader.read(given));
  } catch (error) {
    const { code } = error as SessionError;
    const { onStoreError } = visit.settings;
    if (code !== "store-failed" || onStoreError === "throw") throw error;
    visit.phase = "store-failed";
    return null;
  }
}

/** Gives a new session what another library's session has. */
async function take(
  state: State,
  found: Found,
  engine: Engine | undefined,
): Promise<State> {
  const { visit } = state;
  const { settings } = visit;
  const secret = await secretOf(visit, found);
  // Requests side by side have the same id, and so one session. With `encrypt`,
  // an id must not follow from what another store holds.
  if (!settings.encrypt) state.content.sid = secret.slice(0, 16);
  if (state.content.sid && isOver(state)) return begin(visit);
  const key = encodeBase64url(secret);
  const known = await engine?.findAccepted(state, key);
  if (known === "over") {
    if (visit.isGone) visit.phase = "gone";
    return begin(visit);
  }
  if (known) return await showAs(known, found, engine);
  await fill(state, found);
  const shown = await showAs(state, found, engine);
  if (shown !== state) return shown;
  state.isTouched = true;
  const kept = await engine?.beginAccepted(state, key) ?? state;
  if (kept !== state) return await showAs(kept, found, engine);
  tell(state, "accepted", { from: found.reader.name });
  return state;
}

/** Whether this process has ended it, so that no slower request brings it back. */
function isOver(state: State): boolean {
  const name = nameOf(state);
  const turn = pastTurn(state.visit.settings, name);
  return uncleared.has(name) || /^(ended|revoked)$/.test(`${turn?.kind}`);
}

/** Shows a session as its schema has it; an empty one if it does not fit. */
async function showAs(
  state: State,
  found: Found,
  engine: Engine | undefined,
): Promise<State> {
  const { visit } = state;
  const shown = await fit(visit.settings, state.values);
  if (!shown) {
    tellRejected(visit, "schema");
    return begin(visit);
  }
  state.shown = shown;
  return follow(state, found, engine);
}

/** Makes the changes that `set()`, `login()` and `persist()` would. */
async function fill(state: State, { reader, theirs }: Found): Promise<void> {
  const { visit, values } = state;
  const { codec, store } = visit.settings;
  const made: [key: string, value: unknown][] = [];
  for (const [key, value] of Object.entries(theirs.data ?? {})) {
    if (isReserved(key)) cannotKeep(`${key} of ${reader.name}`);
    if (value !== undefined) made.push([key, storable(codec, key, value)]);
  }
  const { user, label, persist } = theirs;
  if (user) made.push([OWNER, user]);
  if (user && store && label) made.push([LABEL, storable(codec, LABEL, label)]);
  if (persist !== undefined) made.push([PERSIST, persist]);
  if (reader.keep) made.push([SOURCE, await sourceOf(reader, theirs)]);
  for (const [key, value] of made) put(values, key, value);
  // A handshake sets no cookie: its socket reads the session, and the next
  // request takes it over.
  if (isHandshake(visit.headers)) return;
  const batch = openBatch(state);
  batch.changes.push((values) => {
    for (const [key, value] of made) put(values, key, value);
  });
  if (user) batch.user = user;
  batch.isTaken = true;
  state.isAccepted = true;
  state.isCookieDue = true;
}

/** Has a session end, or replace, that of the other library with its own. */
function follow(
  state: State,
  found: Found,
  engine: Engine | undefined,
): State {
  const { visit } = state;
  visit.foreign = {
    lines: () => [],
    ...visit.foreign,
    ...!found.reader.keep && { claim: () => claim(state, found, engine) },
    leave: () => leave(state, found, engine),
  };
  return state;
}

/** Ends a session of another library, so that nobody takes it over again. */
async function leave(
  state: State,
  found: Found,
  engine: Engine | undefined,
): Promise<void> {
  await inTime(state.visit, found.reader, found.theirs.end?.());
  await claim(state, found, engine);
}

/** Notes that a session of another library has gone on here. */
async function claim(
  { visit }: State,
  found: Found,
  engine: Engine | undefined,
): Promise<void> {
  const secret = await secretOf(visit, found);
  const { until } = found.reader;
  await engine?.claimAccepted(visit, encodeBase64url(secret), until);
}

/**
 * Waits for another library's store, no longer than for one of ours.
 *
 * @throws {SessionError} `store-failed`, with an event, and what a reader says.
 */
async function inTime<Result>(
  { settings }: Visit,
  { name }: SessionReader,
  result: Promise<Result> | undefined,
): Promise<Result | undefined> {
  const { clock, emit, storeTimeout } = settings;
  const began = clock();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((_resolve, reject) => {
    const fail = () => reject(new Error("It took too long"));
    timer = setTimeout(fail, storeTimeout * 1000);
  });
  try {
    return await Promise.race([result, late]);
  } catch (error) {
    if (isSessionError(error)) throw error;
    const cause = causeOf(error);
    const ms = clock() - began;
    emit?.({ type: "store-error", op: "accept", ms, cause });
    const message = `Store of ${name} failed`;
    throw new SessionError("store-failed", message, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** What follows from a session of another library for one cookie of ours. */
function secretOf(
  { settings }: Visit,
  { reader, theirs }: Found,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name } = settings.cookieFor();
  return hash(JSON.stringify([name, reader.name, theirs.key]));
}

/** Names a session of another library, without telling what its id is. */
async function sourceOf(
  { name }: SessionReader,
  { id, user = "" }: ForeignSession,
): Promise<string> {
  const bytes = await hash(JSON.stringify([name, id ?? user]));
  return `${name} ${encodeBase64url(bytes.subarray(0, 9))}`;
}

async function hash(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const input = new TextEncoder().encode(`withSession/accept/v1 ${text}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", input));
}
