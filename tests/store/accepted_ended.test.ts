import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { end, moved, type Site } from "../request/_foreign.ts";
import {
  createFaultyStore,
  type FaultyStore,
  type StoreCall,
} from "../../testing/faulty_store.ts";

// A logout beside a request of another process, which has only the other
// library's cookie as well.

const NOBODY = [null, {}];

interface Process {
  readonly faulty: FaultyStore;
  readonly site: Site;
}

/** Two processes with one store, and with the sessions of before. */
function processes(): [Process, Process] {
  const store = new MemoryStore();
  const start = (accept = {}): Process => {
    const faulty = createFaultyStore(store);
    return { faulty, site: moved({ store: faulty.store, ...accept }) };
  };
  const one = start();
  const { accept } = one.site.options;
  // What is sealed in a cookie cannot be ended there.
  one.site.other.sessions.delete = () => true;
  return [one, start({ accept })];
}

/** What a call waits for, and what it has come to then. */
function gate() {
  const [reached, open] = [0, 0].map(() => Promise.withResolvers<void>());
  const wait = () => {
    reached?.resolve();
    return open?.promise;
  };
  return {
    wait,
    reached: reached?.promise,
    open: () => open?.resolve(),
  };
}

const idOf = ({ args }: StoreCall) => (args[1] as SessionRecord).id;

describe("a session of another library that ends in another process", () => {
  it("is not begun by a request that has looked for it before", async () => {
    for (const change of [false, true]) {
      const [one, two] = processes();
      const { wait, reached, open } = gate();
      two.faulty.on("create", 1, { before: wait });
      const jar = one.site.old();
      const copy = one.site.old();
      const slow = two.site.visit(copy, (_request, session) => {
        if (change) session.set("n", 1);
        return Response.json([session.userId ?? null, {}]);
      });
      await reached;
      await one.site.visit(jar, end);
      assert.deepEqual(jar, {});
      open();
      assert.deepEqual(await (await slow).json(), NOBODY);
      assert.equal((await (await two.site.visit(copy)).json())[0], null);
    }
  });

  it("takes one along that is begun before the end is noted", async () => {
    const [one, two] = processes();
    const { wait, reached, open } = gate();
    one.faulty.on("create", (call) => idOf(call) === "accepted", {
      before: wait,
    });
    const jar = one.site.old();
    const copy = one.site.old();
    const logout = one.site.visit(jar, end);
    await reached;
    await two.site.visit(copy);
    open();
    await logout;
    assert.deepEqual(jar, {});
    assert.deepEqual(await (await two.site.visit(copy)).json(), NOBODY);
    assert.deepEqual(
      await (await two.site.visit(one.site.old())).json(),
      NOBODY,
    );
  });

  it("is none for one that has found it as it was ended", async () => {
    const [one, two] = processes();
    const { wait, reached, open } = gate();
    const [tried, deleted] = [0, 0].map(() => Promise.withResolvers<void>());
    two.faulty.on("create", 1, { before: wait });
    two.faulty.on("create", 2, {
      after: async () => {
        tried?.resolve();
        await deleted?.promise;
      },
    });
    const jar = one.site.old();
    const slow = two.site.visit(one.site.old());
    await reached;
    one.faulty.on("delete", 1, {
      before: async () => {
        open();
        await tried?.promise;
      },
    });
    one.faulty.on("create", (call) => idOf(call) === "accepted", {
      before: async () => {
        deleted?.resolve();
        await slow.catch(() => {});
      },
    });
    await one.site.visit(jar, end);
    assert.deepEqual(await (await slow).json(), NOBODY);
  });

  it("leaves a tombstone for no longer than such a request may wait", async () => {
    const [one] = processes();
    const { clock } = one.site;
    await one.site.visit(one.site.old(), end);
    const made = one.faulty.calls.filter(({ method }) => method === "create")
      .map(({ args }) => args[1] as SessionRecord)
      .filter(({ id }) => !id);
    const storeTimeout = 5;
    assert.deepEqual(
      made.map(({ user, value, expiresAt }) => [user, value, expiresAt]),
      [["", "", clock.now + (storeTimeout + 120) * 1000]],
    );
  });
});
