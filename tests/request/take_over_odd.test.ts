import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionHandler,
  withSession,
} from "../../mod.ts";
import type { AnyData, SessionReader } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { LateStore } from "../shared/late_store.ts";
import { type MoreOptions, typesOf } from "../shared/support.ts";
import { moved, OtherLibrary, type Site } from "./_foreign.ts";

const ANN = ["ann", { cart: [1, 2] }];
const NOBODY = [null, {}];
const OURS = "__Host-sid";

const STORES: Readonly<Record<string, () => MoreOptions>> = {
  "in cookies": () => ({}),
  "in a strong store": () => ({ store: new MemoryStore() }),
  "in a strong store with encrypt": () => ({
    store: new MemoryStore(),
    encrypt: true,
  }),
  "in a late store": () => ({ store: new LateStore(90) }),
};

const set = (key: string, value: unknown): SessionHandler<AnyData, []> =>
(
  _request,
  session,
) => {
  session.set(key, value);
  return new Response();
};

const logOut: SessionHandler<AnyData, []> = (_request, session) => {
  session.destroy();
  return new Response();
};

/** A site whose visitors may have the same cookie of before. */
function alike(more: MoreOptions, keep = false): Site {
  const data = { views: 1 };
  return moved(more, {
    keep,
    read: ({ valuesOf }) =>
      Promise.resolve(valuesOf("old").length ? { user: "ann", data } : null!),
  });
}

for (const [where, options] of Object.entries(STORES)) {
  describe(`visitors with the same cookie of before, ${where}`, () => {
    it("have each their own session", async () => {
      const { visit } = alike(options());
      const one = { old: "e30=" };
      const other = { old: "e30=" };
      await visit(one, set("address", "1 Main Street"));
      const seen = ["ann", { views: 1 }];
      assert.deepEqual(await (await visit(other)).json(), seen);
      await visit(one, logOut);
      assert.deepEqual(await (await visit(other)).json(), seen);
      assert.deepEqual(await (await visit({ old: "e30=" })).json(), seen);
    });

    it("sign in there again after a logout here", async () => {
      const { visit } = alike(options(), true);
      const jar: Record<string, string> = { old: "e30=" };
      await visit(jar);
      await visit(jar, logOut);
      assert.deepEqual(jar, {});
      jar["old"] = "e30=";
      const seen = ["ann", { views: 1 }];
      assert.deepEqual(await (await visit(jar)).json(), seen);
    });
  });

  describe(`a session of another library beside ours, ${where}`, () => {
    it("goes on in the place of one that is refused", async () => {
      const { old, visit } = moved(options());
      const jar: Record<string, string> = { ...old(), [OURS]: "bad" };
      await visit(jar, set("n", 1));
      assert.deepEqual(Object.keys(jar), [OURS]);
      const [user, data] = ANN as [string, object];
      const seen = [user, { ...data, n: 1 }];
      assert.deepEqual(await (await visit(jar)).json(), seen);
    });

    it("goes on in a cookie of the same name", async () => {
      const other = new OtherLibrary();
      const reader = other.reader({
        read: ({ valuesOf }) =>
          Promise.resolve(
            valuesOf(OURS).includes("before") ? { user: "ann" } : undefined,
          ),
        clear: () => [`${OURS}=; Max-Age=0; Path=/`],
      });
      const { visit } = moved({ ...options(), accept: [reader] });
      const jar: Record<string, string> = { [OURS]: "before" };
      await visit(jar, set("n", 1));
      const seen = ["ann", { n: 1 }];
      assert.deepEqual(await (await visit(jar)).json(), seen);
    });

    it("is over where a request without ours ends what it has", async () => {
      const { other, old, visit } = moved(options());
      const jar = old();
      await visit(jar, logOut, { "sec-fetch-site": "cross-site" });
      assert.deepEqual(jar, {});
      assert.deepEqual(other.ended, [old()["old"]]);
    });

    it("does not keep a refused cookie of ours if it is over", async () => {
      const { other, old, visit } = moved(options());
      other.sessions.clear();
      const jar: Record<string, string> = { ...old(), [OURS]: "bad" };
      await visit(jar);
      assert.deepEqual(jar, old());
    });

    it("keeps its cookie if it is bad, while a new one begins", async () => {
      const { visit } = moved(options());
      const jar: Record<string, string> = { old: "forged" };
      await visit(jar, set("n", 1));
      assert.deepEqual(Object.keys(jar).sort(), [OURS, "old"]);
    });

    it("is told of once, and not at all if nothing is in it", async () => {
      const { old, visit, events, other } = moved(options());
      const told = () =>
        typesOf(events).filter((type) => type === "accepted").length;
      const [theirs] = other.sessions.values();
      other.sessions.set(`${old()["old"]}`, {});
      const jar = old();
      for (let i = 0; i < 2; i++) await visit(jar);
      assert.ok(told() < 2);
      other.sessions.set("b", theirs ?? {});
      const next = { old: "b" };
      for (let i = 0; i < 2; i++) await visit(next);
      assert.equal(told(), 1);
    });

    it("signs in who was a guest here, if both programs run", async () => {
      const { old, visit, events } = moved(options(), { keep: true });
      const jar: Record<string, string> = {};
      await visit(jar, set("n", 1));
      Object.assign(jar, old());
      assert.deepEqual(await (await visit(jar)).json(), ANN);
      assert.deepEqual(await (await visit(jar)).json(), ANN);
      assert.ok(typesOf(events).includes("gone"));
    });

    it("signs nobody in who is no user there", async () => {
      const { other, old, visit } = moved(options(), { keep: true });
      other.sessions.set(`${old()["old"]}`, { data: { n: 2 } });
      const jar: Record<string, string> = {};
      await visit(jar, set("n", 1));
      Object.assign(jar, old());
      assert.deepEqual(await (await visit(jar)).json(), [null, { n: 1 }]);
    });

    it("is looked for by all readers of its library, if both programs run", async () => {
      const others = [new OtherLibrary(), new OtherLibrary()];
      const accept: SessionReader[] = others.map((other) =>
        other.reader({ keep: true })
      );
      const { old, visit, events } = moved({ ...options(), accept });
      others[1]?.sessions.set(`${old()["old"]}`, { user: "ann" });
      const jar: Record<string, string> = old();
      await visit(jar, set("n", 1));
      const seen = ["ann", { n: 1 }];
      assert.deepEqual(await (await visit(jar)).json(), seen);
      assert.ok(!typesOf(events).includes("gone"));
      others[1]?.sessions.clear();
      assert.deepEqual(await (await visit(jar)).json(), NOBODY);
    });

    it("is over if its reader says so by null, if both programs run", async () => {
      let found: Awaited<ReturnType<SessionReader["read"]>> | null = {
        user: "ann",
      };
      const read = () => Promise.resolve(found as NonNullable<typeof found>);
      const { old, visit } = moved(options(), { keep: true, read });
      const jar: Record<string, string> = old();
      await visit(jar);
      found = null;
      assert.deepEqual(await (await visit(jar)).json(), NOBODY);
      assert.deepEqual(jar, old());
    });

    it("fails as a store does if its reader throws at once", async () => {
      const read = () => {
        throw new Error("quotes a cookie");
      };
      const { old, visit } = moved(options(), { read });
      await assert.rejects(visit(old()), { code: "store-failed" });
    });

    it("is refused if it is not as login() and persist() want it", async () => {
      const { old, visit, other } = moved(options());
      const all: object[] = [
        { user: 42 },
        { user: 42n },
        { user: Symbol("ann") },
        { user: { id: "ann" } },
        { user: "ann", label: 1 },
        { persist: "yes" },
        { persist: -5 },
        { persist: 0.5 },
        { persist: Infinity },
        { data: "text" },
        { data: [1] },
        { data: new Map([["a", 1]]) },
        { data: Promise.resolve({}) },
        {
          data: {
            get n() {
              throw new Error("secret");
            },
          },
        },
      ];
      const kept = moved(options(), { keep: true });
      for (const site of [{ old, visit, other }, kept]) {
        for (const each of all) {
          site.other.sessions.set(`${site.old()["old"]}`, each);
          const jar = site.old();
          await assert.rejects(site.visit(jar), { code: "invalid-data" });
          assert.deepEqual(jar, site.old());
        }
      }
      const none = { data: { n: 1 }, user: null, label: null, persist: null };
      other.sessions.set(`${old()["old"]}`, none as object);
      const seen = [null, { n: 1 }];
      assert.deepEqual(await (await visit(old())).json(), seen);
    });
  });
}

describe("a session of another library in a cookie that others may have", () => {
  it("is kept by who commits it, and by nobody who looks", async () => {
    const store = new MemoryStore();
    const { options, visit } = alike({ store });
    const sessions = createSessions(options);
    const headers = { cookie: "old=e30=" };
    assert.equal((await sessions.open({ headers })).userId, "ann");
    assert.equal(await sessions.count("ann"), 0);
    await visit({ old: "e30=" });
    assert.equal(await sessions.count("ann"), 1);
  });
});

describe("a session of another library, if our store fails", () => {
  it("fails the request, or gives a guest", async () => {
    for (const keep of [false, true]) {
      const faulty = createFaultyStore(new MemoryStore());
      faulty.on("get", "all", { times: 0, error: new Error("down") });
      const { store } = faulty;
      const { old, visit } = moved({ store }, { keep });
      await assert.rejects(visit(old()), { code: "store-failed" });
      const guest = moved({ store, onStoreError: "anonymous" }, { keep });
      const jar = guest.old();
      assert.deepEqual(await (await guest.visit(jar)).json(), NOBODY);
      assert.deepEqual(jar, guest.old());
      faulty.heal();
      assert.deepEqual(await (await guest.visit(jar)).json(), ANN);
    }
  });
});

describe("a session of another library that went on before", () => {
  it("is read by a handshake, which sets no cookie", async () => {
    const { old, visit, options } = moved({ store: new MemoryStore() });
    await visit(old());
    const upgraded = new Response();
    Object.defineProperty(upgraded, "status", { value: 101 });
    let seen: unknown;
    const request = new Request("https://example.com/", {
      headers: { cookie: `old=${old()["old"]}`, upgrade: "websocket" },
    });
    await withSession((_request, session: Session) => {
      seen = [session.userId, session.toJSON()];
      return upgraded;
    }, options)(request);
    assert.deepEqual(seen, ANN);
  });

  it("leaves no record behind that nobody finds, if its request fails", async () => {
    for (const encrypt of [true, false]) {
      const store = new MemoryStore();
      const { old, visit, options } = moved({ store, encrypt });
      // A page of a framework may only read it.
      const headers = { cookie: `old=${old()["old"]}` };
      const page = await createSessions(options).open({ headers });
      assert.equal(page.userId, "ann");
      for (let i = 0; i < 3; i++) {
        await assert.rejects(
          visit(old(), () => {
            throw new Error("broken");
          }),
          /broken/,
        );
      }
      const sessions = createSessions(options);
      assert.equal(await sessions.count("ann"), encrypt ? 0 : 1);
    }
  });
});
