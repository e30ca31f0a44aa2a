import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AnyData,
  createSessions,
  type Session,
  type SessionError,
  type SessionHandler,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import { type MoreOptions, typesOf } from "../shared/support.ts";
import { moved, show } from "./_foreign.ts";

const ANN = ["ann", { cart: [1, 2] }];
const NOBODY = [null, {}];
const OURS = "__Host-sid";

const STORES = {
  "in cookies": () => ({}),
  "in a strong store": () => ({ store: new MemoryStore() }),
  "in a late store": () => ({ store: new LateStore(90) }),
} as const;

for (const [where, options] of Object.entries(STORES)) {
  describe(`a session of another library, for sessions ${where}`, () => {
    it("goes on here, and its cookie is removed", async () => {
      const { old, visit, events, other } = moved(options());
      const jar = old();
      assert.deepEqual(await (await visit(jar)).json(), ANN);
      assert.deepEqual(Object.keys(jar), [OURS]);
      assert.deepEqual(typesOf(events).sort(), ["accepted", "created"]);
      assert.deepEqual(await (await visit(jar)).json(), ANN);
      assert.equal(other.reads, 1);
    });

    it("is not looked for beside a session of ours", async () => {
      const { old, visit, other } = moved(options());
      const jar: Record<string, string> = {};
      await visit(jar, (_request, session) => {
        session.set("n", 1);
        return new Response();
      });
      Object.assign(jar, old());
      assert.deepEqual(await (await visit(jar)).json(), [null, { n: 1 }]);
      assert.equal(other.reads, 0);
    });

    it("is there for requests that were under way with its cookie", async () => {
      const { old, visit, other } = moved(options());
      const jar = old();
      await visit(jar);
      // Sent before the answer that has replaced the cookie.
      const late = old();
      assert.deepEqual(await (await visit(late)).json(), ANN);
      for (const each of [jar, late]) {
        assert.deepEqual(await (await visit(each)).json(), ANN);
      }
      assert.deepEqual(other.ended, []);
    });

    it("is not taken over where the browser may have ours", async () => {
      const { old, visit, other } = moved(options());
      const jar = old();
      const crossSite = { "sec-fetch-site": "cross-site" };
      const frame = { ...crossSite, "sec-fetch-dest": "iframe" };
      assert.deepEqual(await (await visit(jar, show, frame)).json(), NOBODY);
      assert.equal(other.reads, 0);
      const link = { ...crossSite, "sec-fetch-dest": "document" };
      assert.deepEqual(await (await visit(jar, show, link)).json(), ANN);
    });

    it("stays where its request fails, and goes on with the next", async () => {
      const { old, visit } = moved(options());
      const jar = old();
      await assert.rejects(
        visit(jar, () => {
          throw new Error("broken");
        }),
        /broken/,
      );
      assert.deepEqual(jar, old());
      assert.deepEqual(await (await visit(jar)).json(), ANN);
    });

    it("can be ended by its first request here", async () => {
      const { old, visit, other } = moved(options());
      const jar = old();
      await visit(jar, (_request, session) => {
        session.destroy();
        return new Response();
      });
      assert.deepEqual(jar, {});
      assert.deepEqual(other.ended, Object.values(old()));
    });

    it("is over after a logout, also for a copy of its cookie", async () => {
      const { old, visit, other } = moved(options());
      const [theirs] = other.sessions.values();
      const isLate = where === "in a late store";
      await visit(old(), (_request, session) => {
        session.destroy();
        return new Response();
      });
      // A sealed cookie cannot be ended by anybody.
      other.sessions.set(`${old()["old"]}`, theirs ?? {});
      const copy = await (await visit(old())).json();
      assert.deepEqual(copy, isLate ? ANN : NOBODY);
    });

    it("is over after a logout beside a slower request that took it over", async () => {
      const isLate = where === "in a late store";
      for (const change of [false, true]) {
        const { old, visit } = moved(options());
        const jar = old();
        const slow = Promise.withResolvers<void>();
        const begun = Promise.withResolvers<void>();
        const late = visit(jar, async (_request, session) => {
          if (change) session.set("n", 1);
          begun.resolve();
          await slow.promise;
          return new Response();
        });
        await begun.promise;
        await visit(jar, (_request, session) => {
          session.destroy();
          return new Response();
        });
        assert.deepEqual(jar, {});
        slow.resolve();
        await late.catch(({ code }) => assert.equal(code, "gone"));
        const seen = await (await visit(jar)).json();
        if (!isLate) assert.deepEqual(seen, NOBODY, `${change}`);
      }
    });

    it("is none if nobody vouches for it, and then stays", async () => {
      const { visit, events } = moved(options());
      const jar = { old: "forged" };
      assert.deepEqual(await (await visit(jar)).json(), NOBODY);
      assert.deepEqual(jar, { old: "forged" });
      assert.deepEqual(typesOf(events), []);
    });

    it("is none from its last day on", async () => {
      const { old, visit, clock, other } = moved(options(), { until: 0 });
      clock.now = 1000;
      assert.deepEqual(await (await visit(old())).json(), NOBODY);
      assert.equal(other.reads, 0);
    });

    it("fails the request if its store fails, or gives a guest", async () => {
      const { old, visit, other, events } = moved(options());
      other.isDown = true;
      await assert.rejects(visit(old()), (error: SessionError) => {
        assert.equal(error.code, "store-failed");
        // What another client says may quote what it has read.
        assert.equal((error.cause as Error).message, "");
        return true;
      });
      const [event] = events;
      assert.ok(event?.type === "store-error" && event.op === "accept");
      const guest = moved({ ...options(), onStoreError: "anonymous" });
      guest.other.isDown = true;
      const jar = old();
      assert.deepEqual(await (await guest.visit(jar)).json(), NOBODY);
      await assert.rejects(
        guest.visit(jar, (_request, session) => {
          session.set("n", 1);
          return new Response();
        }),
        { code: "store-failed" },
      );
      assert.deepEqual(jar, old());
    });

    it("is not waited for longer than storeTimeout", async () => {
      const slow = { read: () => new Promise<never>(() => {}) };
      const more = { ...options(), storeTimeout: 0.01 };
      const { old, visit } = moved(more, slow);
      await assert.rejects(visit(old()), (error: SessionError) => {
        assert.equal(error.code, "store-failed");
        assert.equal((error.cause as Error).message, "ETIMEDOUT");
        return true;
      });
      const guest = moved({ ...more, onStoreError: "anonymous" }, slow);
      assert.deepEqual(await (await guest.visit(guest.old())).json(), NOBODY);
    });

    it("stays if it cannot be ended there, as the logout is told", async () => {
      const { old, visit, other } = moved(options());
      other.isStuck = true;
      const jar = old();
      await assert.rejects(
        visit(jar, (_request, session) => {
          session.destroy();
          return new Response();
        }),
        { code: "store-failed", message: "Store of other failed" },
      );
      assert.deepEqual(jar, old());
    });

    it("is refused whole if a part of it cannot be kept", async () => {
      const { old, visit, other } = moved(options());
      for (const data of [{ when: new Date(0) }, { "~u": "eve" }]) {
        other.sessions.set(`${old()["old"]}`, { data });
        const jar = old();
        await assert.rejects(visit(jar), { code: "invalid-data" });
        assert.deepEqual(jar, old());
      }
    });

    it("has to fit the schema, or be migrated", async () => {
      const schema = {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: (value: unknown) =>
            "cart" in Object(value)
              ? { issues: [{ message: "old" }] }
              : { value },
        },
      } as const;
      const plain = moved({ ...options(), schema });
      assert.deepEqual(await (await plain.visit(plain.old())).json(), NOBODY);
      assert.deepEqual(typesOf(plain.events), ["rejected"]);
      const migrated = moved({
        ...options(),
        schema,
        migrate: (old) => ({ items: Object(old).cart }),
      });
      const jar = migrated.old();
      const there = ["ann", { items: [1, 2] }];
      assert.deepEqual(await (await migrated.visit(jar)).json(), there);
      assert.deepEqual(await (await migrated.visit(jar)).json(), there);
    });

    it("is read by a WebSocket handshake, and taken over by the next", async () => {
      const { old, options: given, visit, other } = moved(options());
      let seen: unknown;
      const request = new Request("https://example.com/", {
        headers: { cookie: `old=${old()["old"]}`, upgrade: "websocket" },
      });
      await withSession((_request, session: Session) => {
        seen = [session.userId, session.toJSON()];
        return new Response();
      }, given)(request);
      assert.deepEqual(seen, ANN);
      assert.deepEqual(other.ended, []);
      assert.deepEqual(await (await visit(old())).json(), ANN);
    });

    it("is not looked for if nobody opens the session", async () => {
      const { old, options: given, other } = moved(options());
      await withSession(() => new Response(), { ...given, lazy: true })(
        new Request("https://example.com/", {
          headers: { cookie: `old=${old()["old"]}` },
        }),
      );
      assert.equal(other.reads, 0);
    });

    it("goes on in a session that the program opens itself", async () => {
      const { old, options: given } = moved(options());
      const sessions = createSessions(given);
      const request = new Request("https://example.com/", {
        headers: { cookie: `old=${old()["old"]}` },
      });
      const session = await sessions.open(request);
      assert.equal(session.userId, "ann");
      const response = await sessions.commit(session, new Response());
      assert.equal(response.headers.getSetCookie().length, 2);
    });
  });

  describe(`a program that still runs, beside sessions ${where}`, () => {
    const beside = () => moved(options(), { keep: true });

    it("keeps its cookie and its session", async () => {
      const { old, visit, other } = beside();
      const jar = old();
      assert.deepEqual(await (await visit(jar)).json(), ANN);
      assert.deepEqual(Object.keys(jar).sort(), [OURS, "old"]);
      assert.deepEqual(await (await visit(jar)).json(), ANN);
      assert.deepEqual(other.ended, []);
    });

    it("signs out here, too", async () => {
      const { old, visit, other, events } = beside();
      const jar = old();
      await visit(jar);
      other.sessions.clear();
      typesOf(events);
      assert.deepEqual(await (await visit(jar)).json(), NOBODY);
      assert.deepEqual(typesOf(events), ["opened", "gone"]);
      assert.equal(jar[OURS], undefined);
    });

    it("ends a guest's session here with that there", async () => {
      const { old, visit, other } = beside();
      other.sessions.set(`${old()["old"]}`, { data: { n: 1 } });
      const jar = old();
      assert.deepEqual(await (await visit(jar)).json(), [null, { n: 1 }]);
      other.sessions.clear();
      assert.deepEqual(await (await visit(jar)).json(), NOBODY);
    });

    it("begins another session here, too, of the same visitor", async () => {
      for (const user of ["ann", undefined]) {
        const { old, visit, other } = beside();
        other.sessions.set(`${old()["old"]}`, { user, data: { n: 1 } });
        const jar = old();
        await visit(jar);
        other.sessions.set(`${old()["old"]}2`, { user, data: { n: 2 } });
        jar["old"] += "2";
        const seen = [user ?? null, { n: 2 }];
        assert.deepEqual(await (await visit(jar)).json(), seen);
      }
    });

    it("signs nobody out by a link of another site, which may keep its cookie back", async () => {
      const { old, visit } = beside();
      const jar = old();
      await visit(jar);
      const [ours] = Object.entries(jar).filter(([name]) => name === OURS);
      const link = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-dest": "document",
      };
      const without = Object.fromEntries([ours ?? []]);
      assert.deepEqual(await (await visit(without, show, link)).json(), ANN);
      assert.deepEqual(await (await visit(jar)).json(), ANN);
    });

    it("keeps its cookie beside a session that is of here alone", async () => {
      const { old, visit } = beside();
      const jar: Record<string, string> = {};
      const write = (n: number): SessionHandler<AnyData, []> =>
      (
        _request,
        session,
      ) => {
        session.set("n", n);
        return new Response();
      };
      await visit(jar, (_request, session) => {
        session.login("bob");
        return new Response();
      });
      Object.assign(jar, old());
      await visit(jar, (request, session, ...rest) => {
        session.regenerate();
        return write(2)(request, session, ...rest);
      });
      assert.deepEqual(Object.keys(jar).sort(), [OURS, "old"]);
      assert.deepEqual(await (await visit(jar)).json(), ["bob", { n: 2 }]);
    });

    it("has no part in who signs in here", async () => {
      const { old, visit, other } = beside();
      const jar = old();
      await visit(jar);
      await visit(jar, (_request, session) => {
        session.login("bob");
        return new Response();
      });
      const [user] = await (await visit(jar)).json();
      assert.equal(user, "bob");
      assert.equal(other.sessions.get(`${old()["old"]}`)?.user, "ann");
      // Whoever signs out there was another user, and signs in there for here.
      other.sessions.set(`${old()["old"]}`, { data: { n: 1 } });
      assert.deepEqual((await (await visit(jar)).json())[0], "bob");
      other.sessions.clear();
      assert.deepEqual((await (await visit(jar)).json())[0], "bob");
      other.sessions.set(`${old()["old"]}`, { user: "eve" });
      assert.deepEqual((await (await visit(jar)).json())[0], "eve");
    });

    it("signs in another user here, too", async () => {
      const { old, visit, other } = beside();
      const jar = old();
      await visit(jar);
      other.sessions.set("b", { user: "bob", data: {} });
      jar["old"] = "b";
      assert.deepEqual(await (await visit(jar)).json(), ["bob", {}]);
      assert.deepEqual(await (await visit(jar)).json(), ["bob", {}]);
    });

    it("signs in here whose session of ours has ended unnoticed", async () => {
      const { old, visit, other, clock } = beside();
      for (const wait of [0, 100]) {
        const jar = old();
        other.sessions.set(`${old()["old"]}`, { user: "ann", data: {} });
        await visit(jar);
        other.sessions.clear();
        // A script looks, whose answers clear no cookie that does not count.
        const script = { "sec-fetch-dest": "empty" };
        assert.deepEqual(await (await visit(jar, show, script)).json(), NOBODY);
        clock.advance(wait);
        assert.deepEqual(await (await visit(jar, show, script)).json(), NOBODY);
        other.sessions.set(`b${wait}`, { user: "bob", data: {} });
        jar["old"] = `b${wait}`;
        for (const headers of [script, {}, script]) {
          const answer = await visit(jar, show, headers);
          assert.deepEqual(await answer.json(), ["bob", {}]);
        }
      }
    });

    it("is signed out from here", async () => {
      const { old, visit, other } = beside();
      const jar = old();
      await visit(jar);
      await visit(jar, (_request, session) => {
        session.destroy();
        return new Response();
      });
      assert.deepEqual(jar, {});
      assert.deepEqual(other.ended, Object.values(old()));
    });
  });
}

describe("requests side by side with a session of another library", () => {
  it("have one session in a strong store", async () => {
    const store = new MemoryStore();
    const { old, visit } = moved({ store });
    const jars = [old(), old(), old()];
    const ids = new Set<string>();
    await Promise.all(jars.map((jar, i) =>
      visit(jar, (_request, session) => {
        ids.add(session.id);
        session.set(`n${i}`, i);
        return new Response();
      })
    ));
    assert.equal(ids.size, 1);
    for (const jar of jars) {
      const all = { cart: [1, 2], n0: 0, n1: 1, n2: 2 };
      assert.deepEqual(await (await visit(jar)).json(), ["ann", all]);
    }
  });

  it("find what another process has taken over", async () => {
    const store = new MemoryStore();
    const one = moved({ store });
    const jar = one.old();
    await one.visit(jar);
    one.other.sessions.set(`${one.old()["old"]}`, { user: "ann" });
    // The answer with the new cookie was lost.
    assert.deepEqual(await (await one.visit(one.old())).json(), ANN);
    assert.deepEqual(await (await one.visit(jar)).json(), ANN);
  });

  it("have an id that follows from nothing where records are sealed", async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const { old, visit } = moved({ store: new MemoryStore(), encrypt: true });
      const jar = old();
      await visit(jar, (request, session, ...rest) => {
        ids.add(session.id);
        return show(request, session, ...rest);
      });
      assert.deepEqual(await (await visit(jar)).json(), ANN);
    }
    assert.equal(ids.size, 2);
  });
});

describe("a copy of the other library's cookie", () => {
  type Make = () => MoreOptions;
  const makers: readonly (readonly [string, Make, unknown, unknown])[] = [
    // Where ours is kept, what a copy is while it lasts, and after its end.
    ["a strong store", () => ({ store: new MemoryStore() }), ANN, NOBODY],
    [
      "a strong store with encrypt",
      () => ({ store: new MemoryStore(), encrypt: true }),
      NOBODY,
      NOBODY,
    ],
    // Only this process knows that it has ended.
    ["cookies", () => ({}), ANN, NOBODY],
    ["a late store", () => ({ store: new LateStore(90) }), ANN, ANN],
  ];
  for (const [where, options, during, afterwards] of makers) {
    it(`while ours is in ${where}`, async () => {
      const { old, visit } = moved(options());
      const jar = old();
      await visit(jar);
      assert.deepEqual(await (await visit(old())).json(), during);
      await visit(jar, (_request, session) => {
        session.destroy();
        return new Response();
      });
      assert.deepEqual(await (await visit(old())).json(), afterwards);
    });
  }

  it("is nobody's after revokeAll() in a strong store", async () => {
    for (const encrypt of [false, true]) {
      const store = new MemoryStore();
      const { old, visit, options } = moved({ store, encrypt });
      const jar = old();
      await visit(jar);
      assert.equal(await createSessions(options).revokeAll("ann"), 1);
      for (const each of [jar, old()]) {
        assert.deepEqual(await (await visit(each)).json(), NOBODY);
      }
    }
  });

  it("is a login for revocations, which end what has gone on", async () => {
    const revocations = new MemoryStore();
    const { old, visit, options } = moved({ revocations });
    const jar = old();
    await visit(jar);
    assert.deepEqual(await (await visit(jar)).json(), ANN);
    await createSessions(options).revokeAll("ann");
    assert.deepEqual(await (await visit(jar)).json(), NOBODY);
  });

  it("goes on after revokeAll() if both programs run, as theirs has not ended", async () => {
    const store = new MemoryStore();
    const { old, visit, options } = moved({ store }, { keep: true });
    const jar = old();
    await visit(jar);
    await createSessions(options).revokeAll("ann");
    await visit(jar);
    assert.deepEqual(await (await visit(jar)).json(), ANN);
  });
});
