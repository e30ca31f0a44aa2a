import assert from "node:assert/strict";
import { type AnyData, type SessionStore, withSession } from "../../mod.ts";
import {
  createKvSimulator,
  type KvSimulator,
} from "../../testing/kv_simulator.ts";
import type { SimulatedKv } from "../../testing/simulated_kv.ts";
import { createClock, type TestClock } from "../../testing.ts";
import { Browser } from "../../testing/browser.ts";
import { SECRET } from "../shared/format.ts";
import { requestWith } from "../shared/support.ts";

const START = Date.UTC(2036, 0, 1);
export const MINUTE = 60_000;
export const LOCATIONS = 4;
/** Of most runs, and of each twentieth. */
const STEPS = 4;
const MANY_STEPS = 24;
/** How often a copy's end is looked for, in ms. */
const POLL = 3_000;

/** What happened in some runs. */
export interface Tally {
  logins: number;
  writes: number;
  reads: number;
  logouts: number;
  /** Reads of a session that there is. */
  known: number;
  /** Reads of what is older than the visitor's own last write. */
  stale: number;
  /** Reads that found no session where there is one. */
  loggedOut: number;
  /** Reads that found a session after its end. */
  ghosts: number;
  /** Requests that failed. */
  failed: number;
}

export function emptyTally(): Tally {
  const none = { logins: 0, writes: 0, reads: 0, logouts: 0, known: 0 };
  return { ...none, stale: 0, loggedOut: 0, ghosts: 0, failed: 0 };
}

export function add(total: Tally, more: Tally): void {
  for (const name of Object.keys(more) as (keyof Tally)[]) {
    total[name] += more[name];
  }
}

type Visit = (
  cookie: string,
  path: string,
  location?: number,
) => Promise<Response>;

/** Handlers in all locations, which are used for many runs. */
export interface World {
  /** The operations since the last time. */
  take(): Record<string, number>;
  /** Begins anew, with an empty KV. */
  begin(
    seed: number,
    propagation?: [shortest: number, longest: number],
  ): { clock: TestClock; visit: Visit };
}

type Open = (namespace: SimulatedKv, clock: TestClock) => SessionStore;

/** Worlds for runs at the same time: most of one is waiting for WebCrypto. */
export function openWorlds(
  open: Open,
  openRevocations?: (clock: TestClock) => SessionStore,
): World[] {
  return Array.from({ length: 8 }, () => openWorld(open, openRevocations));
}

/** Does something with each seed, in whatever world is free. */
export async function forEach<Result>(
  worlds: readonly World[],
  first: number,
  length: number,
  work: (world: World, seed: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let seed = first;
  await Promise.all(worlds.map(async (world) => {
    while (seed < first + length) results.push(await work(world, seed++));
  }));
  return results;
}

export function openWorld(
  open: Open,
  openRevocations?: (clock: TestClock) => SessionStore,
): World {
  let simulator: KvSimulator;
  let taken: Record<string, number> = {};
  const clock: TestClock = {
    now: () => simulator.now(),
    advance: (ms) => simulator.advance(ms),
  };
  const count = (op: string) => void (taken[op] = (taken[op] ?? 0) + 1);
  const revocations = openRevocations?.(clock);
  const handlers = Array.from({ length: LOCATIONS }, (_, location) => {
    const here = () => simulator.at(location);
    const namespace: SimulatedKv = {
      get: (...args) => (count("get"), here().get(...args)),
      put: (...args) => (count("put"), here().put(...args)),
      delete: (...args) => (count("delete"), here().delete(...args)),
      list: (...args) => (count("list"), here().list(...args)),
    };
    return withSession<AnyData>(async (request, session) => {
      const { pathname, searchParams } = new URL(request.url);
      const n = Number(searchParams.get("n"));
      if (pathname === "/login") session.login("Ada");
      if (pathname === "/logout") session.destroy();
      else if (n) session.set("n", n);
      const size = Number(searchParams.get("size"));
      if (size) session.set("text", "x".repeat(size));
      return await Promise.resolve(
        Response.json(
          session.isNew
            ? null
            : { n: session.get("n"), userId: session.userId },
        ),
      );
    }, {
      secret: SECRET,
      store: open(namespace, clock),
      revocations,
      now: clock.now,
      // Nothing moves while a request waits: it need not.
      storeTimeout: 0.09,
    });
  });
  return {
    take: () => {
      const result = taken;
      taken = {};
      return result;
    },
    begin: (seed, propagation) => {
      simulator = createKvSimulator({
        seed,
        ...propagation && { propagation },
        locations: LOCATIONS,
        clock: createClock(START),
      });
      const visit: Visit = async (cookie, path, location = 0) => {
        const url = `https://example.com/${path}`;
        const handler = handlers[location];
        assert.ok(handler);
        return await handler(
          cookie ? requestWith(cookie, url) : new Request(url),
        );
      };
      return { clock, visit };
    },
  };
}

/** A visitor and somebody with copies of his cookies, for a dozen requests. */
export async function run(
  world: World,
  seed: number,
  tally: Tally,
  more = "",
): Promise<void> {
  const { clock, visit } = world.begin(seed);
  const random = createRandom(seed + 7_000_000);
  const anywhere = () => Math.floor(random() * LOCATIONS);
  const browser = new Browser(
    (request) => {
      const { pathname, search } = new URL(request.url);
      const cookie = request.headers.get("cookie") ?? "";
      return visit(cookie, `${pathname.slice(1)}${search}`, anywhere());
    },
    { now: clock.now },
  );
  // By seed, a visitor who mostly reads, or mostly writes.
  const readiness = 0.3 + 0.6 * random();
  let n = 0;
  let isIn = false;
  let copy = "";
  const steps = seed % 20 === 0 ? MANY_STEPS : STEPS;
  for (let step = 0; step < steps; step++) {
    clock.advance(Math.floor(random() * (MINUTE + 1)));
    if (copy && random() < 0.3) {
      // Fills the caches of other locations with what is old.
      await visit(copy, "read", anywhere()).catch(() => {});
    }
    const what = random();
    try {
      if (!isIn && (what < 0.6 || !step) || isIn && what < 0.05) {
        await browser.get(`/login?n=${n + 1}${more}`);
        tally.logins++;
        n++;
        isIn = true;
      } else if (isIn && what < 0.12) {
        await browser.get("/logout");
        tally.logouts++;
        isIn = false;
      } else if (isIn && random() > readiness) {
        await browser.get(`/write?n=${n + 1}${more}`);
        tally.writes++;
        n++;
      } else {
        const found = await see(await browser.get("/read"));
        tally.reads++;
        if (!isIn) {
          if (found) tally.ghosts++;
        } else if (!found) {
          tally.loggedOut++;
          isIn = false;
        } else {
          tally.known++;
          if (found.n < n) tally.stale++;
          assert.ok(found.n <= n);
        }
      }
    } catch (error) {
      if (
        !/^(Cannot (save|write|go on)|Store )/.test((error as Error).message)
      ) {
        throw error;
      }
      tally.failed++;
    }
    const value = browser.cookie("__Host-sid");
    if (value && random() < 0.4) copy = `__Host-sid=${value}`;
  }
}

/** For how many ms a copy of a cookie is good after the visitor's logout. */
export async function outlive(world: World, seed: number): Promise<number> {
  const { clock, visit } = world.begin(seed);
  const random = createRandom(seed + 8_000_000);
  const anywhere = () => Math.floor(random() * LOCATIONS);
  const cookie = cookieOf(await visit("", "login?n=1", anywhere()));
  const place = anywhere();
  // From a logout at once to one long after the last write.
  for (let quiet = Math.floor(random() * 4 * MINUTE); quiet > 0;) {
    const ms = Math.min(quiet, 10_000);
    clock.advance(ms);
    await visit(cookie, "read", place).catch(() => {});
    quiet -= ms;
  }
  clock.advance(1_001);
  await visit(cookie, "logout", anywhere());
  const ended = clock.now();
  let last = ended;
  for (;;) {
    const response = await visit(cookie, "read", place).catch(() => undefined);
    const isOver = response && !await see(response);
    if (isOver || clock.now() > ended + 4 * MINUTE) return last - ended;
    if (response) last = clock.now();
    clock.advance(POLL);
  }
}

/** What a request finds of its session. */
export interface Seen {
  readonly n: number;
  readonly userId?: string;
}

export async function see(response: Response): Promise<Seen | null> {
  return await response.json();
}

export function cookieOf(response: Response): string {
  const [line = ""] = response.headers.getSetCookie();
  return line.split(";")[0] ?? "";
}

/** Numbers from 0 to below 1 that a seed decides: a 32-bit xorshift. */
function createRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
