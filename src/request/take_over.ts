import { causeOf, codeOf, isSessionError, SessionError } from "../errors.ts";
import { isCrossSite } from "../http/request.ts";
import { isSame } from "../http/set_cookie.ts";
import { cookiesOf } from "../readers/cookies.ts";
import type { ForeignCookies, SessionReader } from "../readers/contract.ts";
import { fit } from "../schema/fit_schema.ts";
import { begin } from "../session/begin.ts";
import { uncleared } from "../session/known.ts";
import { OWNER, SOURCE } from "../session/own_keys.ts";
import { pastTurn } from "../session/overtaken.ts";
import {
  type Foreign,
  idOf,
  isNew,
  isWorthKeeping,
  nameOf,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import { encodeBase64url } from "../token/base64url.ts";
import { tellRejected } from "./accept.ts";
import { beginRefused } from "./admit.ts";
import type { Engine } from "./checks.ts";
import { checkTheirs, fill } from "./fill.ts";
import {
  type Found,
  idFrom,
  secretOf,
  shortOf,
  sourceOf,
} from "./name_theirs.ts";
import { isWithheld } from "./unkept.ts";

// A session of another library that the option `accept` has a reader for
// (docs/decisions/036-sessions-of-other-libraries.md).

/**
 * Gives a request without a session that of another library, or ends one that
 * was taken over from a session that is over there.
 *
 * @throws {SessionError} `store-failed` if a store fails, the other library's or
 * that of ours, and `invalid-data` if a program's `map` does, or makes what
 * cannot be kept.
 */
export async function takeOver(
  visit: Visit,
  header: string,
  state: State,
  engine: Engine | undefined,
): Promise<State> {
  try {
    return await findTheirs(visit, header, state, engine);
  } catch (error) {
    const { onStoreError } = visit.settings;
    if (codeOf(error) !== "store-failed" || onStoreError === "throw") {
      throw error;
    }
    visit.phase = "store-failed";
    // What a guest logs in has `storeTimeout` for itself.
    visit.waited = 0;
    return begin(visit);
  }
}

async function findTheirs(
  visit: Visit,
  header: string,
  state: State,
  engine: Engine | undefined,
): Promise<State> {
  const { accept = [], clock } = visit.settings;
  const { name, attributes } = visit.cookie;
  const given = cookiesOf(header, clock(), attributes.includes("=None"));
  const readers = accept.filter(({ until }) => until > given.now);
  // Its own line replaces one of the same name, path, domain and partition.
  const ours = plain(`${name}=${attributes}`);
  const clear = (hasEnded: boolean) =>
    readers.filter(({ keep }) => hasEnded || !keep)
      .flatMap((each) => each.clear(given))
      .filter((line) =>
        !isSame(ours, plain(line)) ||
        isPartitioned(ours) !== isPartitioned(line)
      );
  visit.foreign = {
    clear,
    // What nobody could read may be good once the options are right.
    lines: (hasEnded) => hasEnded || !isNew(state) ? clear(hasEnded) : [],
    // Whoever logs out by a session that is over here may have another there.
    async leave() {
      for (const reader of readers) {
        const theirs = await inTime(visit, reader, () => reader.read(given));
        if (theirs) await leave(state, { reader, theirs }, engine);
      }
    },
  };
  // What can only be read, as it has moved, is to end with theirs as well.
  const isRead = visit.phase === "gone" && !isNew(state);
  // One that is over leaves room; what has replaced one is in the browser.
  if (!visit.isOver && !isRead && visit.phase !== "open") return state;
  if (isNew(state)) return await takeFirst(state, readers, given, engine);
  const { [SOURCE]: source, [OWNER]: owner } = state.values;
  const isTaken = typeof source === "string";
  if (!isTaken && owner) return state;
  // Who has signed in here does not sign out there.
  const isIts = isTaken && source.endsWith(await shortOf(`${owner ?? ""}`));
  let isOver = false;
  for (const reader of readers) {
    if (!reader.keep || isTaken && !source.startsWith(`${reader.name} `)) {
      continue;
    }
    const theirs = await inTime(visit, reader, () => reader.read(given));
    if (theirs && await sourceOf(reader, theirs) === source) {
      return follow(state, { reader, theirs }, engine);
    }
    // The other program still runs, and may have signed the visitor in or out.
    // A browser may keep the other cookie back, and not ours.
    isOver ||= isIts ? !!theirs || !isCrossSite(visit.headers) : !!theirs?.user;
  }
  if (!isOver) return state;
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
  const { visit } = state;
  // The browser may have kept ours back, which must not be replaced; and what
  // other sites cannot do with our cookie, they cannot do with another one.
  if (isWithheld(state)) return state;
  for (const reader of readers) {
    const theirs = await inTime(visit, reader, () => reader.read(given));
    if (theirs) return await take(state, { reader, theirs }, engine);
  }
  return state;
}

/** Gives a new session what another library's session has. */
async function take(
  state: State,
  found: Found,
  engine: Engine | undefined,
): Promise<State> {
  const { visit, content } = state;
  const { reader, theirs } = found;
  checkTheirs(visit.settings, reader.name, theirs);
  const secret = await secretOf(visit, found);
  // Requests side by side have the same id, and so one session. With `encrypt`,
  // an id must not follow from what another store holds.
  if (secret && !visit.settings.encrypt) content.sid = idFrom(secret);
  if (content.sid && hasEnded(state)) return begin(visit, state.isRefused);
  const key = secret && encodeBase64url(secret);
  const known = key && await engine?.findAccepted(state, key);
  if (known === "over") return beginAfterEnd(state);
  Object.assign(visit, { phase: "open", isGone: false, refused: undefined });
  if (known) {
    // Under the same id, somebody else may be there by now.
    const { [OWNER]: owner } = known.values;
    if (owner === (theirs.user || undefined)) {
      return await showAs(known, found, engine);
    }
    tell(known, "gone");
    await engine?.endAccepted(known);
  }
  const source = reader.keep ? await sourceOf(reader, theirs) : undefined;
  fill(state, reader.name, theirs, source);
  const shown = await showAs(state, found, engine);
  if (shown !== state) return shown;
  state.isTouched = true;
  const kept = await engine?.beginAccepted(state, key) ?? state;
  if (kept === "over") return beginAfterEnd(state);
  if (kept !== state) return await showAs(kept, found, engine);
  // One in a cookie is looked for by its id before it is sealed.
  idOf(state);
  // One with nothing in it gets no cookie, and comes again with each request.
  if (isWorthKeeping(state)) tell(state, "accepted", { from: reader.name });
  return state;
}

/** Begins a session where that of the other library went on, and has ended. */
function beginAfterEnd({ visit, isRefused }: State): State {
  if (visit.isGone) visit.phase = "gone";
  return begin(visit, isRefused);
}

/** Whether this process has ended it, so that no slower request brings it back. */
function hasEnded(state: State): boolean {
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
    return begin(visit, state.isRefused);
  }
  state.shown = shown;
  return follow(state, found, engine);
}

/** Has a session end, or replace, that of the other library with its own. */
function follow(
  state: State,
  found: Found,
  engine: Engine | undefined,
): State {
  const { visit } = state;
  const { clear } = visit.foreign as Foreign;
  visit.foreign = {
    clear,
    lines: clear,
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
  const { visit } = state;
  await inTime(visit, found.reader, () => found.theirs.end?.());
  await claim(state, found, engine);
  const secret = await secretOf(visit, found);
  if (secret) await engine?.barAccepted(visit, idFrom(secret));
}

/** Notes that a session of another library has gone on here. */
async function claim(
  { visit }: State,
  found: Found,
  engine: Engine | undefined,
): Promise<void> {
  const secret = await secretOf(visit, found);
  if (!secret) return;
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
  ask: () => Promise<Result> | undefined,
): Promise<Result | undefined> {
  const { clock, emit, storeTimeout } = settings;
  const began = clock();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((_resolve, reject) => {
    // Of others' errors, the code is what is told.
    const error = Object.assign(new Error(), { code: "ETIMEDOUT" });
    const fail = () => reject(error);
    timer = setTimeout(fail, storeTimeout * 1000);
  });
  try {
    return await Promise.race([ask(), late]);
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

/** Of a domain, browsers pass over a dot before it, and its case (§5.6.3). */
function plain(line: string): string {
  return line.replace(
    /(; *domain *= *)\.?([^;]*)/i,
    (_all, start, domain) => start + domain.toLowerCase(),
  );
}

/** Whether a browser keeps it apart for each site at the top (CHIPS). */
function isPartitioned(line: string): boolean {
  return /; *partitioned *(;|=|$)/i.test(line);
}
