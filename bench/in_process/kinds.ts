import { COUNT, makeSecret } from "./data.ts";
import { forge, type Jar, malform, receive, requestWith } from "./jar.ts";
import {
  type Data,
  type Handler,
  type Handlers,
  type Kind,
  NONE,
  type Setup,
  type Subject,
} from "./subject.ts";

interface KindOf {
  readonly does: "untouched" | "read" | "write";
  readonly cookie: "none" | "seen" | "first" | "bad" | "oldest" | "old";
  /** The work of `raw` that it is compared with. */
  readonly raw: Kind | null;
  /** What a browser says that asks for no page: nobody waits for a new cookie. */
  readonly isBackground?: boolean;
}

/** What the kinds of request are. */
export const KINDS: Readonly<Record<Kind, KindOf>> = {
  untouched: { does: "untouched", cookie: "seen", raw: null },
  anonymous: { does: "read", cookie: "none", raw: null },
  "read-seen": { does: "read", cookie: "seen", raw: "read-seen" },
  "read-first": { does: "read", cookie: "first", raw: "read-seen" },
  "write-seen": { does: "write", cookie: "seen", raw: "write-seen" },
  "write-first": { does: "write", cookie: "first", raw: "write-seen" },
  forged: { does: "read", cookie: "bad", raw: "forged" },
  "forged-background": {
    does: "read",
    cookie: "bad",
    raw: "forged",
    isBackground: true,
  },
  malformed: { does: "read", cookie: "bad", raw: "forged" },
  rotated: { does: "read", cookie: "oldest", raw: "read-seen" },
  renewal: { does: "read", cookie: "old", raw: "write-seen" },
};

/** Tokens that come again, and tokens for first sight: more than are kept. */
const POOL = { seen: 64, first: 2048 };
/** Longer ago than sessions go without a renewal, shorter than they live. */
const AGO = 1_200_000;

/** What `fetch` of a page sends. */
const BACKGROUND = { "sec-fetch-dest": "empty" };

/** A kind of request to a subject, ready to be made. */
export interface Case {
  readonly handler: Handler;
  readonly jars: readonly Jar[];
}

/** Sets a subject up for a kind of request. */
export async function prepare(
  subject: Subject,
  kind: Kind,
  data: Data,
  secrets: readonly string[],
): Promise<Case> {
  const { does, cookie } = KINDS[kind];
  const isRotated = cookie === "oldest";
  const setup: Setup = {
    data,
    secrets: isRotated ? secrets : secrets.slice(0, 1),
    firstSight: cookie === "first",
  };
  const handlers = await subject.create(setup);
  const handler = handlers[does];
  if (!handler) throw new Error(`${subject.name} has no handler "${does}"`);
  if (cookie === "none") return { handler, jars: [new Map()] };

  let starter = handlers;
  if (isRotated) {
    starter = await subject.create({ data, secrets: secrets.slice(-1) });
  } else if (cookie === "old") {
    const now = () => Date.now() - AGO;
    starter = await subject.create({ ...setup, now });
  }
  const jars: Jar[] = [];
  const size = cookie === "first" ? POOL.first : POOL.seen;
  while (jars.length < size) {
    const jar = receive(await starter.start(requestWith(new Map())));
    // It has been at work, and has opened sound ones.
    if (cookie === "bad" && jars.length === 0) {
      await handlers.read(requestWith(jar));
    }
    const bad = kind === "malformed" ? malform(jar) : forge(jar);
    jars.push(cookie === "bad" ? bad : jar);
  }
  return { handler, jars };
}

/** A request of a kind. */
export function requestOf(kind: Kind, jar: Jar = new Map()): Request {
  return requestWith(jar, KINDS[kind].isBackground ? BACKGROUND : undefined);
}

/** Eight secrets, newest first. */
export function makeSecrets(): string[] {
  return Array.from({ length: 8 }, makeSecret);
}

/**
 * Shows that a subject does its work.
 *
 * @throws {Error} If it does not.
 */
export async function prove(
  subject: Subject,
  data: Data,
  secrets: readonly string[],
): Promise<void> {
  if (subject.role === "bare") return;
  const setup = { data, secrets: secrets.slice(0, 1) };
  const handlers = await subject.create(setup);
  const jar = receive(await handlers.start(requestWith(new Map())));
  expect(subject, jar.size > 0, "sets a cookie");
  const count = async (jar: Jar, { read } = handlers) =>
    await (await read(requestWith(jar))).text();
  const is = (value: string, other: string, what: string) =>
    expect(subject, value === other, `${what}: ${value}, not ${other}`);
  is(await count(jar), `${COUNT}`, "returns the value");
  is(await count(new Map()), NONE, "knows nobody without a cookie");
  is(await count(forge(jar)), NONE, "refuses a forged cookie");
  is(await count(malform(jar)), NONE, "refuses a malformed cookie");
  if (handlers.write) await proveWrite(subject, handlers, jar, count);
  if (subject.kinds.includes("rotated")) {
    const oldest = { data, secrets: secrets.slice(-1) };
    const old = await subject.create(oldest);
    const jar = receive(await old.start(requestWith(new Map())));
    const rotated = await subject.create({ data, secrets });
    is(await count(jar, rotated), `${COUNT}`, "opens with the oldest key");
    is(await count(jar), NONE, "refuses a key that it does not have");
  }
  await subject.prove?.(setup);
}

async function proveWrite(
  subject: Subject,
  { write }: Handlers,
  jar: Jar,
  count: (jar: Jar) => Promise<string>,
): Promise<void> {
  const response = await (write as Handler)(requestWith(jar));
  const hasCookie = response.headers.getSetCookie().length > 0;
  expect(subject, hasCookie || subject.hasStore, "sets a cookie on a write");
  const value = await count(receive(response, jar));
  expect(subject, value === `${COUNT + 1}`, `keeps a write: ${value}`);
}

/**
 * Looks at a response that was just measured.
 *
 * @throws {Error} If it is not what the kind asks for.
 */
export async function checkResponse(
  subject: Subject,
  kind: Kind,
  response: Response,
): Promise<void> {
  if (subject.role === "bare") return;
  const { does, cookie } = KINDS[kind];
  const text = await response.text();
  const isNone = cookie === "none" || cookie === "bad";
  const isGood = does === "untouched"
    ? text === "ok"
    : does === "write"
    ? Number(text) > COUNT
    : text === (isNone ? NONE : `${COUNT}`);
  expect(subject, isGood, `answers a ${kind} request: ${text}`);
  const isDue = does === "write" && !subject.hasStore || kind === "renewal";
  const hasCookie = response.headers.getSetCookie().length > 0;
  expect(subject, hasCookie || !isDue, `sets a cookie on ${kind}`);
}

function expect(subject: Subject, holds: unknown, what: string): void {
  if (!holds) throw new Error(`${subject.name} does not prove that it ${what}`);
}
