import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { START, typesOf } from "../shared/support.ts";
import { moved, show } from "./_foreign.ts";

const NOBODY = [null, {}];

describe("the note that a session of another library went on", () => {
  for (const encrypt of [false, true]) {
    const make = (failures: number) => {
      const faulty = createFaultyStore(new MemoryStore());
      const site = moved({ store: faulty.store, encrypt });
      // The first record is that of the session.
      for (let i = 0; i < failures; i++) {
        faulty.on("create", 2 + i, { times: 0, error: new Error("down") });
      }
      const [theirs] = site.other.sessions.values();
      const copy = async () => {
        const jar = site.old();
        site.other.sessions.set(jar["old"] ?? "", theirs ?? {});
        return await (await site.visit(jar)).json();
      };
      return { ...site, copy };
    };

    it(`is made once more if that fails, with encrypt ${encrypt}`, async () => {
      const { old, visit, copy } = make(1);
      const jar = old();
      await visit(jar);
      await visit(jar, (_request, session) => {
        session.destroy();
        return new Response();
      });
      assert.deepEqual(await copy(), NOBODY);
    });

    it(`fails the request without it, with encrypt ${encrypt}`, async () => {
      const { old, visit, copy, options } = make(2);
      const jar = old();
      await assert.rejects(visit(jar), { code: "store-failed" });
      assert.deepEqual(jar, old());
      const sessions = createSessions(options);
      assert.equal(await sessions.count("ann"), encrypt ? 0 : 1);
      const [user] = await (await visit(jar, show)).json();
      assert.equal(user, "ann");
      assert.equal(await sessions.count("ann"), 1);
      await visit(jar, (_request, session) => {
        session.destroy();
        return new Response();
      });
      assert.deepEqual(await copy(), NOBODY);
    });
  }

  it("lasts until no server reads theirs, though clocks differ", async () => {
    // The store is a minute ahead.
    const ahead = { now: 0 };
    const inner = new MemoryStore({ now: () => ahead.now + 60_000 });
    const { store, calls } = createFaultyStore(inner);
    const until = START + 5_000;
    const { old, visit, clock } = moved({ store }, { until });
    ahead.now = clock.now;
    await visit(old());
    // Another process ends it.
    const first = calls.find(({ method }) => method === "create");
    await inner.delete(`${first?.args[0]}`);
    // And this server is a minute behind that one.
    ahead.now += 4_000 + 59_000;
    clock.now += 4_000;
    assert.deepEqual(await (await visit(old())).json(), NOBODY);
  });

  it("is not made where a cookie would travel in the open, which is told", async () => {
    const { old, options, events } = moved({ store: new MemoryStore() });
    const headers = { cookie: `old=${old()["old"]}` };
    const request = new Request("http://example.com/", { headers });
    const response = await withSession(show, options)(request);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.ok(typesOf(events).includes("insecure"));
  });
});
