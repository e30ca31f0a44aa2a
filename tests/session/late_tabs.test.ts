import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStorage } from "unstorage";
import type { Session, SessionOptions, SessionStore } from "../../mod.ts";
import { noteTurn } from "../../src/session/overtaken.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { UnstorageStore } from "../../stores/unstorage.ts";
import { cookieOf, StoreBench } from "../shared/store_bench.ts";
import { requestWith, setUp } from "../shared/support.ts";
import { Eventual, slowly } from "../shared/tabs.ts";

// Tabs of one browser, data in a late store: what one of them does to the session
// goes on in another record.

const STORES: Record<string, (now: () => number) => SessionStore> = {
  "that compares": (now) => new UnstorageStore(createStorage(), { now }),
  "of two tiers": (now) =>
    new TieredStore(new MemoryStore({ now }), new MemoryStore({ now }), {
      now,
    }),
  "that takes every write": (now) => new Eventual({ now }),
};

function begin(place: string, more: Partial<SessionOptions> = {}) {
  const surroundings = setUp({ tokenCache: undefined, ...more as object });
  const now = () => surroundings.clock.now;
  const store = STORES[place]?.(now) as SessionStore;
  const here = new StoreBench(surroundings, { store });
  // Another process has none of this one's memory.
  const elsewhere = new StoreBench(surroundings, { store });
  return { here, elsewhere, now };
}

const regenerate = (session: Session) => session.regenerate();
const login = (userId: string) => (session: Session) => session.login(userId);
const userOf = async (bench: StoreBench, cookie: string) =>
  (await bench.sessions.open(requestWith(cookie))).userId;

for (const place of Object.keys(STORES)) {
  describe(`tabs, data in a late store ${place},`, () => {
    it("leave the cookie of the last write, whichever answers last", async () => {
      for (const isFirst of [true, false]) {
        const { here } = begin(place);
        let cookie = await here.begin();
        const write = (key: string) =>
          slowly(here, cookie, async (session, wait) => {
            session.set(key, 1);
            await session.save();
            await wait();
          });
        const first = write("first");
        await first.arrived;
        const second = write("second");
        await second.arrived;
        const order = isFirst ? [first, second] : [second, first];
        for (const each of order) {
          const answer = await each.end();
          cookie = answer.headers.getSetCookie().length
            ? cookieOf(answer)
            : cookie;
        }
        const { second: kept } = await here.read(cookie) ?? {};
        assert.equal(kept, 1);
      }
    });

    it("may log out once more what a logout could not end", async () => {
      const { here, elsewhere } = begin(place);
      const old = await here.begin("ada");
      const logout = slowly(here, old, async (session, wait) => {
        session.keys();
        await wait();
        session.destroy();
      });
      await logout.arrived;
      const cookie = cookieOf(await here.act(old, regenerate));
      // The end of the first record arrives, that of the second does not.
      let ends = 0;
      here.watched.before = ({ op }) => {
        if (/^(update|delete)$/.test(op) && ends++) throw new Error("down");
      };
      assert.equal((await logout.end()).code, "store-failed");
      here.watched.before = undefined;
      assert.equal(await userOf(here, cookie), undefined);
      const again = await here.act(cookie, (session) => session.destroy());
      assert.match(cookieOf(again), /=$/);
      here.clock.advance(400);
      assert.equal(await userOf(elsewhere, cookie), undefined);
    });

    it("end the new id of the user before a login", async () => {
      const { here, elsewhere, now } = begin(place);
      const more = { revocations: new MemoryStore({ now }) };
      const old = await here.begin("ada", more);
      const other = slowly(here, old, async (session, wait) => {
        session.keys();
        await wait();
        session.login("bob");
      }, more);
      await other.arrived;
      const cookie = cookieOf(await here.act(old, regenerate, more));
      await other.end();
      for (const bench of [here, elsewhere]) {
        assert.equal(await bench.read(cookie, more), null);
      }
    });

    it("log out of both logins of a double click", async () => {
      const { here, elsewhere } = begin(place);
      const old = await here.begin();
      const slow = slowly(here, old, async (session, wait) => {
        session.keys();
        await wait();
        session.login("ada");
      });
      await slow.arrived;
      const first = cookieOf(await here.act(old, login("ada")));
      const second = cookieOf(await slow.end());
      assert.equal(await userOf(here, first), "ada");
      assert.equal(await userOf(here, second), "ada");
      await here.act(second, (session) => session.destroy());
      here.clock.advance(400);
      for (const bench of [here, elsewhere]) {
        assert.equal(await userOf(bench, first), undefined);
      }
    });

    it("do not end a login of much later by a request from before it", async () => {
      const { here } = begin(place);
      const old = await here.begin();
      const planted = slowly(here, old, async (session, wait) => {
        session.keys();
        await wait();
        session.destroy();
      });
      await planted.arrived;
      const cookie = cookieOf(await here.act(old, login("ada")));
      here.clock.advance(31);
      await planted.end();
      assert.equal(await userOf(here, cookie), "ada");
    });

    it("wait with a write until it is known whether another has left", async () => {
      const { here, now } = begin(place);
      let key = "";
      here.watched.before = (call) => void (key = call.key);
      let cookie = await here.begin("ada");
      const settings = {
        store: here.watched.store,
        now,
      } as unknown as Parameters<
        typeof noteTurn
      >[0];
      const answer = await here.act(cookie, (session) => {
        session.set("a", 1);
        // What another request is about to do, and what then fails.
        const forget = noteTurn(settings, key, "left", { isSure: false });
        setTimeout(forget, 30);
      });
      cookie = cookieOf(answer);
      assert.deepEqual(await here.read(cookie), { name: "Ada", a: 1 });
      assert.equal(await userOf(here, cookie), "ada");
    });

    it("end at most five records that have taken the session's place", async () => {
      const { here } = begin(place);
      const old = await here.begin("ada");
      const logout = slowly(here, old, async (session, wait) => {
        session.keys();
        await wait();
        session.destroy();
      });
      await logout.arrived;
      const all = Array.from(
        { length: 20 },
        () =>
          slowly(here, old, async (session, wait) => {
            session.keys();
            await wait();
            session.regenerate();
          }),
      );
      await Promise.all(all.map(({ arrived }) => arrived));
      await Promise.all(all.map((each) => each.end()));
      here.takeCalls();
      await logout.end();
      const calls = here.takeCalls();
      assert.ok(calls.length <= 3 * 6, calls.join());
    });
  });
}

describe("an end that fails", () => {
  it("takes no cookie of a login away", async () => {
    const { clock, ...surroundings } = setUp({ tokenCache: undefined });
    const now = () => clock.now;
    const bench = new StoreBench({ clock, ...surroundings }, {
      store: new MemoryStore({ now }),
    });
    const old = await bench.begin("ada");
    const slow = slowly(bench, old, async (session, wait) => {
      session.login("ada");
      await session.save();
      await wait();
    });
    await slow.arrived;
    const failed = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    bench.watched.before = async ({ op }) => {
      if (op !== "delete") return;
      failed.resolve();
      await answered.promise;
      throw new Error("down");
    };
    const [info] = await bench.sessions.list("ada");
    const revoking = assert.rejects(
      bench.sessions.revoke("ada", info?.id as string),
      { code: "store-failed" },
    );
    await failed.promise;
    const cookie = cookieOf(await slow.end());
    answered.resolve();
    await revoking;
    bench.watched.before = undefined;
    assert.equal(await userOf(bench, cookie), "ada");
  });
});
