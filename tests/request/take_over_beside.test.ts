import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AnyData,
  type ForeignSession,
  type Session,
  type SessionHandler,
  type SessionReader,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { typesOf } from "../shared/support.ts";
import { end, moved, OtherLibrary, show, STORES } from "./_foreign.ts";

// Sessions of ours and of other libraries, one beside the other.

const ANN = ["ann", { cart: [1, 2] }];
const NOBODY = [null, {}];
const OURS = "__Host-sid";

/** A reader of another name, whose cookie is `old`, too. */
function second(name: string, more: Partial<SessionReader> = {}) {
  const other = new OtherLibrary();
  return { other, reader: other.reader({ name, ...more }) };
}

describe("readers of several libraries", () => {
  it("are asked in turn, until one has a session", async () => {
    const first = second("first");
    const last = second("last");
    const site = moved();
    const accept = [first.reader, site.other.reader(), last.reader];
    const { visit } = moved({ accept });
    assert.deepEqual(await (await visit(site.old())).json(), ANN);
    const reads = [first, site, last].map(({ other }) => other.reads);
    assert.deepEqual(reads, [1, 1, 0]);
  });

  it("are not asked once one has failed, and the request goes on", async () => {
    const first = second("first");
    first.other.isDown = true;
    const site = moved();
    const accept = [first.reader, site.other.reader()];
    const { visit } = moved({ accept, onStoreError: "anonymous" });
    const jar = site.old();
    assert.deepEqual(await (await visit(jar)).json(), NOBODY);
    assert.equal(site.other.reads, 0);
    assert.deepEqual(jar, site.old());
  });

  it("are told apart by their whole names", async () => {
    const site = moved({}, { keep: true });
    const like = second("oth", { keep: true });
    const accept = [like.reader, site.other.reader({ keep: true })];
    const { visit } = moved({ accept });
    const jar = site.old();
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await (await visit(jar)).json(), ANN);
    }
    // Asked as it was taken over, and not for what is of another one.
    assert.equal(like.other.reads, 1);
    assert.equal(site.other.reads, 3);
  });

  it("are not asked from the ms on at which they end", async () => {
    for (const [late, reads] of [[0, 0], [-1, 1]] as const) {
      const { old, visit, other, clock } = moved({}, { until: 5_000_000 });
      clock.now = 5_000_000 + late;
      await visit(old());
      assert.equal(other.reads, reads);
    }
  });
});

for (const [where, options] of Object.entries(STORES)) {
  describe(`a session of ours beside another library's, ${where}`, () => {
    /** A jar with a session of ours alone. */
    const own = async ({ visit }: Pick<ReturnType<typeof moved>, "visit">) => {
      const jar: Record<string, string> = {};
      await visit(jar, (_request, session) => {
        session.set("n", 1);
        return new Response();
      });
      return jar;
    };

    it("ends that, too, on logout", async () => {
      const site = moved(options());
      const jar = Object.assign(await own(site), site.old());
      await site.visit(jar, end);
      assert.deepEqual(jar, {});
      assert.deepEqual(site.other.ended, Object.values(site.old()));
    });

    it("ends nothing where there is none", async () => {
      const site = moved(options());
      const jar = Object.assign(await own(site), { old: "forged" });
      await site.visit(jar, end);
      assert.deepEqual(site.other.ended, []);
      assert.equal(jar[OURS], undefined);
    });

    it("leaves its place to that once it has expired", async () => {
      const site = moved({ ...options(), idleTimeout: 60 });
      const jar = Object.assign(await own(site), site.old());
      site.clock.advance(3600);
      assert.deepEqual(await (await site.visit(jar)).json(), ANN);
    });
  });
}

describe("a session that was taken over", () => {
  it("does not follow one that it has replaced", async () => {
    const one = moved();
    const jar = one.old();
    await one.visit(jar);
    one.other.sessions.clear();
    const { secret } = one.options;
    const accept = [one.other.reader({ keep: true })];
    const { visit, events } = moved({ secret, accept });
    assert.deepEqual(await (await visit(jar)).json(), ANN);
    assert.deepEqual(typesOf(events), ["opened"]);
  });

  it("follows no program that does not run any more", async () => {
    const one = moved({}, { keep: true });
    const jar = one.old();
    await one.visit(jar);
    one.other.sessions.clear();
    const { secret } = one.options;
    const { visit } = moved({ secret, accept: [one.other.reader()] });
    assert.deepEqual(await (await visit(jar)).json(), ANN);
  });

  it("stays while the other library's store is down", async () => {
    const site = moved({ onStoreError: "anonymous" }, { keep: true });
    const jar = site.old();
    await site.visit(jar);
    typesOf(site.events);
    site.other.isDown = true;
    assert.deepEqual(await (await site.visit(jar)).json(), NOBODY);
    assert.deepEqual(typesOf(site.events), ["opened", "store-error"]);
    site.other.isDown = false;
    assert.deepEqual(await (await site.visit(jar)).json(), ANN);
  });

  it("is not looked for while ours is down", async () => {
    const store = new MemoryStore();
    const site = moved({ store, onStoreError: "anonymous" }, { keep: true });
    const jar = site.old();
    await site.visit(jar);
    const { reads } = site.other;
    store.get = () => Promise.reject(new Error("down"));
    assert.deepEqual(await (await site.visit(jar)).json(), NOBODY);
    assert.equal(site.other.reads, reads);
  });

  it("is not looked for once the response has left", async () => {
    const { old, options, other } = moved();
    let later: (() => Promise<Session>) | undefined;
    const request = new Request("https://example.com/", {
      headers: { cookie: `old=${old()["old"]}` },
    });
    await withSession((_request, open) => {
      later = open as typeof later;
      return new Response();
    }, { ...options, lazy: true })(request);
    await later?.();
    assert.equal(other.reads, 0);
  });

  it("is over for copies of its cookie once it has a new one", async () => {
    const site = moved({ store: new MemoryStore() });
    const copy = site.old();
    const theirs = site.other.sessions.get(`${copy["old"]}`);
    const jar = site.old();
    await site.visit(jar);
    await site.visit(jar, (_request, session) => {
      session.regenerate();
      return new Response();
    });
    site.other.sessions.set(`${copy["old"]}`, theirs as ForeignSession);
    assert.deepEqual(await (await site.visit(copy)).json(), NOBODY);
    // The browser has that, and it is not replaced by another one.
    const write: SessionHandler<AnyData, []> = (_request, session) => {
      session.set("n", 1);
      return new Response();
    };
    await assert.rejects(site.visit(site.old(), write), { code: "gone" });
    await site.visit(jar, end);
    const anew = site.old();
    await site.visit(anew, write);
    assert.deepEqual(await (await site.visit(anew)).json(), [null, { n: 1 }]);
  });

  it("is ended by its visitor, who signs out there", async () => {
    const site = moved({ store: new MemoryStore() }, { keep: true });
    const jar = site.old();
    await site.visit(jar);
    const { [OURS]: ours = "" } = jar;
    site.other.sessions.clear();
    await site.visit(jar);
    // Sent before the answer to that: the page may show the sign-in by now.
    const late = site.visit({ [OURS]: ours }, (_request, session) => {
      session.set("n", 1);
      return new Response();
    });
    await assert.rejects(late, { code: "gone" });
  });

  it("shows a handshake what it has here", async () => {
    const site = moved({ store: new MemoryStore() });
    const jar = site.old();
    const copy = site.old();
    const theirs = site.other.sessions.get(`${copy["old"]}`);
    await site.visit(jar, (_request, session) => {
      session.set("n", 1);
      return new Response();
    });
    site.other.sessions.set(`${copy["old"]}`, theirs as ForeignSession);
    const upgrade = { upgrade: "websocket" };
    const seen = await (await site.visit(copy, show, upgrade)).json();
    assert.deepEqual(seen, ["ann", { cart: [1, 2], n: 1 }]);
  });
});
