import assert from "node:assert/strict";
import type { Session } from "../../mod.ts";
import { type Act, cookieOf, pause, type StoreBench } from "./store_bench.ts";
import type { StoreCase } from "./store_races.ts";
import { assertNoCookie, requestWith } from "./support.ts";

// What save(), reload() and the end of a request keep.

const increment: Act = (session) =>
  session.update("n", (n: number | undefined) => (n ?? 0) + 1);
const gone = { code: "gone" };

/** A session without a request, and its token. */
async function socket(
  { sessions }: StoreBench,
  userId?: string,
): Promise<{ session: Session; cookie: string; open(): Promise<Session> }> {
  const session = sessions.create();
  session.set("name", "Ada");
  if (userId) session.login(userId);
  const token = await sessions.seal(session);
  const open = async () => {
    const opened = await sessions.unseal(token);
    assert.ok(opened);
    return opened;
  };
  return { session, cookie: `__Host-sid=${token}`, open };
}

/** How many records there are of a user, where that can be asked. */
async function countOf(bench: StoreBench, userId: string): Promise<number> {
  return bench.canList ? (await bench.sessions.list(userId)).length : 0;
}

export const keepingCases: readonly StoreCase[] = [
  {
    name: "what is set while save() is on its way is kept by the next one",
    async run(bench) {
      const { session, open } = await socket(bench);
      session.set("a", 1);
      const first = session.save();
      // However far the first one has got.
      for (let i = 0; i < 5; i++) {
        increment(session);
        await pause(1);
      }
      await first;
      await session.save();
      const kept = { name: "Ada", a: 1, n: 5 };
      assert.deepEqual(session.toJSON(), kept);
      assert.deepEqual((await open()).toJSON(), kept);
    },
  },
  {
    name: "saves of one new session make one record",
    async run(bench) {
      const session = bench.sessions.create();
      session.login("ada");
      const saves = [session.save()];
      increment(session);
      saves.push(session.save(), session.save());
      increment(session);
      await Promise.all(saves);
      const token = await bench.sessions.seal(session);
      assert.equal((await bench.sessions.unseal(token))?.get("n"), 2);
      if (bench.canList) assert.equal(await countOf(bench, "ada"), 1);
    },
  },
  {
    name: "tokens of one new session lead to one record",
    async run(bench) {
      const session = bench.sessions.create();
      const seal = () => bench.sessions.seal(session);
      const tokens = await Promise.all([seal(), seal(), seal()]);
      session.login("ada");
      tokens.push(...await Promise.all([seal(), seal()]));
      const users = await Promise.all(
        tokens.map(async (token) =>
          (await bench.sessions.unseal(token))?.userId
        ),
      );
      assert.deepEqual(users.slice(-2), ["ada", "ada"]);
      if (bench.canList) assert.equal(await countOf(bench, "ada"), 1);
    },
  },
  {
    name: "a save() that nobody waits for is kept with its response",
    async run(bench) {
      const response = await bench.act("", (session) => {
        session.set("name", "Ada");
        void session.save();
        increment(session);
      });
      assert.deepEqual(await bench.read(cookieOf(response)), {
        name: "Ada",
        n: 1,
      });
    },
  },
  {
    name: "save() of what is empty makes no record, and sets no cookie",
    async run(bench) {
      const acts: Act[] = [
        (session) => session.save(),
        async (session) => {
          session.set("a", 1);
          session.delete("a");
          await session.save();
        },
        async (session) => {
          session.persist(false);
          await session.save();
        },
        async (session) => {
          session.clear();
          await session.save();
        },
      ];
      for (const act of acts) {
        bench.takeCalls();
        assertNoCookie(await bench.act("", act));
        assert.deepEqual(bench.takeCalls(), []);
      }
    },
  },
  {
    name: "a record that no cookie goes out for is removed",
    async run(bench) {
      const fail: Act = async (session) => {
        session.login("ada");
        await session.save();
        throw new Error("The handler has failed");
      };
      await assert.rejects(bench.act("", fail), /The handler has failed/);
      const upgrade = bench.wrap(async (_request, session) => {
        session.login("ada");
        await session.save();
        return Response.error();
      });
      await assert.rejects(
        upgrade(new Request("https://example.com/")),
        { code: "late-write" },
      );
      const insecure = bench.wrap(async (_request, session) => {
        session.login("ada");
        await session.save();
        return new Response();
      });
      assertNoCookie(await insecure(new Request("http://example.com/")));
      assert.equal(await countOf(bench, "ada"), 0);
    },
  },
  {
    name: "a new session that ends while save() is on its way has no record",
    async run(bench) {
      const { promise: isCreating, resolve: began } = Promise.withResolvers<
        void
      >();
      const { promise: isEnding, resolve: ended } = Promise.withResolvers<
        void
      >();
      bench.watched.before = async ({ op }) => {
        if (op !== "create") return;
        began();
        await isEnding;
      };
      const session = bench.sessions.create();
      session.login("ada");
      const saving = session.save();
      await isCreating;
      session.destroy();
      const ending = session.save();
      ended();
      await Promise.all([saving, ending]);
      bench.watched.before = undefined;
      assert.ok(bench.takeCalls().includes("delete"));
      assert.equal(await countOf(bench, "ada"), 0);
    },
  },
  {
    name: "what was saved stays, also where the handler fails later",
    async run(bench) {
      const cookie = await bench.begin();
      const fail: Act = async (session) => {
        increment(session);
        await session.save();
        session.set("later", 1);
        throw new Error("The handler has failed");
      };
      await assert.rejects(bench.act(cookie, fail), /The handler has failed/);
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1 });
    },
  },
  {
    name: "save() without a change and reload() show what others wrote",
    async run(bench) {
      const { session, cookie } = await socket(bench);
      await bench.act(cookie, increment);
      await session.save();
      assert.deepEqual(session.toJSON(), { name: "Ada", n: 1 });
      session.set("mine", 1);
      await bench.act(cookie, increment);
      await session.reload();
      assert.deepEqual(session.toJSON(), { name: "Ada", n: 2, mine: 1 });
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 2 });
      increment(session);
      await bench.act(cookie, increment);
      await session.reload();
      await session.save();
      assert.deepEqual(await bench.read(cookie), {
        name: "Ada",
        n: 4,
        mine: 1,
      });
    },
  },
  {
    name: "save() and reload() tell a socket that its session has ended",
    async run(bench) {
      const ends: [name: string, end: (cookie: string) => unknown][] = [
        ["destroy()", (cookie) => bench.act(cookie, (it) => it.destroy())],
        ["login()", (cookie) => bench.act(cookie, (it) => it.login("eve"))],
      ];
      if (bench.canList) {
        ends.push(["revokeAll()", () => bench.sessions.revokeAll("ada")]);
      }
      for (const [name, end] of ends) {
        const { cookie, open } = await socket(bench, "ada");
        const sockets = [await open(), await open(), await open()] as const;
        sockets[2].set("late", 1);
        await end(cookie);
        await assert.rejects(sockets[0].save(), gone, name);
        await assert.rejects(sockets[1].reload(), gone, name);
        await assert.rejects(sockets[2].save(), gone, name);
        for (const session of sockets) {
          assert.throws(() => session.set("later", 1), gone, name);
          await assert.rejects(bench.sessions.seal(session), gone, name);
        }
      }
    },
  },
  {
    name: "a socket goes on after regenerate(), and gets no new token by that",
    async run(bench) {
      const { cookie, open } = await socket(bench, "ada");
      const session = await open();
      const response = await bench.act(cookie, (it) => it.regenerate());
      session.set("late", 1);
      await session.save();
      const data = { name: "Ada", late: 1 };
      assert.deepEqual(await bench.read(cookieOf(response)), data);
      await assert.rejects(bench.sessions.seal(session), gone);
      assert.equal(await bench.read(cookie), null);
    },
  },
  {
    name: "each save() has its own time, whatever came before",
    async run(bench) {
      const { session, cookie } = await socket(bench);
      const patient = bench.wrap(async (_request, session) => {
        for (let i = 0; i < 12; i++) {
          increment(session);
          await session.save();
        }
        return new Response();
      }, { storeTimeout: 0.5 });
      bench.watched.before = () => pause(60);
      await patient(requestWith(cookie));
      bench.watched.before = undefined;
      await session.reload();
      assert.equal(session.get("n"), 12);
    },
  },
  {
    name: "40 requests at once are few writes, and all are kept",
    async run(bench) {
      const cookie = await bench.begin();
      const handle = bench.wrap(async (_request, session) => {
        increment(session);
        await pause(20);
        return new Response();
      });
      bench.takeCalls();
      bench.watched.before = ({ op }) =>
        op === "update" ? pause(100) : undefined;
      const requests = Array.from(
        { length: 40 },
        () => handle(requestWith(cookie)),
      );
      await Promise.all(requests);
      bench.watched.before = undefined;
      const writes = bench.takeCalls().filter((op) => op === "update");
      assert.ok(writes.length < 20, `There were ${writes.length}`);
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 40 });
    },
  },
  {
    name: "of requests at once, one that fails fails alone",
    async run(bench) {
      const cookie = await bench.begin("ada");
      const acts: Act[] = [
        increment,
        (session) => session.login("bob"),
        (session) => session.set("late", 1),
        (session) => {
          session.update("n", (n: number | undefined) => {
            if (isReplayed) throw new Error("Not twice");
            return (n ?? 0) + 1;
          });
        },
      ];
      let isReplayed = false;
      let waiting = acts.length;
      const all = Promise.withResolvers<void>();
      const results = await Promise.allSettled(
        acts.map((act) =>
          bench.act(cookie, async (session) => {
            act(session);
            if (--waiting === 0) {
              // Another write, after which each of them has to begin anew.
              await bench.act(cookie, increment);
              isReplayed = true;
              all.resolve();
            }
            await all.promise;
          })
        ),
      );
      const [counted, login, late, failed] = results;
      assert.equal(login?.status, "fulfilled");
      assert.equal(failed?.status, "rejected");
      const bob = await bench.read(cookieOf(login.value));
      // Ada's write came before Bob's login, and went with her session, or it
      // came later, and failed.
      assert.deepEqual(bob, {});
      for (const result of [counted, late]) {
        if (result?.status === "rejected") {
          assert.equal(result.reason.code, "gone");
        }
      }
    },
  },
  {
    name: "two clicks on a login log in, whichever answer is read",
    async run(bench) {
      const cookie = await bench.begin();
      const logins: Act[] = [
        (session) => session.login("ada"),
        (session) => {
          session.set("userId", "ada");
          session.regenerate();
        },
      ];
      for (const login of logins) {
        const visitor = await bench.begin();
        const { slow, fast } = await bench.overtake(visitor, login, login);
        for (const response of [slow, fast]) {
          const data = await bench.read(cookieOf(response));
          assert.equal(data?.["name"], "Ada");
        }
        assert.equal(await bench.read(visitor), null);
      }
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
      if (bench.canList) assert.equal(await countOf(bench, "ada"), 1);
    },
  },
  {
    name: "a session that changes its cookie is revoked like any other",
    needsList: true,
    async run(bench) {
      for (let round = 0; round < 5; round++) {
        const others = 5 * round;
        for (let i = 0; i < others; i++) await bench.begin("ada");
        let cookie = await bench.begin("ada");
        let isOver = false;
        const thief = (async () => {
          while (!isOver) {
            const response = await bench.act(
              cookie,
              (session) => session.regenerate(),
            ).catch(() => undefined);
            if (!response?.headers.getSetCookie().length) return;
            cookie = cookieOf(response);
            // workerd lets no timer go off while calls come one after another.
            await pause(0);
          }
        })();
        await pause(Math.random() * 5);
        const ended = await bench.sessions.revokeAll("ada")
          .finally(() => isOver = true);
        await thief;
        assert.equal(ended, others + 1);
        const left = await bench.act(cookie, ({ userId }) => userId);
        assert.equal(await left.json(), null);
      }
    },
  },
];
