import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionRecord,
  type SessionStore,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { end, moved, show, type Site } from "../request/_foreign.ts";
import { LateStore } from "../shared/late_store.ts";
import { START, typesOf } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

// What a store is asked for sessions of another library.

const ANN = ["ann", { cart: [1, 2] }];
const NOBODY = [null, {}];
/** Ten years, in ms. */
const LONGEST = 3e11;

interface Spied {
  readonly store: SessionStore;
  readonly calls: unknown[][];
}

/** Notes what a store is asked; `failing` may throw in place of it. */
function spy(
  store: SessionStore,
  failing: (name: string, record: unknown) => void = () => {},
): Spied {
  const calls: unknown[][] = [];
  const proxy = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        calls.push([String(name), ...args]);
        failing(String(name), args[1]);
        return await member.apply(target, args);
      };
    },
  });
  return { store: proxy, calls };
}

const isClaim = (record: unknown) => Object(record).id === "accepted";

/** Has the other library forget nothing. */
function keepTheirs({ other, old }: Site): void {
  const theirs = other.sessions.get(`${old()["old"]}`);
  other.sessions.delete = () => true;
  assert.ok(theirs);
}

describe("the note that a session has gone on here", () => {
  for (
    const [until, expiresAt] of [
      [Infinity, START + LONGEST],
      [START + LONGEST + 1, START + LONGEST],
      // Clocks may differ by two minutes.
      [START + 5000, START + 125_000],
      [START + 1, START + 120_001],
    ] as const
  ) {
    it(`is a record without data, until ${until - START}`, async () => {
      const { store, calls } = spy(new MemoryStore({ now: () => START }));
      const { old, visit } = moved({ store }, { until });
      await visit(old());
      const claims = calls.map(([, , record]) => record).filter(isClaim);
      assert.deepEqual(claims, [{
        revision: 1,
        value: "",
        id: "accepted",
        user: "",
        label: "",
        createdAt: START,
        lastSeenAt: START,
        expiresAt,
      }]);
    });
  }
});

describe("a session that is found here", () => {
  it("has begun when it was taken over", async () => {
    const site = moved({ store: new MemoryStore() });
    keepTheirs(site);
    const times: number[] = [];
    for (let i = 0; i < 2; i++) {
      await site.visit(site.old(), (_request, session) => {
        times.push(session.createdAt);
        return new Response();
      });
      site.clock.advance(100);
    }
    assert.deepEqual(times, [START, START]);
  });

  it("is the browser's, though its handler does not look at it", async () => {
    const site = moved({ store: new MemoryStore() });
    keepTheirs(site);
    await site.visit(site.old());
    typesOf(site.events);
    const copy = site.old();
    const response = await site.visit(copy, () => new Response());
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.deepEqual(Object.keys(copy), ["__Host-sid"]);
    // It is no new one, nor one by another secret.
    assert.deepEqual(typesOf(site.events), []);
    assert.deepEqual(await (await site.visit(copy)).json(), ANN);
  });

  it("leaves no cookie of ours to be removed", async () => {
    const site = moved({ store: new MemoryStore() });
    keepTheirs(site);
    await site.visit(site.old());
    const response = await site.visit(site.old(), (_request, session) => {
      session.set("n", 1);
      return new Response();
    });
    const lines = response.headers.getSetCookie();
    assert.deepEqual(lines.map((line) => line.split("=")[0]).sort(), [
      "__Host-sid",
      "old",
    ]);
  });

  it("is over, if its record cannot be read any more", async () => {
    const { store, calls } = spy(new MemoryStore());
    const site = moved({ store });
    keepTheirs(site);
    await site.visit(site.old());
    const [, key, record] = calls.find(([name]) => name === "create") ?? [];
    const broken = { ...record as SessionRecord, value: "?", revision: 2 };
    assert.equal(await store.update(key as string, broken, 1), "ok");
    let isNew: unknown;
    await site.visit(site.old(), (_request, session) => {
      isNew = session.isNew;
      return new Response();
    });
    assert.equal(isNew, true);
    assert.deepEqual(await (await site.visit(site.old())).json(), NOBODY);
  });

  it("is over, if its user was logged out everywhere", async () => {
    const store = new MemoryStore();
    const revocations = new MemoryStore();
    const site = moved({ store, revocations });
    keepTheirs(site);
    const { options } = site;
    await site.visit(site.old());
    // Its record stays.
    await createSessions({ ...options, store: new MemoryStore() })
      .revokeAll("ann");
    assert.deepEqual(await (await site.visit(site.old())).json(), NOBODY);
  });
});

describe("what a store is asked", () => {
  it("is nothing before the handler has its turn, if it is late", async () => {
    const { store, calls } = spy(new LateStore(90));
    const { old, visit } = moved({ store });
    let before = -1;
    await visit(old(), () => {
      before = calls.length;
      return new Response();
    });
    assert.equal(before, 0);
    // Nor does it know of a session what it could refuse a copy by.
    const written = calls.filter(([name]) => name !== "get");
    assert.deepEqual(written.map(([name]) => name), ["create"]);
    assert.equal(written.some(([, , record]) => isClaim(record)), false);
  });

  it("is nothing to be written by a handshake", async () => {
    const { store, calls } = spy(new MemoryStore());
    const { old, visit } = moved({ store });
    const upgrade = { upgrade: "websocket" };
    assert.deepEqual(await (await visit(old(), show, upgrade)).json(), ANN);
    assert.deepEqual(calls.filter(([name]) => name !== "get"), []);
  });

  it("fails the request, if it does not take the session", async () => {
    let isDown = true;
    const { store } = spy(new MemoryStore(), (name) => {
      if (name === "create" && isDown) throw new Error("down");
    });
    const { old, visit } = moved({ store });
    const jar = old();
    const act = () => {
      isDown = false;
      return new Response();
    };
    await assert.rejects(visit(jar, act), {
      code: "store-failed",
      message: "Store failed: create" + readOn("store-failed"),
    });
    assert.deepEqual(jar, old());
  });

  it("fails the request, if it does not take the note", async () => {
    const { store } = spy(new MemoryStore(), (_name, record) => {
      if (isClaim(record)) throw new Error("down");
    });
    const { old, visit } = moved({ store });
    await assert.rejects(visit(old()), {
      code: "store-failed",
      message: "Store failed: create" + readOn("store-failed"),
    });
  });

  it("is to end what another program has ended", async () => {
    for (
      const [inner, ends] of [
        [new MemoryStore(), "delete"],
        // A tombstone takes its place.
        [new LateStore(90), "update"],
      ] as const
    ) {
      const { store, calls } = spy(inner);
      const site = moved({ store }, { keep: true });
      const jar = site.old();
      await site.visit(jar);
      site.other.sessions.clear();
      calls.length = 0;
      assert.deepEqual(await (await site.visit(jar)).json(), NOBODY);
      const written = calls.map(([name]) => name).filter((name) =>
        name !== "get"
      );
      assert.deepEqual(written, [ends]);
    }
  });
});

describe("a session that goes on where one of ours in a store as overflow was", () => {
  it("is taken over, though it moves into its cookie at once", async () => {
    const site = moved({ overflow: new MemoryStore() });
    const jar: Record<string, string> = {};
    await site.visit(jar, (_request, session) => {
      session.set("text", "x".repeat(6000));
      return new Response();
    });
    const both = { ...jar, ...site.old() };
    await site.visit(jar, end);
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await (await site.visit(both)).json(), ANN);
      assert.deepEqual(Object.keys(both), ["__Host-sid"]);
    }
    await site.visit(both, end);
    assert.deepEqual(both, {});
  });
});
