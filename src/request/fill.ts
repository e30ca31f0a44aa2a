import { causeOf } from "../errors.ts";
import { isHandshake } from "../http/request.ts";
import { isOptions, kindOf } from "../options/check.ts";
import type { Settings } from "../options/settings.ts";
import type { ForeignSession } from "../readers/contract.ts";
import {
  isReserved,
  LABEL,
  OWNER,
  PERSIST,
  SOURCE,
} from "../session/own_keys.ts";
import type { State } from "../session/state.ts";
import { cannotKeep, put, storable } from "../session/values.ts";
import { openBatch } from "../session/write_rules.ts";

/**
 * Refuses what is no session that a reader, or in it a program's `map`, makes.
 *
 * @param name The reader's name.
 * @throws {SessionError} `invalid-data`.
 */
export function checkTheirs(
  { absoluteTimeout }: Settings,
  name: string,
  { key, id, data, user, label, persist }: ForeignSession,
): void {
  const check = (part: string, value: unknown, isRight: boolean) => {
    // Programs without types give `null` for what they have not.
    if (isRight || value === undefined || value === null) return;
    // A number may be a user's, which no message names.
    const kind = typeof value === "number" ? "Number" : kindOf(value);
    cannotKeep(`${part} of ${name} (${kind})`);
  };
  // Of an `ArrayBuffer`, say, no text tells it from another visitor's.
  check("key", key, typeof key === "string");
  check("id", id, typeof id === "string");
  check("data", data, isOptions(data));
  check("user", user, typeof user === "string");
  check("label", label, typeof label === "string");
  const isIdle = Number.isInteger(persist) && Number(persist) > 0 &&
    Number(persist) <= absoluteTimeout;
  check("persist", persist, typeof persist === "boolean" || isIdle);
}

/**
 * Makes the changes that `set()`, `login()` and `persist()` would, of such a
 * session.
 *
 * @param name The reader's name.
 * @param source What tells which session it goes on from, if both programs run.
 * @throws {SessionError} `invalid-data` for what these would refuse.
 */
export function fill(
  state: State,
  name: string,
  { data, user, label, persist }: ForeignSession,
  source: string | undefined,
): void {
  const { visit, values } = state;
  const { codec, store } = visit.settings;
  const made: [key: string, value: unknown][] = [];
  for (const [key, value] of entriesOf(name, data ?? {})) {
    if (isReserved(key)) cannotKeep(`${key} of ${name}`);
    if (value !== undefined) made.push([key, storable(codec, key, value)]);
  }
  if (user) made.push([OWNER, storable(codec, OWNER, user)]);
  if (user && store && label) made.push([LABEL, storable(codec, LABEL, label)]);
  made.push([PERSIST, persist ?? undefined], [SOURCE, source]);
  const change = (values: State["values"]) => {
    for (const [key, value] of made) put(values, key, value);
  };
  change(values);
  // A handshake sets no cookie: its socket reads the session, and the next
  // request takes it over.
  if (isHandshake(visit.headers)) return;
  const batch = openBatch(state);
  batch.changes.push(change);
  batch.user = user || undefined;
  batch.isTaken = true;
  state.accepted = batch;
}

/** A getter of a program's object may throw what its message must not tell. */
function entriesOf(name: string, data: object): [string, unknown][] {
  try {
    return Object.entries(data);
  } catch (error) {
    cannotKeep(`data of ${name}`, { cause: causeOf(error) });
  }
}
