import assert from "node:assert/strict";
import type { AnyData, Session } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import { assertNoCookie, requestWith } from "./support.ts";
import { type Act, cookieOf, type StoreBench } from "./store_bench.ts";

/** A rule of sessions in a store that can compare and swap. */
export interface StoreCase {
  readonly name: string;
  /** It needs a store that lists a user's sessions. */
  readonly needsList?: boolean;
  run(bench: StoreBench): Promise<void>;
}

const write: Act = (session) => session.set("late", true);
const increment: Act = (session) =>
  session.update("n", (n: number | undefined) => (n ?? 0) + 1);

/** How a session, or its cookies, can end while a request runs. */
const ENDINGS: Readonly<
  Record<string, (bench: StoreBench, session: Session) => unknown>
> = {
  "destroy()": (_bench, session) => session.destroy(),
  "regenerate()": (_bench, session) => session.regenerate(),
  "login() of the same user": (_bench, session) => session.login("ada"),
  "login() of another user": (_bench, session) => {
    session.login("bob");
    session.set("name", "Bob");
  },
  "revoke()": (bench, session) => bench.sessions.revoke("ada", session.id),
  "revokeAll()": (bench) => bench.sessions.revokeAll("ada"),
};

/** What a slow request may do after that. */
const LATE_ACTS: Readonly<Record<string, Act>> = {
  "set()": write,
  "update()": increment,
  "clear()": (session) => session.clear(),
  "flash()": (session) => session.flash("note", "late"),
  "persist()": (session) => session.persist(false),
  "regenerate()": (session) => session.regenerate(),
  "login()": (session) => session.login("eve"),
  "destroy()": (session) => session.destroy(),
};

/** Whose session it is after such an end, by which cookie there is. */
const OWNERS: Readonly<Record<string, string>> = {
  "regenerate()": "ada",
  "login() of the same user": "ada",
  "login() of another user": "bob",
};

function endingCases(): StoreCase[] {
  return Object.entries(ENDINGS).flatMap(([ending, end]) =>
    Object.entries(LATE_ACTS).map(([late, act]) => ({
      needsList: ending.startsWith("revoke"),
      name: `${late} after another request's ${ending} brings nothing back`,
      async run(bench: StoreBench) {
        const cookie = await bench.begin("ada");
        const { fast, slow } = await bench.race(
          cookie,
          act,
          (session) => end(bench, session),
        );
        const owner = OWNERS[ending];
        const isLost = owner !== "ada" && !/^(login|destroy)/.test(late);
        // A new cookie of what has ended is nothing that could be lost.
        const isRefused = isLost && late !== "regenerate()";
        assert.equal(
          slow instanceof Response ? "answered" : slow.code,
          isRefused ? "gone" : "answered",
        );
        if (isLost && slow instanceof Response) assertNoCookie(slow);
        assert.equal(await bench.read(cookie), null, "The old cookie opens");

        // Whichever answer reaches the browser last, and also the last alone.
        const answers = slow instanceof Response ? [fast, slow] : [fast];
        for (
          const order of [answers, answers.toReversed(), answers.slice(-1)]
        ) {
          const seen = await seenAfter(bench, cookie, order);
          if (late === "destroy()") assert.equal(seen, null);
          else if (late === "login()") {
            // The first answer alone may be one of a session that has ended.
            if (order[0] !== slow) assert.deepEqual(seen, ["eve", {}]);
          } else if (!owner) assert.equal(seen, null, "It is back");
          else if (order.length > 1) assert.equal(seen?.[0], owner);
        }
        const data = await seenAfter(bench, cookie, answers);
        if (owner === "bob" && isLost) {
          assert.deepEqual(data, ["bob", { name: "Bob" }]);
        }
        if (owner === "ada" && late === "set()") {
          assert.deepEqual(data, ["ada", { name: "Ada", late: true }]);
        }
        if (!bench.canList) return;
        const user = late === "login()" ? "eve" : owner;
        for (const name of ["ada", "bob", "eve"]) {
          const isTheirs = name === user && late !== "destroy()";
          assert.equal(
            (await bench.sessions.list(name)).length,
            isTheirs ? 1 : 0,
            name,
          );
        }
      },
    }))
  );
}

/** Whom a browser is, and what it sees, that has got these answers. */
async function seenAfter(
  bench: StoreBench,
  cookie: string,
  answers: readonly Response[],
): Promise<[user: string, data: AnyData] | null> {
  const browser = new Browser(() => new Response(), {
    now: () => bench.clock.now,
  });
  browser.setCookie(`${cookie}; Path=/; Secure`);
  for (const { headers } of answers) {
    headers.getSetCookie().forEach((line) => browser.setCookie(line));
  }
  const token = browser.cookie("__Host-sid");
  if (!token) return null;
  const response = await bench.act(
    `__Host-sid=${token}`,
    (session) => session.isNew ? null : [session.userId, session.toJSON()],
  );
  return await response.json();
}

export const raceCases: readonly StoreCase[] = [
  ...endingCases(),
  {
    name: "4 writers that add 1 250 times each make exactly 1000",
    async run(bench) {
      const cookie = await bench.begin();
      const handle = bench.wrap(async (_request, session) => {
        increment(session);
        // Long enough for others to read the same.
        await new Promise((resolve) => setTimeout(resolve));
        return new Response();
      });
      const writer = async () => {
        for (let i = 0; i < 250; i++) await handle(requestWith(cookie));
      };
      await Promise.all([writer(), writer(), writer(), writer()]);
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1000 });
      assert.ok(bench.takeEvents().includes("merged"), "They never met");
    },
  },
  {
    name: "writers of different keys keep all, and what they delete stays away",
    async run(bench) {
      const cookie = await bench.begin();
      const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
      await bench.act(cookie, (session) => {
        session.set("old", 1);
        session.set("gone", 1);
      });
      // All read before one writes.
      let waiting = keys.length + 1;
      const all = Promise.withResolvers<void>();
      const meet = async () => {
        if (--waiting === 0) all.resolve();
        await all.promise;
      };
      await Promise.all([
        ...keys.map((key) =>
          bench.act(cookie, async (session) => {
            session.get("gone");
            await meet();
            session.set(key, key);
          })
        ),
        bench.act(cookie, async (session) => {
          session.get("gone");
          await meet();
          session.delete("gone");
        }),
      ]);
      assert.deepEqual(await bench.read(cookie), {
        name: "Ada",
        old: 1,
        ...Object.fromEntries(keys.map((key) => [key, key])),
      });
    },
  },
  {
    name: "of two writers of one key one wins, and neither fails",
    async run(bench) {
      const cookie = await bench.begin();
      const { slow, fast } = await bench.overtake(
        cookie,
        (session) => session.set("name", "slow"),
        (session) => session.set("name", "fast"),
      );
      assert.deepEqual([slow.status, fast.status], [200, 200]);
      assert.deepEqual(await bench.read(cookie), { name: "slow" });
      assert.deepEqual(
        bench.takeEvents().filter((type) => type === "merged"),
        ["merged"],
      );
    },
  },
  {
    name: "a notice that comes while others are read is not lost",
    async run(bench) {
      const cookie = await bench.begin();
      await bench.act(cookie, (session) => session.flash("info", "first"));
      let read: readonly unknown[] = [];
      await bench.overtake(
        cookie,
        (session) => {
          read = session.flashes("info");
        },
        (session) => session.flash("info", "second"),
      );
      assert.deepEqual(read, ["first"]);
      await bench.act(cookie, (session) => {
        read = session.flashes("info");
      });
      assert.deepEqual(read, ["second"]);
    },
  },
  {
    name: "a notice that comes is not lost if an equal one is read meanwhile",
    async run(bench) {
      const cookie = await bench.begin();
      await bench.act(cookie, (session) => {
        session.flash("info", "first");
        session.flash("info", "second");
      });
      const read = (session: Session) => session.flashes("info");
      await bench.overtake(
        cookie,
        read,
        (session) => session.flash("info", "second"),
      );
      assert.deepEqual(
        await (await bench.act(cookie, read)).json(),
        ["second"],
      );
    },
  },
  {
    name:
      "of two that read the same notices neither fails, and no other is lost",
    async run(bench) {
      const cookie = await bench.begin();
      await bench.act(cookie, (session) => {
        session.flash("info", "first");
        session.flash("info", "second");
      });
      const read = (session: Session) => session.flashes("info");
      await bench.overtake(cookie, read, read);
      assert.deepEqual(
        await (await bench.act(cookie, read)).json(),
        [],
      );
      await bench.act(cookie, (session) => session.flash("info", "third"));
      await bench.overtake(cookie, read, async (session) => {
        session.flashes("info");
        await session.save();
        session.flash("info", "fourth");
      });
      assert.deepEqual(
        await (await bench.act(cookie, read)).json(),
        ["fourth"],
      );
    },
  },
  {
    name: "a notice that was read is not there again, where it has moved up",
    async run(bench) {
      const cookie = await bench.begin();
      await bench.act(cookie, (session) => session.flash("info", "first"));
      let read: readonly unknown[] = [];
      await bench.overtake(
        cookie,
        async (one) => {
          assert.deepEqual(one.flashes("info"), ["first"]);
          await bench.act(cookie, async (both) => {
            read = both.flashes("info");
            await one.save();
          });
        },
        (session) => session.flash("info", "second"),
      );
      assert.deepEqual(read, ["first", "second"]);
      await bench.act(cookie, (session) => {
        read = session.flashes("info");
      });
      assert.deepEqual(read, []);
    },
  },
  {
    name: "save() shows what was kept, with what another request wrote",
    async run(bench) {
      const cookie = await bench.begin();
      let seen: unknown;
      const { slow } = await bench.overtake(
        cookie,
        async (session) => {
          assert.equal(session.update("n", (n = 0) => n + 1), 1);
          await session.save();
          seen = session.toJSON();
        },
        (session) => session.set("n", 5),
      );
      assertNoCookie(slow);
      assert.deepEqual(seen, { name: "Ada", n: 6 });
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 6 });
    },
  },
  {
    name: "save() of a session that has ended says so, and nothing is kept",
    async run(bench) {
      const cookie = await bench.begin();
      const errors: string[] = [];
      const { slow } = await bench.overtake(
        cookie,
        async (session) => {
          session.set("late", true);
          await session.save().catch(({ code }) => errors.push(code));
          try {
            session.set("later", true);
          } catch (error) {
            errors.push((error as { code: string }).code);
          }
        },
        (session) => session.destroy(),
      );
      assert.deepEqual(errors, ["gone", "gone"]);
      assertNoCookie(slow);
      assert.equal(await bench.read(cookie), null);
    },
  },
  {
    name:
      "a write on an id that is renewed meanwhile is kept under the new one",
    async run(bench) {
      const more = { renewAfter: 600 };
      const cookie = await bench.begin(undefined, more);
      bench.clock.advance(600);
      const reading = Promise.withResolvers<void>();
      const renewed = Promise.withResolvers<void>();
      const slowly = bench.act(cookie, async (session) => {
        session.set("late", true);
        reading.resolve();
        await renewed.promise;
      }, more);
      await reading.promise;
      const fast = await bench.act(cookie, (session) => session.keys(), more);
      renewed.resolve();
      const slow = await slowly;
      const ids = new Set<string>();
      for (const response of [fast, slow]) {
        const data = { name: "Ada", late: true };
        assert.deepEqual(await bench.read(cookieOf(response), more), data);
        await bench.act(cookieOf(response), ({ id }) => ids.add(id), more);
      }
      assert.equal(ids.size, 1, "There are two new ids");
    },
  },
  {
    name: "20 requests during a renewal are all served, and get one new id",
    async run(bench) {
      const more = { renewAfter: 600 };
      const cookie = await bench.begin("ada", more);
      bench.clock.advance(600);
      const responses = await Promise.all(
        Array.from(
          { length: 20 },
          () => bench.act(cookie, increment, more),
        ),
      );
      const ids = new Set<string>();
      for (const response of responses) {
        await bench.act(cookieOf(response), ({ id }) => ids.add(id), more);
      }
      assert.equal(ids.size, 1);
      const [response] = responses;
      assert.ok(response);
      assert.deepEqual(await bench.read(cookieOf(response), more), {
        name: "Ada",
        n: 20,
      });
      if (bench.canList) {
        assert.equal((await bench.sessions.list("ada")).length, 1);
      }
    },
  },
  {
    name: "logout by a renewed id ends the session that has gone on",
    async run(bench) {
      const more = { renewAfter: 600 };
      const cookie = await bench.begin("ada", more);
      bench.clock.advance(600);
      const reading = Promise.withResolvers<void>();
      const renewed = Promise.withResolvers<void>();
      const slowly = bench.act(cookie, async (session) => {
        session.keys();
        reading.resolve();
        await renewed.promise;
        session.destroy();
      }, more);
      await reading.promise;
      const fast = await bench.act(cookie, (session) => session.keys(), more);
      renewed.resolve();
      await slowly;
      assert.equal(await bench.read(cookieOf(fast), more), null);
      if (bench.canList) {
        assert.deepEqual(await bench.sessions.list("ada"), []);
      }
    },
  },
  {
    name: "a login that runs while all sessions are revoked survives",
    needsList: true,
    async run(bench) {
      const other = await bench.begin("ada");
      const visitor = await bench.begin();
      const { slow } = await bench.overtake(
        visitor,
        (session) => session.login("ada"),
        () => bench.sessions.revokeAll("ada"),
      );
      assert.equal(await bench.read(other), null);
      assert.deepEqual(await bench.read(cookieOf(slow)), { name: "Ada" });
    },
  },
];
