import assert from "node:assert/strict";
import type { Session, SessionStore } from "../../mod.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  type StoreBench,
} from "./store_bench.ts";
import type { StoreCase } from "./store_races.ts";
import { requestWith } from "./support.ts";

// Answers that are lost, and those that come too late: of a store, or of a
// client that sends its command again after it has connected anew.

const increment: Act = (session) =>
  session.update("n", (n: number | undefined) => (n ?? 0) + 1);

const lose = () => {
  throw new Error("Connection closed");
};

/** How an answer can be lost. */
const LOSSES: Readonly<
  Record<string, (bench: StoreBench, op: string) => void>
> = {
  "whose answer is lost": ({ watched }, op) => {
    watched.after = once(op, lose);
  },
  "that a client sends twice": ({ watched }, op) => {
    watched.repeats = (call) => call.op === op;
  },
  "that does not arrive at once": ({ watched }, op) => {
    watched.before = once(op, lose);
  },
};

function heal({ watched }: StoreBench): void {
  watched.before = watched.after = watched.repeats = undefined;
}

function lossCases(): StoreCase[] {
  return Object.entries(LOSSES).flatMap(([loss, lay]) => [
    {
      name: `a new session ${loss} is one session`,
      async run(bench: StoreBench) {
        lay(bench, "create");
        const response = await bench.act("", (session) => {
          session.login("ada");
          increment(session);
        });
        heal(bench);
        assert.deepEqual(await bench.read(cookieOf(response)), { n: 1 });
        if (!bench.canList) return;
        assert.equal((await bench.sessions.list("ada")).length, 1);
      },
    },
    {
      name: `a write ${loss} is made once`,
      async run(bench: StoreBench) {
        const cookie = await bench.begin();
        for (let n = 1; n <= 3; n++) {
          lay(bench, "update");
          await bench.act(cookie, increment);
          heal(bench);
          assert.deepEqual(await bench.read(cookie), { name: "Ada", n });
        }
      },
    },
    {
      name: `a login ${loss} is a login`,
      async run(bench: StoreBench) {
        const cookie = await bench.begin();
        lay(bench, "update");
        const response = await bench.act(
          cookie,
          (session) => session.login("ada"),
        );
        heal(bench);
        assert.equal(await bench.read(cookie), null);
        assert.deepEqual(await bench.read(cookieOf(response)), {
          name: "Ada",
        });
      },
    },
    {
      name: `a renewal ${loss} is one renewal`,
      async run(bench: StoreBench) {
        const more = { renewAfter: 600 };
        const cookie = await bench.begin("ada", more);
        bench.clock.advance(600);
        lay(bench, "update");
        const renewed = cookieOf(await bench.act(cookie, increment, more));
        heal(bench);
        assert.deepEqual(await bench.read(renewed, more), {
          name: "Ada",
          n: 1,
        });
        assert.deepEqual(await bench.read(cookie, more), {
          name: "Ada",
          n: 1,
        });
      },
    },
    {
      name: `a logout ${loss} is a logout`,
      async run(bench: StoreBench) {
        const cookie = await bench.begin("ada");
        lay(bench, "delete");
        await bench.act(cookie, (session) => session.destroy());
        heal(bench);
        assert.equal(await bench.read(cookie), null);
        if (!bench.canList) return;
        assert.deepEqual(await bench.sessions.list("ada"), []);
      },
    },
  ]);
}

/** A store that takes so long for one call that its request gives up. */
function delay({ watched }: StoreBench, op: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  watched.before = once(op, () => pause(1_000));
  watched.after = (call) => {
    if (call.op === op) resolve();
  };
  return promise;
}

/** Waits until what is late has been taken back, or 3 s. */
async function settled(isOver: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 60 && !await isOver(); i++) await pause(50);
}

const HASTY = { storeTimeout: 0.5 };
const late = { code: "store-failed" };

export const answerCases: readonly StoreCase[] = [
  ...lossCases(),
  {
    name: "a write whose answer is lost is made once beside others",
    async run(bench) {
      const cookie = await bench.begin();
      const others = Array.from({ length: 3 }, () => bench.reopen?.());
      const stores = await Promise.all(others) as (SessionStore | undefined)[];
      bench.watched.after = once("update", async () => {
        bench.watched.after = undefined;
        for (const store of stores) {
          if (store) await bench.act(cookie, increment, { store });
        }
        lose();
      });
      await bench.act(cookie, increment);
      const n = 1 + stores.filter(Boolean).length;
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n });
    },
  },
  {
    name: "a new session that is too late leaves no record",
    async run(bench) {
      const arrived = delay(bench, "create");
      await assert.rejects(
        bench.act("", (session) => session.login("ada"), HASTY),
        late,
      );
      await arrived;
      const { store } = bench.watched;
      const [{ key = "" } = {}] = bench.watched.calls;
      await settled(async () => await store.get(key) === null);
      assert.equal(await store.get(key), null);
    },
  },
  {
    name: "a write and a login that are too late are taken back",
    async run(bench) {
      const acts: Act[] = [increment, (session) => session.login("eve")];
      for (const act of acts) {
        const cookie = await bench.begin("ada");
        const arrived = delay(bench, "update");
        await assert.rejects(bench.act(cookie, act, HASTY), late);
        await arrived;
        heal(bench);
        const isBack = async () =>
          JSON.stringify(await bench.read(cookie)) === '{"name":"Ada"}';
        await settled(isBack);
        assert.deepEqual(await bench.read(cookie), { name: "Ada" });
        if (!bench.canList) continue;
        assert.deepEqual(await bench.sessions.list("eve"), []);
      }
    },
  },
  {
    name: "a write that is too late, and saved again, is made once",
    async run(bench) {
      const cookie = await bench.begin();
      const arrived = delay(bench, "update");
      const handle = bench.wrap(async (_request, session: Session) => {
        increment(session);
        await assert.rejects(session.save(), late);
        increment(session);
        await arrived;
        await session.save();
        assert.equal(session.get("n"), 2);
        return new Response();
      }, HASTY);
      await handle(requestWith(cookie));
      heal(bench);
      await pause(200);
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 2 });
    },
  },
  {
    name: "a session ends where nothing can be written any more",
    async run(bench) {
      const [one, two] = [await bench.begin("ada"), await bench.begin("ada")];
      const more = { renewAfter: 600 };
      const three = await bench.begin("ada", more);
      bench.clock.advance(600);
      const renewed = cookieOf(await bench.act(three, increment, more));
      await bench.read(renewed, more);
      await bench.act(renewed, increment, more);
      bench.clock.advance(100);
      bench.watched.before = ({ op }) => {
        if (/^(create|update|touch)$/.test(op)) {
          throw new Error("OOM command not allowed");
        }
      };
      await bench.act(one, (session) => session.destroy());
      assert.equal(await bench.read(three, more), null, "Theft");
      if (bench.canList) await bench.sessions.revokeAll("ada");
      heal(bench);
      assert.equal(await bench.read(one), null);
      assert.equal(await bench.read(renewed, more), null);
      if (bench.canList) assert.equal(await bench.read(two), null);
    },
  },
];
