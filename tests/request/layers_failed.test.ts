import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { requestWith, setUp, START, tokenOf } from "../shared/support.ts";

// A handler fails within a layer that has opened the session before.

const kinds = {
  "in the cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore({ now: () => START }) }),
};

for (const [kind, more] of Object.entries(kinds)) {
  describe(`a handler that fails within a layer, ${kind}`, () => {
    const start = async () => {
      const { options } = setUp({ ...more(), cookie: { name: "__Host-sid" } });
      const sessions = createSessions(options);
      const session = sessions.create();
      session.login("ada");
      const cookie = `__Host-sid=${await sessions.seal(session)}`;
      return { options, sessions, cookie, request: requestWith(cookie) };
    };

    it("has ended what it has ended, whether the layer commits or not", async () => {
      for (const act of ["destroy", "reset"] as const) {
        for (const isCommitted of [false, true]) {
          for (const isAlone of [false, true]) {
            const { options, sessions, cookie, request } = await start();
            const outer = await sessions.open(request);
            assert.equal(outer.userId, "ada");
            const handle = isAlone
              ? withSession((_request, session) => {
                session[act]();
                throw new Error("broken");
              }, options)
              : withSessions({ one: options }, (_request, { one }) => {
                one[act]();
                throw new Error("broken");
              });
            await assert.rejects(handle(request), /broken/);
            if (isCommitted) {
              const { headers } = await sessions.commit(outer, new Response());
              assert.match(`${headers.getSetCookie()}`, /=; Max-Age=0; /);
            }
            const next = await sessions.open(requestWith(cookie));
            assert.equal(
              next.userId,
              undefined,
              `${act} ${isCommitted} ${isAlone}`,
            );
          }
        }
      }
    });

    it("leaves it to the layer what stays of what it has saved", async () => {
      const { options, sessions } = await start();
      const request = new Request("https://example.com/");
      const outer = await sessions.open(request);
      const handle = withSession(async (_request, session) => {
        session.set("inner", 1);
        await session.save();
        throw new Error("broken");
      }, options);
      await assert.rejects(handle(request), /broken/);
      const response = await sessions.commit(outer, new Response());
      const next = await sessions.open(
        requestWith(`__Host-sid=${tokenOf(response)}`),
      );
      assert.equal(next.get("inner"), 1);
    });

    it("is told what could not be kept, and the layer can answer that", async () => {
      const { options, sessions } = await start();
      const store = options.store as MemoryStore | undefined;
      const request = new Request("https://example.com/");
      const outer = await sessions.open(request);
      const create = store?.create;
      if (store) store.create = () => Promise.reject(new Error("down"));
      const handle = withSession((_request, session) => {
        session.set("n", "x".repeat(5000));
        return new Response();
      }, options);
      await assert.rejects(handle(request), {
        code: store ? "store-failed" : "oversize",
      });
      if (store && create) store.create = create;
      assert.equal(await sessions.open(request), outer);
      await assert.rejects(sessions.commit(outer, new Response()), {
        code: "late-write",
      });
      await sessions.discard(outer);
      const { headers } = await sessions.commit(outer, new Response());
      assert.deepEqual(headers.getSetCookie(), []);
      assert.equal(headers.get("vary"), "Cookie");
    });

    const beside = async (isCommitted: boolean) => {
      const { options, sessions } = await start();
      const store = options.store as MemoryStore | undefined;
      const kept = new Set<string>();
      const create = store?.create.bind(store);
      const remove = store?.delete.bind(store);
      if (store && create && remove) {
        store.create = (key, ...rest) => {
          kept.add(key);
          return create(key, ...rest);
        };
        store.delete = (key, ...rest) => {
          kept.delete(key);
          return remove(key, ...rest);
        };
      }
      const request = new Request("https://example.com/");
      const around = await sessions.open(request);
      if (isCommitted) await sessions.commit(around, new Response());
      const down = Object.assign(new MemoryStore({ now: () => START }), {
        create: () => Promise.reject(new Error("down")),
      });
      const cookie = { name: "__Host-large" };
      const large = { ...options, ...(store && { store: down }), cookie };
      const handle = withSessions(
        { one: options, large },
        (_request, { one, large }) => {
          one.set("n", 1);
          large.set("n", "x".repeat(5000));
          return new Response();
        },
      );
      await assert.rejects(handle(request), {
        code: store ? "store-failed" : "oversize",
      });
      if (!isCommitted) await sessions.discard(around);
      assert.deepEqual([...kept], []);
    };

    it("leaves no record if a session beside it could not be kept", async () => {
      await beside(false);
    });

    it("leaves none either if no layer is left that could send it", async () => {
      await beside(true);
    });

    it("leaves the record to a layer around it, which may send the cookie", async () => {
      const { sessions } = await start();
      const request = new Request("https://example.com/");
      const around = await sessions.open(request);
      const within = await sessions.open(request);
      within.login("ada");
      const jar = {
        get: () => undefined,
        set() {
          throw new Error("too late");
        },
      };
      await assert.rejects(sessions.commit(within, jar), /too late/);
      const response = await sessions.commit(around, new Response());
      const cookie = `__Host-sid=${tokenOf(response)}`;
      const again = await sessions.open(requestWith(cookie));
      assert.equal(again.userId, "ada");
    });
  });
}

describe("a layer whose store has failed", () => {
  it("lets a further one of its request try again", async () => {
    const store = new MemoryStore({ now: () => START });
    const { options } = setUp({ store });
    const sessions = createSessions(options);
    const known = sessions.create();
    known.login("ada");
    const request = requestWith(`__Host-sid=${await sessions.seal(known)}`);
    const get = store.get;
    store.get = () => Promise.reject(new Error("down"));
    await assert.rejects(sessions.open(request), { code: "store-failed" });
    store.get = get;
    assert.equal((await sessions.open(request)).userId, "ada");
  });
});
