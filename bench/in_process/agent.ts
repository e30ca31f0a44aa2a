// The part of the benchmark that runs inside a runtime: a handler that is told
// over HTTP which batch of requests to make.

import { cryptoCalls } from "../../tests/shared/crypto_calls.ts";
import { dataOf } from "./data.ts";
import { bytesOf } from "./jar.ts";
import {
  type Case,
  checkResponse,
  KINDS,
  makeSecrets,
  prepare,
  prove,
  requestOf,
} from "./kinds.ts";
import type { Handler, Kind, Subject } from "./subject.ts";

/** Which requests a batch is made of. */
export interface BatchOf {
  readonly subject: string;
  readonly kind: Kind;
  readonly bytes: number;
}

/** How many requests, and how many of them at a time. */
export interface Load {
  readonly requests: number;
  readonly inFlight: number;
  /** How many `Request` objects take turns, at most. */
  readonly pool: number;
}

/** What a batch took; nothing in workerd, whose clock stands still. */
export interface Batch {
  readonly ms: number;
}

/** What a kind of request needs, counted. */
export interface Counted {
  /** WebCrypto calls in one request. */
  readonly calls: Readonly<Record<string, number>>;
  /** `Set-Cookie` lines in one request. */
  readonly lines: number;
  /** Bytes of the cookies that come with it. */
  readonly cookieBytes: number;
}

interface Ready extends Case {
  readonly subject: Subject;
  readonly kind: Kind;
  /** Where the next batch goes on. */
  cursor: number;
}

const COUNTED = 4;

/** Makes the handler. */
export function agent(subjects: readonly Subject[]): Handler {
  const ready = new Map<string, Ready>();
  const actions: Record<string, (body: never) => Promise<unknown>> = {
    subjects: () => Promise.resolve(subjects.map(describe)),
    prove: async ({ subject, bytes }: BatchOf) => {
      await quietly(() =>
        prove(named(subjects, subject), dataOf(bytes), makeSecrets())
      );
      return {};
    },
    prepare: async (of: BatchOf) => {
      const subject = named(subjects, of.subject);
      const { kind, bytes } = of;
      const data = dataOf(bytes);
      const made = await prepare(subject, kind, data, makeSecrets());
      ready.set(nameOf(of), { ...made, subject, kind, cursor: 0 });
      return {};
    },
    count: (of: BatchOf) => count(prepared(ready, of)),
    run: (of: BatchOf & Load) => run(prepared(ready, of), of),
  };
  return async (request) => {
    const name = new URL(request.url).pathname.slice(1);
    try {
      const answer = await actions[name]?.(await request.json() as never);
      return Response.json(answer ?? { failure: `No action ${name}` });
    } catch (error) {
      const failure = error instanceof Error ? error.stack : String(error);
      return Response.json({ failure });
    }
  };
}

async function run(
  ready: Ready,
  { requests, inFlight, pool: most }: Load,
): Promise<Batch> {
  const { handler, jars, subject, kind } = ready;
  const size = Math.min(jars.length, most);
  const pool = Array.from({ length: size }, (_, index) => {
    return requestOf(kind, jars[(ready.cursor + index) % jars.length]);
  });
  ready.cursor += requests;
  let begun = 0;
  let bad = 0;
  let last: Response | undefined;
  async function client(): Promise<void> {
    while (begun < requests) {
      last = await handler(pool[begun++ % size] as Request);
      if (last.status !== 200) bad++;
    }
  }
  const work = async () => {
    const start = performance.now();
    await Promise.all(Array.from({ length: inFlight }, client));
    return performance.now() - start;
  };
  const ms = subject.isLoud ? await quietly(work) : await work();
  if (bad > 0) throw new Error(`${subject.name}: ${bad} bad answers`);
  if (last) await checkResponse(subject, kind, last);
  return { ms };
}

async function count(ready: Ready): Promise<Counted> {
  const { handler, jars, subject, kind } = ready;
  const isFirst = KINDS[kind].cookie === "first";
  const next = () =>
    requestOf(kind, jars[isFirst ? ready.cursor++ % jars.length : 0]);
  let lines = 0;
  const once = async () => {
    lines = (await handler(next())).headers.getSetCookie().length;
  };
  return await quietly(async () => {
    // Keys are made, and what can be kept is kept.
    await once();
    const calls = await cryptoCalls(async () => {
      for (let done = 0; done < COUNTED; done++) await once();
    });
    const each = Object.entries(calls).map(([name, number]) => {
      if (number % COUNTED === 0) return [name, number / COUNTED];
      throw new Error(`${subject.name}: ${name} is not the same each time`);
    });
    const cookieBytes = bytesOf(jars[0] ?? new Map());
    return { calls: Object.fromEntries(each), lines, cookieBytes };
  });
}

/** Without what the subjects write to the console, which is no part of it. */
async function quietly<Result>(run: () => Promise<Result>): Promise<Result> {
  const { error, warn } = console;
  console.error = console.warn = () => {};
  try {
    return await run();
  } finally {
    Object.assign(console, { error, warn });
  }
}

function describe({ create: _create, prove: _prove, ...rest }: Subject) {
  return rest;
}

function nameOf({ subject, kind, bytes }: BatchOf): string {
  return `${subject} ${kind} ${bytes}`;
}

function named(subjects: readonly Subject[], name: string): Subject {
  const found = subjects.find((subject) => subject.name === name);
  if (!found) throw new Error(`No subject ${name}`);
  return found;
}

function prepared(ready: ReadonlyMap<string, Ready>, of: BatchOf): Ready {
  const found = ready.get(nameOf(of));
  if (!found) throw new Error(`${nameOf(of)} is not prepared`);
  return found;
}
