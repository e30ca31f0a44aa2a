import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionEvent,
  type StandardSchema,
  withSession,
} from "../../mod.ts";
import {
  enter,
  enterSeen,
  type Exchange,
  lastOf,
} from "../../src/request/exchange.ts";
import {
  assertHarmless,
  Clock,
  markedSecret,
  requestWith,
  router,
  tokenOf,
  turn,
} from "../shared/support.ts";

const url = "https://example.com/";
/** In every value, so that one search finds all of them. */
const WORD = "swordfish";

/** All that the library told while a program went well and badly. */
interface Told {
  readonly texts: string[];
  readonly tokens: string[];
  readonly events: SessionEvent[];
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? "";
  const { name, message, stack = "", cause } = error;
  const rest = JSON.stringify(error);
  return [name, message, stack, rest, cause ? textOf(cause) : ""].join("\n");
}

/** A schema that quotes what it refuses, as some libraries do. */
const talkative: StandardSchema<Record<string, unknown>> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ({
      issues: [{ message: `Not ${JSON.stringify(value)}`, path: ["word"] }],
    }),
  },
};

/** Uses everything once, right and wrong. */
async function live(secret: string): Promise<Told> {
  const clock = new Clock();
  const events: SessionEvent[] = [];
  const texts: string[] = [];
  const tokens: string[] = [];
  const options = {
    secret,
    now: () => clock.now,
    onEvent: (event: SessionEvent) => void events.push(event),
  };
  const attempt = async (action: () => unknown) => {
    try {
      return await action();
    } catch (error) {
      texts.push(textOf(error));
      return undefined;
    }
  };
  let late: (() => void) | undefined;
  const routes = router({
    set(session) {
      session.set("word", WORD);
      session.flash("word", WORD);
      late = () => session.set("word", `${WORD}!`);
    },
    login: (session) => session.login(`${WORD}@example.com`),
    read: (session) => session.id,
    date: (session) => session.set("bad", { [WORD]: 1, at: new Date(0) }),
    huge: (session) => session.set("huge", WORD.repeat(1_000)),
    after(session) {
      session.destroy();
      session.set("word", WORD);
    },
    destroy: (session) => session.destroy(),
  });
  const handle = withSession(routes, options);
  const ask = async (path: string, token?: string, more = {}) => {
    const request = token === undefined
      ? new Request(url + path)
      : requestWith(`__Host-sid=${token}`, url + path);
    const run = Object.keys(more).length
      ? withSession(routes, { ...options, ...more })
      : handle;
    const response = await attempt(() => run(request));
    if (!(response instanceof Response)) return "";
    if (!response.headers.getSetCookie().length) return "";
    const made = tokenOf(response);
    if (made) tokens.push(made);
    return made;
  };

  const first = await ask("set");
  await attempt(() => late?.());
  const second = await ask("login", first);
  await ask("read", second);
  await ask("date", second);
  await ask("huge", second);
  // An end stands, so it is of a session of its own.
  await ask("after", await ask("set"));
  for (const bad of [`${second}=`, turn(second, -1, 1), turn(second, 1, 1)]) {
    await ask("read", bad);
  }
  await ask("set", second, { schema: talkative });
  await ask("set", undefined, { schema: talkative });
  await ask("read", second, { secret: [markedSecret(), secret] });
  await ask("set", undefined, {
    codec: {
      stringify: () => {
        throw new Error("of the codec");
      },
      parse: JSON.parse,
    },
  });
  await attempt(() =>
    handle(
      requestWith(`__Host-sid=${first}; __Host-sid=${second}`, `${url}set`),
    )
  );
  await attempt(() => handle(new Request("http://example.com/set")));
  await ask("destroy", second);
  clock.advance(300);
  await ask("read", second);
  clock.advance(86_400);
  await ask("read", second);
  clock.advance(-90_000);
  await ask("read", second);
  await attempt(() =>
    withSession(routes, { ...options, secret: [secret, secret] })
  );
  await attempt(() => createSessions({ secret: secret.slice(0, 20) }));
  await attempt(() => createSessions({ secret, cookie: { name: "a b" } }));
  return { texts: [...texts, JSON.stringify(events)], tokens, events };
}

describe("Leaks", () => {
  it("events and errors show no token, secret, sid or value", async () => {
    const secret = markedSecret();
    const { texts, tokens, events } = await live(secret);
    const types = new Set(events.map(({ type }) => type));
    const told = [
      "created",
      "destroyed",
      "duplicate",
      "expired",
      "insecure",
      "late-write",
      "opened",
      "oversize",
      "rejected",
      "renewed",
    ];
    for (const type of told) {
      assert.ok(types.has(type as SessionEvent["type"]), `no event ${type}`);
    }
    assert.ok(texts.length >= 9, `only ${texts.length} errors`);
    assert.ok(tokens.length >= 3, `only ${tokens.length} tokens`);
    assertHarmless(events);

    const all = texts.join("\n");
    assert.equal(all.includes(WORD), false, "a value");
    for (
      const [what, text] of [
        ["secret", secret],
        ...tokens.map((token) => ["token", token]),
      ]
    ) {
      // No part of it either that would be worth knowing.
      for (let at = 0; at + 12 <= `${text}`.length; at++) {
        const part = `${text}`.slice(at, at + 12);
        assert.equal(all.includes(part), false, `${what} from ${at}`);
      }
    }
  });

  it("no property of a session leads to its state or the secret", async () => {
    const sessions = createSessions({ secret: markedSecret() });
    const session = sessions.create();
    session.login("ada");
    await sessions.seal(session);
    const seen = new Set<unknown>();
    const walk = (value: unknown): void => {
      if (Object(value) !== value || seen.has(value)) return;
      // What belongs to the language leads to no session.
      if (value === Object.prototype) return;
      seen.add(value);
      const object = value as object;
      for (const key of Reflect.ownKeys(object)) {
        const { value, get, set } =
          Object.getOwnPropertyDescriptor(object, key) ?? {};
        [value, get, set].forEach(walk);
        if (object === session.constructor && typeof value === "function") {
          assert.fail(`The class of sessions has ${String(key)}()`);
        }
      }
      if (typeof object !== "function") walk(Object.getPrototypeOf(object));
    };
    walk(session);
    assert.ok(seen.has(session.constructor));
    for (const each of seen) {
      assert.ok(
        typeof each === "function" || each === session ||
          each === Object.getPrototypeOf(session),
      );
    }
  });

  it("nothing is written to the console", async () => {
    const names = ["debug", "error", "info", "log", "trace", "warn"] as const;
    const kept = names.map((name) => [name, console[name]] as const);
    const calls: unknown[] = [];
    for (const name of names) {
      console[name] = (...args: unknown[]) => void calls.push(args);
    }
    try {
      await live(markedSecret());
    } finally {
      for (const [name, method] of kept) console[name] = method;
    }
    assert.deepEqual(calls, []);
  });

  it("a cookie shows none of the data", async () => {
    const { tokens } = await live(markedSecret());
    for (const token of tokens) {
      const text = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
      assert.equal(text.includes(WORD), false);
      assert.equal(token.includes(WORD), false);
    }
  });
});

describe("a request whose session is open", () => {
  it("shows nothing of it by its symbols, but to the library", () => {
    const exchange = { isEnded: false } as Exchange;
    const ways: ((request: object) => void)[] = [
      (request) => enter(request, exchange),
      (request) => enterSeen(request, { seen: exchange }),
    ];
    for (const way of ways) {
      const request = {};
      way(request);
      assert.equal(lastOf(request), exchange);
      const [symbol] = Object.getOwnPropertySymbols(request);
      const ask = Reflect.get(request, symbol as symbol);
      for (const key of [undefined, {}, symbol, request]) {
        assert.equal(ask(key), undefined);
      }
    }
  });
});
