import assert from "node:assert/strict";
import { createSessions, type Session } from "../../mod.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  type StoreBench,
} from "./store_bench.ts";
import type { StoreCase } from "./store_races.ts";
import { assertNoCookie, requestWith } from "./support.ts";

// A slow request has a cookie to set, and a fast one has changed which counts.

const look: Act = (session) => session.get("name");

/** What has a cookie set, by what has been saved before the fast one came. */
const SLOW: Readonly<Record<string, Act>> = {
  "regenerate()": (session) => session.regenerate(),
  "a login": (session) => session.login("ada"),
  "persist()": (session) => session.persist(600),
};

const FAST: Readonly<Record<string, Act>> = {
  "regenerate()": (session) => session.regenerate(),
  "the same user's login": (session) => session.login("ada"),
  "another user's login": (session) => session.login("bob"),
  "a logout": (session) => session.destroy(),
};

/** Makes a cookie that counts no more, and the one that does. */
type Refusal = (bench: StoreBench) => Promise<{ dead: string; live: string }>;

/** What has made a cookie refused for good. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  "from before a login": async (bench) => {
    const dead = await bench.begin();
    const live = cookieOf(await bench.act(dead, (it) => it.login("ada")));
    return { dead, live };
  },
  "that was replaced long ago": async (bench) => {
    const dead = await bench.begin("ada");
    const live = cookieOf(await bench.act(dead, (it) => it.regenerate()));
    bench.clock.advance(3600);
    return { dead, live };
  },
};

/** One request that saves, waits for another one, and answers after it. */
async function saveAndWait(
  bench: StoreBench,
  cookie: string,
  slow: Act,
  fast: Act,
): Promise<{ slow: Response; fast: Response }> {
  let answer: Response | undefined;
  const response = await bench.act(cookie, async (session: Session) => {
    await slow(session);
    await session.save();
    answer = await bench.act(cookie, fast).catch(() => undefined);
  });
  // The slow one may have ended the cookie of the fast one.
  return { slow: response, fast: answer ?? new Response() };
}

/** The cookie that a browser has after these answers. */
function jarAfter(cookie: string, ...responses: Response[]): string {
  return responses.reduce((jar, { headers }) => {
    const [line] = headers.getSetCookie();
    return line ? line.split(";")[0] as string : jar;
  }, cookie);
}

export const overtakenCases: readonly StoreCase[] = [
  ...Object.entries(SLOW).map(([name, slow]): StoreCase => ({
    name: `an answer after ${name} and save() sets no cookie that is outdated`,
    async run(bench) {
      for (const [end, fast] of Object.entries(FAST)) {
        const cookie = await bench.begin("ada");
        const answers = await saveAndWait(bench, cookie, slow, fast);
        const before = jarAfter(cookie, answers.fast);
        const after = jarAfter(before, answers.slow);
        // A logout ends the session whose cookie has just been replaced, but not
        // by a login.
        const isOut = end === "a logout" && name === "regenerate()";
        const isEnded = before.endsWith("=") || isOut;
        const message = `${name}, then ${end}`;
        if (isEnded) assertNoCookie(answers.slow);
        else assert.ok(await bench.read(after), message);
      }
    },
  })),
  {
    name: "an answer that offers a renewed cookie sets none that is outdated",
    async run(bench) {
      const more = { renewAfter: 60 };
      for (const [end, fast] of Object.entries(FAST)) {
        const cookie = await bench.begin("ada", more);
        bench.clock.advance(61);
        // Its answer is lost: the old cookie counts, and gets the new one.
        await bench.act(cookie, look, more);
        const answers = await bench.overtake(cookie, look, fast, more);
        assert.equal(answers.slow.headers.getSetCookie().length, 0, end);
      }
    },
  },
  {
    name: "a token of a session that has moved on or ended is refused",
    async run({ sessions }) {
      const ends: Act[] = [
        (session) => session.login("ada"),
        (session) => session.regenerate(),
      ];
      for (const end of [...ends, undefined]) {
        const made = sessions.create();
        made.login("ada");
        const token = await sessions.seal(made);
        const session = await sessions.unseal(token);
        const other = await sessions.unseal(token);
        assert.ok(session && other);
        if (end) {
          end(other);
          await other.save();
        } else {
          other.destroy();
          await other.save();
        }
        await assert.rejects(sessions.seal(session), { code: "gone" });
      }
    },
  },
  {
    name: "a request that is kept open gets nothing of a login long after it",
    async run(bench) {
      const logins: Act[] = [
        (session) => session.login("ada"),
        (session) => {
          session.set("mine", true);
          session.regenerate();
        },
      ];
      for (const [number, late] of logins.entries()) {
        for (const wait of [29, 31]) {
          const planted = await bench.begin();
          const first: Act = number
            ? (session) => session.regenerate()
            : (session) => session.login("ada");
          let user = "";
          const slow = await bench.act(planted, async (session) => {
            session.keys();
            user = cookieOf(await bench.act(planted, first));
            await bench.act(user, (session) => session.set("factor", 2));
            bench.clock.advance(wait);
            late(session);
          });
          const [line] = slow.headers.getSetCookie();
          const seen = line ? await bench.read(cookieOf(slow)) : null;
          const isShared = seen?.["factor"] === 2;
          assert.equal(isShared, wait < 30, `${late} after ${wait} s`);
          // Whoever logs in has a session, and the visitor's data.
          if (!number) assert.equal(seen?.["name"], "Ada");
          assert.equal((await bench.read(user))?.["factor"], 2);
        }
      }
    },
  },
  {
    name: "an old cookie's request gets nothing as a renewal was a moment ago",
    async run(bench) {
      const more = { renewAfter: 60 };
      const copied = await bench.begin("ada", more);
      const slow = await bench.act(copied, async (session) => {
        session.keys();
        let cookie = cookieOf(
          await bench.act(copied, (session) => session.regenerate(), more),
        );
        bench.clock.advance(3600);
        cookie = jarAfter(cookie, await bench.act(cookie, look, more));
        await bench.act(cookie, look, more);
        session.regenerate();
      }, more);
      assertNoCookie(slow);
    },
  },
  {
    name: "a login whose answer comes after another one's takes no cookie away",
    async run(bench) {
      const cookie = await bench.begin();
      const written = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      bench.watched.after = once("update", async () => {
        written.resolve();
        await answered.promise;
      });
      const slow = bench.act(cookie, (session) => session.login("ada"));
      await written.promise;
      const fast = bench.act(cookie, (session) => session.login("bob"));
      // It waits for the first one, but not for ever.
      await pause(20);
      answered.resolve();
      const answers = await Promise.all([fast, slow]);
      const jar = jarAfter(cookie, ...answers);
      assert.ok(await bench.read(jar));
    },
  },
  {
    name: "a slow answer and a token have the newest number, not the one read",
    async run(bench) {
      const more = { renewAfter: 60 };
      const old = await bench.begin("ada", more);
      const renewing = createSessions({ ...bench.options, ...more });
      const socket = await renewing.unseal(old.slice(old.indexOf("=") + 1));
      assert.ok(socket);
      bench.clock.advance(61);
      let jar = old;
      const slow = await bench.act(old, async (session) => {
        session.keys();
        for (const wait of [0, 1, 61, 31, 61, 31]) {
          bench.clock.advance(wait);
          jar = jarAfter(jar, await bench.act(jar, look, more));
        }
      }, more);
      bench.takeEvents();
      const token = `__Host-sid=${await renewing.seal(socket)}`;
      for (const cookie of [jarAfter(jar, slow), token, jar]) {
        assert.ok(await bench.read(cookie, more));
      }
      assert.ok(!bench.takeEvents().includes("reuse"));
    },
  },
  {
    name: "a page that asks its own server is renewed all the same",
    async run(bench) {
      let cookie = await bench.begin("ada");
      for (let page = 0; page < 3; page++) {
        bench.clock.advance(301);
        const answer = await bench.act(cookie, async (session) => {
          session.keys();
          await bench.act(cookie, look);
        });
        cookie = cookieOf(answer);
      }
    },
  },
  {
    name: "the answer to a login has its cookie, whatever the old one does",
    async run(bench) {
      for (const end of ["another user's login", "a logout"]) {
        const cookie = await bench.begin();
        bench.watched.after = once(
          "update",
          () => bench.act(cookie, FAST[end] as Act),
        );
        const login = await bench.act(cookie, (it) => it.login("ada"));
        const userId = await bench.act(cookieOf(login), (it) => it.userId);
        assert.equal(await userId.json(), "ada", end);
      }
    },
  },
  ...Object.entries(REFUSED).flatMap(([name, refuse]) =>
    ["another user's login", "a logout"].map((end): StoreCase => ({
      name: `${end} by a cookie ${name} changes nothing for its visitor`,
      async run(bench) {
        const act = FAST[end] as Act;
        for (const change of [SLOW["regenerate()"], SLOW["a login"]] as Act[]) {
          const { dead, live } = await refuse(bench);
          const before = await bench.act(live, async (session) => {
            await change(session);
            await bench.act(dead, act);
          });
          const next = cookieOf(before);
          bench.clock.advance(31);
          bench.watched.after = once("update", () => bench.act(dead, act));
          const during = await bench.act(next, change);
          const userId = await bench.act(cookieOf(during), (it) => it.userId);
          assert.equal(await userId.json(), "ada");
        }
        const { dead, live } = await refuse(bench);
        const socket = await bench.sessions.open(requestWith(live));
        socket.set("n", 1);
        await bench.act(dead, act);
        assert.ok(await bench.sessions.seal(socket));
        await socket.save();
        assert.deepEqual(await bench.read(live), { name: "Ada", n: 1 });
      },
    }))
  ),
  {
    name:
      "a logout ends the session whose cookie regenerate() has just replaced",
    async run(bench) {
      const end = FAST["a logout"] as Act;
      for (const wait of [0, 29, 30]) {
        const old = await bench.begin("ada");
        let id = "";
        const answer = await bench.act(old, async (session) => {
          ({ id } = session);
          session.regenerate();
          if (wait) return;
          await session.save();
          await bench.act(old, end);
        });
        if (wait) {
          bench.clock.advance(wait);
          await bench.act(old, end);
          const isThere = !!await bench.read(cookieOf(answer));
          assert.equal(isThere, wait === 30, `after ${wait} s`);
        } else assertNoCookie(answer);
        const events = bench.events.splice(0);
        const ended = events.filter(({ type }) => type === "destroyed");
        const told = wait === 30 ? [] : [{ type: "destroyed", id }];
        assert.deepEqual(ended, told);
        if (!bench.canList) continue;
        const listed = await bench.sessions.list("ada");
        assert.equal(listed.length, told.length ? 0 : 1);
      }
    },
  },
  {
    name: "its own write of long ago is no other request's",
    async run(bench) {
      for (const act of [SLOW["regenerate()"], SLOW["a login"]]) {
        const cookie = await bench.begin("ada");
        const answer = await bench.act(cookie, async (session) => {
          act?.(session);
          session.set("n", 2);
          const lose = () => {
            throw new Error("Lost");
          };
          bench.watched.after = (call) => call.op === "update" && lose();
          bench.watched.before = (call) => call.op === "get" && lose();
          await assert.rejects(session.save(), { code: "store-failed" });
          bench.watched.after = bench.watched.before = undefined;
          bench.clock.advance(31);
        });
        const data = { name: "Ada", n: 2 };
        assert.deepEqual(await bench.read(cookieOf(answer)), data);
      }
    },
  },
];
