import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, type SessionOptions, withSession } from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import { type Costs, costsOf, turnsOf } from "./shared/costs.ts";
import { cryptoCalls } from "./shared/crypto_calls.ts";
import { watch } from "./shared/store_bench.ts";
import {
  type Bench,
  NAVIGATION,
  requestWith,
  setUp,
  tokenOf,
  turn,
} from "./shared/support.ts";

// What a request costs in numbers that are the same on every machine and in
// every runtime. A change that makes one of them larger has to be a choice.

type Deed = "nothing" | "read" | "write";

/** A request: who sends what, and what the handler does with its session. */
interface Kind {
  readonly does: Deed;
  /** What the visitor sends of the token that they have; none without it. */
  readonly cookie?: (token: string, bench: Bench) => string;
  readonly options?: Partial<SessionOptions>;
  /** What another process has sealed the token with. */
  readonly before?: Partial<SessionOptions>;
  readonly costs: Costs;
  /** Calls of the store, for the same in a store. */
  readonly calls: readonly string[];
  /** Turns of the queue until it is answered, where nothing is waited for. */
  readonly turns?: number;
}

const SECRETS = Array.from(
  { length: 8 },
  (_, i) => `${i} is the first letter of a secret that has 8 of its kind`,
);
const good = (token: string) => token;
/** `Cookie`, and the names of all that the response says already. */
const READ = { getHeader: 1, listHeaders: 1, appendHeader: 2 };
/** The same; `Set-Cookie` in place of what caches may, on a copy. */
const SENT = {
  response: 1,
  getHeader: 1,
  listHeaders: 1,
  appendHeader: 2,
  setHeader: 1,
};
const SEALED = { random: 1, encrypt: 1, stringify: 1 };
/** `Upgrade`, too: a handshake could not keep it. */
const WRITTEN = { ...SENT, ...SEALED, getHeader: 2 };

const KINDS: Readonly<Record<string, Kind>> = {
  "without a cookie": { does: "read", costs: READ, calls: [], turns: 1 },
  "whose session nobody asks for": {
    does: "nothing",
    cookie: good,
    costs: { getHeader: 1 },
    calls: ["get"],
    turns: 1,
  },
  "whose session nobody asks for, where it is lazy": {
    does: "nothing",
    cookie: good,
    options: { lazy: true } as object,
    costs: {},
    calls: [],
    turns: 1,
  },
  "that reads a cookie seen before": {
    does: "read",
    cookie: good,
    costs: READ,
    calls: ["get"],
    turns: 1,
  },
  "that reads a cookie at first sight": {
    does: "read",
    cookie: good,
    options: { tokenCache: 0 },
    costs: { ...READ, decrypt: 1, decodeText: 1, parse: 1 },
    calls: ["get"],
  },
  "that writes, with a cookie seen before": {
    does: "write",
    cookie: good,
    costs: WRITTEN,
    calls: ["get", "update"],
  },
  "with a malformed cookie": {
    does: "read",
    cookie: (token) => `${token}!`,
    // Its cookie is cleared.
    costs: { ...SENT, getHeader: 2 },
    calls: [],
  },
  "with a forged cookie": {
    does: "read",
    cookie: (token) => turn(token, -1, 1),
    costs: { ...SENT, getHeader: 2, decrypt: 1 },
    calls: [],
  },
  "with the oldest of 8 secrets": {
    does: "read",
    cookie: good,
    before: { secret: SECRETS.slice(-1) },
    options: { secret: SECRETS, tokenCache: 0 },
    costs: { ...READ, decrypt: 1, decodeText: 1, parse: 1 },
    calls: ["get"],
  },
  "that renews the idle timeout": {
    does: "read",
    cookie(token, { clock }) {
      clock.advance(600);
      return token;
    },
    // `Sec-Fetch-Dest`.
    costs: { ...SENT, ...SEALED, getHeader: 2 },
    calls: ["get"],
  },
};

/** A request of a kind, to a process that has served such requests before. */
async function prepare(kind: Kind, more: Partial<SessionOptions> = {}) {
  const { cookie, options, before } = kind;
  const bench = setUp({ tokenCache: undefined, ...options, ...more } as object);
  const { onEvent: _, ...sealing } = bench.options;
  // A response is the handler's own affair: it is there before.
  const responses: Response[] = [];
  let deed: Deed;
  const wrap = (options: SessionOptions) =>
    withSession((_request, given: unknown) => {
      const response = responses.pop() as Response;
      return deed === "nothing" ? response : act(given, deed, response);
    }, options);
  const handle = wrap(sealing);
  const start = before ? wrap({ ...sealing, ...before }) : handle;
  const url = "https://example.com/";
  const send = async () => {
    deed = "write";
    responses.push(new Response("ok"));
    const token = tokenOf(await start(new Request(url)));
    deed = kind.does;
    responses.push(new Response("ok"), new Response("ok"), new Response("ok"));
    if (!cookie) return new Request(url);
    const value = `a=b; __Host-sid=${cookie(token, bench)}; c=d`;
    return requestWith(value, url, NAVIGATION);
  };
  // All that a process does once.
  await handle(await send());
  return { handle, request: await send() };
}

/** Where the session is there, the response is, too. */
function act(
  given: unknown,
  deed: Deed,
  response: Response,
): Response | Promise<Response> {
  if (typeof given === "function") {
    return given().then((session: Session) => act(session, deed, response));
  }
  const session = given as Session;
  if (deed === "write") session.set("n", Number(session.get("n") ?? 0) + 1);
  else session.get("n");
  return response;
}

describe("a request, data in the cookie,", () => {
  for (const [name, kind] of Object.entries(KINDS)) {
    it(`${name} costs ${list(kind.costs)}`, async () => {
      const { handle, request } = await prepare(kind);
      assert.deepEqual(await costsOf(() => handle(request)), kind.costs);
      if (kind.turns !== undefined) {
        assert.equal(await turnsOf(() => handle(request)), kind.turns);
      }
    });
  }
});

describe("a request, data in a store,", () => {
  for (const [name, kind] of Object.entries(KINDS)) {
    it(`${name} calls it ${kind.calls.length} times`, async () => {
      const watched = watch(new MemoryStore());
      const now = Date.now;
      // The store has a clock of its own.
      const more = name.includes("renews") ? {} : { now };
      const { handle, request } = await prepare(kind, {
        ...more,
        store: watched.store,
      });
      watched.calls.splice(0);
      await handle(request);
      assert.deepEqual(watched.calls.map(({ op }) => op), kind.calls);
    });
  }
});

describe("a cookie seen before, data in a store,", () => {
  for (const does of ["read", "write"] as const) {
    it(`costs no call of WebCrypto to ${does}`, async () => {
      const kind: Kind = { does, cookie: good, costs: {}, calls: [] };
      const { handle, request } = await prepare(kind, {
        store: new MemoryStore(),
        now: Date.now,
      });
      assert.deepEqual(await cryptoCalls(() => handle(request)), {});
    });
  }
});

function list(costs: Costs): string {
  return Object.entries(costs).map(([name, n]) => `${n} ${name}`).join(", ") ||
    "nothing";
}
