import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions, withSession } from "../../mod.ts";
import { TokenCache } from "../../src/token/token_cache.ts";
import type { Unsealed } from "../../src/token/content.ts";
import { cryptoCalls } from "../shared/crypto_calls.ts";
import { FORGERIES } from "../shared/forgeries.ts";
import { contentOf } from "../shared/rings.ts";
import {
  type Handler,
  requestWith,
  setUp,
  tokenOf,
  typesOf,
} from "../shared/support.ts";

/** Sessions of one process that remembers what it has opened. */
function begin(more: Partial<SessionOptions> = {}) {
  const bench = setUp({ tokenCache: undefined, ...more as object });
  const sessions = createSessions(bench.options);
  /** As another process would, which knows none of the tokens. */
  const elsewhere = () => createSessions(bench.options);
  return {
    ...bench,
    sessions,
    elsewhere,
    async make(values: Record<string, unknown> = { n: 1 }, at = sessions) {
      const session = at.create();
      for (const [key, value] of Object.entries(values)) {
        session.set(key, value);
      }
      return await at.seal(session);
    },
    reader: (handler: Handler) => withSession(handler, bench.options),
  };
}

describe("tokenCache", () => {
  it("opens a token once, and none that was made here", async () => {
    const { sessions, elsewhere, make } = begin();
    const [own, foreign] = [await make(), await make({ n: 2 }, elsewhere())];
    const read = async () => {
      assert.equal((await sessions.unseal(own))?.get("n"), 1);
      assert.equal((await sessions.unseal(foreign))?.get("n"), 2);
    };
    assert.equal((await cryptoCalls(read)).decrypt, 1);
    assert.deepEqual(await cryptoCalls(read), {});
  });

  it("keeps none with 0", async () => {
    const { sessions, make } = begin({ tokenCache: 0 });
    const token = await make();
    for (let i = 0; i < 2; i++) {
      const read = () => sessions.unseal(token);
      assert.deepEqual(await cryptoCalls(read), { decrypt: 1 });
    }
  });

  it("counts a text that is compressed at its length", async () => {
    const { sessions, make } = begin({ tokenCache: 100_000, compress: true });
    const tokens = [];
    for (const end of "abc") {
      tokens.push(await make({ n: "a".repeat(20_000) + end }));
    }
    assert.ok(`${tokens}`.length < 1_000);
    for (const [token, decrypt] of [[tokens[2], 0], [tokens[1], 1]] as const) {
      const calls = await cryptoCalls(() => sessions.unseal(`${token}`));
      assert.equal(calls.decrypt ?? 0, decrypt);
    }
    const long = await make({ n: "a".repeat(30_000) });
    const calls = await cryptoCalls(() => sessions.unseal(long));
    assert.equal(calls.decrypt, 1, "longer than the cache");
  });

  it("opens no forgery of a token that it knows", async () => {
    const { sessions, make } = begin();
    const [token, other] = [await make(), await make()];
    for (const known of [token, other]) assert.ok(await sessions.unseal(known));
    let count = 0;
    for (const forge of Object.values(FORGERIES)) {
      for (const forgery of new Set(forge(token, other))) {
        if (forgery === token || forgery === other) continue;
        assert.equal(await sessions.unseal(forgery), null);
        count++;
      }
    }
    assert.ok(count >= 1500, `only ${count}`);
    assert.ok(await sessions.unseal(token));
  });

  it("opens no token of another cookie, secret or purpose", async () => {
    const { options, sessions, make } = begin();
    const token = await make();
    assert.ok(await sessions.unseal(token));
    for (
      const other of [
        { cookie: { name: "__Host-other" } },
        { secret: "another secret of 32 bytes, and more: 4711" },
      ]
    ) {
      const { unseal } = createSessions({ ...options, ...other });
      assert.equal(await unseal(token), null);
      assert.equal(await unseal(token), null);
    }
  });

  it("asks each time whether a session has ended", async () => {
    const { sessions, make, clock, events } = begin({ idleTimeout: 60 });
    const token = await make();
    assert.ok(await sessions.unseal(token));
    clock.advance(60);
    events.splice(0);
    for (let i = 0; i < 2; i++) {
      assert.equal(await sessions.unseal(token), null);
      assert.deepEqual(typesOf(events), ["expired"]);
    }
    clock.advance(-122);
    assert.equal(await sessions.unseal(token), null, "From the future");
    assert.deepEqual(
      events.splice(0).map((event) => ({ ...event, keyId: 0 })),
      [
        { type: "rejected", reason: "future", keyId: 0 },
      ],
    );
    clock.advance(63);
    assert.ok(await sessions.unseal(token));
  });

  it("tells the listener of each request", async () => {
    const { sessions, make, events } = begin();
    const token = await make();
    events.splice(0);
    for (let i = 0; i < 3; i++) await sessions.unseal(token);
    assert.deepEqual(typesOf(events), ["opened", "opened", "opened"]);
  });

  it("lets no request see what another one does with its values", async () => {
    const { make, reader } = begin();
    const token = await make({ n: 1, list: [1], deep: { a: { b: 1 } } });
    const cookie = `__Host-sid=${token}`;
    const change = reader((_request, session) => {
      const list = session.get("list") as number[];
      assert.throws(() => list.push(2), TypeError);
      const deep = session.get("deep") as { a: { b: number } };
      assert.throws(() => deep.a.b = 2, TypeError);
      session.set("list", [...list, 2]);
      session.delete("deep");
      session.set("n", 2);
      session.flash("notice", "Saved");
      session.login("ada");
      session.regenerate();
      return new Response();
    });
    const see = reader((_request, session) =>
      Response.json([session.id, session.userId ?? null, session])
    );
    const before = await (await see(requestWith(cookie))).json();
    assert.deepEqual(before[2], { n: 1, list: [1], deep: { a: { b: 1 } } });
    for (let i = 0; i < 3; i++) {
      assert.notEqual(tokenOf(await change(requestWith(cookie))), token);
      assert.deepEqual(await (await see(requestWith(cookie))).json(), before);
    }
  });

  it("gives a schema values of its own each time", async () => {
    const { elsewhere, make, options } = begin();
    const token = await make({ old: { n: 1 } }, elsewhere());
    const sessions = createSessions({
      ...options,
      schema: {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: (value) =>
            "n" in (value as object)
              ? { value: value as { n: number } }
              : { issues: [{ message: "No n" }] },
        },
      },
      migrate: (value) => {
        const { old } = value as { old: { n: number } };
        old.n++;
        return { n: old.n };
      },
    });
    for (let i = 0; i < 3; i++) {
      assert.equal((await sessions.unseal(token))?.get("n"), 2);
    }
  });

  it("gives values of any codec as a copy for each request", async () => {
    const codec = {
      stringify: (value: unknown) =>
        JSON.stringify(
          value,
          (_key, value) => value instanceof Map ? { map: [...value] } : value,
        ),
      parse: (text: string) =>
        JSON.parse(
          text,
          (_key, value) =>
            Array.isArray(value?.map) ? new Map(value.map) : value,
        ),
    };
    const { sessions, make } = begin({ codec });
    const token = await make({ map: new Map([["a", 1]]) });
    for (let i = 0; i < 3; i++) {
      const session = await sessions.unseal(token);
      const map = session?.get("map") as Map<string, number>;
      assert.deepEqual([...map], [["a", 1]]);
      map.set("b", 2);
    }
  });

  it("opens what came in a long header, and keeps the token alone", async () => {
    const { elsewhere, make, reader } = begin();
    const token = await make({ n: 5 }, elsewhere());
    const see = reader((_request, session) => Response.json(session));
    for (let i = 0; i < 2; i++) {
      const cookie = `a=${"x".repeat(3000)}; __Host-sid=${token}; b=c`;
      assert.deepEqual(await (await see(requestWith(cookie))).json(), { n: 5 });
    }
  });
});

describe("OpenedTokens", () => {
  const content: Unsealed = { ...contentOf(), keyId: 1, isStale: false };
  const tokenOf = (number: number) => `${number}`.padStart(1000, "A");

  it("keeps as much as fits, and what is asked for longer", () => {
    const tokens = new TokenCache(100_000);
    let known = 0;
    for (let i = 0; i < 1000; i++) {
      tokens.set(tokenOf(i), content);
      assert.equal(tokens.get(tokenOf(0)), content);
    }
    for (let i = 0; i < 1000; i++) if (tokens.get(tokenOf(i))) known++;
    assert.ok(known > 10 && known < 40, `${known}`);
    assert.equal(tokens.get(tokenOf(999)), content);
  });

  it("finds nothing by the end of a token alone", () => {
    const tokens = new TokenCache(100_000);
    tokens.set(tokenOf(1), content);
    assert.equal(tokens.get(`B${tokenOf(1).slice(1)}`), undefined);
    assert.equal(tokens.get(tokenOf(1).slice(1)), undefined);
    assert.equal(tokens.get(""), undefined);
  });

  it("counts a token once, however often it is set", () => {
    const tokens = new TokenCache(10_000);
    for (let i = 0; i < 100; i++) {
      tokens.set(tokenOf(1), content);
      assert.equal(tokens.get(tokenOf(1)), content);
    }
    tokens.set(tokenOf(2), content);
    assert.equal(tokens.get(tokenOf(1)), content);
    assert.equal(tokens.get(tokenOf(2)), content);
  });

  it("lets one that was used once stay for one more round", () => {
    // A look counts as a use, so each state has a cache of its own.
    const isLeft = (number: number, others: number) => {
      const tokens = new TokenCache(3 * 4_600);
      for (let i = 0; i < 3; i++) tokens.set(tokenOf(i), content);
      tokens.get(tokenOf(0));
      for (let i = 3; i < 3 + others; i++) tokens.set(tokenOf(i), content);
      return tokens.get(tokenOf(number)) !== undefined;
    };
    assert.deepEqual([isLeft(0, 1), isLeft(1, 1)], [true, false]);
    assert.deepEqual([isLeft(0, 2), isLeft(2, 2)], [true, false]);
    assert.deepEqual([isLeft(0, 3), isLeft(3, 3)], [true, false]);
    assert.equal(isLeft(0, 4), false);
  });

  it("keeps nothing that is larger than all there is", () => {
    const tokens = new TokenCache(4600);
    tokens.set(tokenOf(1), content);
    tokens.set(tokenOf(2) + "A", content);
    assert.equal(tokens.get(tokenOf(2) + "A"), undefined);
    assert.equal(tokens.get(tokenOf(1)), content);
  });
});
