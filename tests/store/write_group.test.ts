import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  SessionError,
  type SessionOptions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { settle, withHeldTime } from "../shared/held_time.ts";
import { cookieOf, once, StoreBench } from "../shared/store_bench.ts";
import { requestWith, setUp } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";

// What several requests of a session want, in one write of the store.

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** The session of a cookie, in a request for each of these. */
function openIn(
  all: readonly StoreBench["sessions"][],
  cookie: string,
): Promise<Session[]> {
  return Promise.all(all.map((each) => each.open(requestWith(cookie))));
}

function add(key: string, session: Session): Promise<void> {
  session.update(key, (n: number = 0) => n + 1);
  return session.save();
}

/** Has others wait for their turn while the first one is written. */
async function meet(
  bench: StoreBench,
  first: () => Promise<void>,
  others: readonly (() => Promise<unknown>)[],
  meanwhile: () => unknown = () => {},
): Promise<string[]> {
  const isUnderWay = Promise.withResolvers<void>();
  const isReleased = Promise.withResolvers<void>();
  bench.watched.before = once("update", async () => {
    isUnderWay.resolve();
    await isReleased.promise;
    await meanwhile();
  });
  const all = [first()];
  await isUnderWay.promise;
  for (const other of others) all.push(other() as Promise<void>);
  await settle();
  isReleased.resolve();
  const fate = (each: Promise<unknown>) =>
    each.then(() => "kept", ({ code }: SessionError) => code);
  return await Promise.all(all.map(fate));
}

function updatesOf(bench: StoreBench): number {
  return bench.takeCalls().filter((op) => op === "update").length;
}

describe("one write for several requests", () => {
  it("has what each of them has changed", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { sessions } = bench;
    const [first, one, other] = await openIn(
      [sessions, sessions, sessions],
      cookie,
    ) as [Session, Session, Session];
    const fates = await meet(bench, () => add("n", first), [
      () => add("n", one),
      () => add("n", other),
    ]);
    assert.deepEqual(fates, ["kept", "kept", "kept"]);
    assert.equal(updatesOf(bench), 2);
    // The first one was written alone.
    const told = bench.takeEvents().filter((type) => type === "merged");
    assert.equal(told.length, 2);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 3 });
  });

  it("has it though the write before it has failed", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { sessions } = bench;
    const [first, one, other] = await openIn(
      [sessions, sessions, sessions],
      cookie,
    ) as [Session, Session, Session];
    const fates = await meet(
      bench,
      () => add("n", first),
      [() => add("n", one), () => add("n", other)],
      () => {
        throw new SessionError("oversize", "Too large");
      },
    );
    assert.deepEqual(fates, ["oversize", "kept", "kept"]);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 2 });
  });

  it("is told to who has changed something, and made beside who has not", async () => {
    const bench = begin({ renewAfter: 600 });
    const { sessions } = bench;
    const old = await bench.begin();
    bench.clock.advance(600);
    const cookie = cookieOf(await bench.act(old, (session) => session.id));
    const [first, reader, writer] = await openIn(
      [sessions, sessions, sessions],
      cookie,
    ) as [Session, Session, Session];
    bench.takeEvents();
    // Each has come with the first use of the cookie, which is noted once.
    const fates = await meet(bench, () => add("n", first), [
      () => {
        reader.keys();
        return sessions.commit(reader, new Response());
      },
      () => add("n", writer),
    ]);
    assert.deepEqual(fates, ["kept", "kept", "kept"]);
    const told = bench.takeEvents().filter((type) => type === "merged");
    assert.equal(told.length, 1);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 2 });
  });

  for (const isLast of [false, true]) {
    it(`has the time of who can wait longest: the last: ${isLast}`, async () => {
      const bench = begin({ storeTimeout: 8 });
      const cookie = await bench.begin();
      const { sessions: patient, options } = bench;
      const hurried = createSessions({ ...options, storeTimeout: 2 });
      const [first, one, other] = await openIn(
        isLast ? [patient, hurried, patient] : [patient, patient, hurried],
        cookie,
      ) as [Session, Session, Session];
      const fates = await withHeldTime(async (pass) => {
        const fates = meet(
          bench,
          () => add("n", first),
          [() => add("n", one), () => add("n", other)],
          () => {
            bench.watched.before = once("update", async () => {
              await settle();
              pass(3_000);
              await settle();
            });
          },
        );
        return await fates;
      });
      const late = "store-failed";
      const expected = isLast ? [late, "kept"] : ["kept", late];
      assert.deepEqual(fates, ["kept", ...expected]);
    });
  }

  it("stays as it is in a late store, whoever was refused meanwhile", async () => {
    const bench = setUp({ storeTimeout: 8 });
    const late = new StoreBench(bench, {
      store: new Eventual({ now: () => bench.clock.now }),
    });
    const cookie = await late.begin();
    const { sessions: patient, options } = late;
    const hurried = createSessions({ ...options, storeTimeout: 2 });
    const [first, one, other] = await openIn(
      [patient, patient, hurried],
      cookie,
    ) as [Session, Session, Session];
    const fates = await withHeldTime((pass) =>
      meet(
        late,
        () => add("n", first),
        [() => add("n", one), () => add("n", other)],
        () => {
          late.watched.before = once("update", async () => {
            pass(3_000);
            await settle();
          });
        },
      )
    );
    await settle();
    assert.deepEqual(fates, ["kept", "kept", "store-failed"]);
    assert.deepEqual(late.takeCalls(), ["update", "update"]);
  });

  it("is not what the next is made on, without who was refused", async () => {
    const bench = begin({ storeTimeout: 8 });
    const cookie = await bench.begin();
    const { sessions: patient, options } = bench;
    const hurried = createSessions({ ...options, storeTimeout: 2 });
    const [first, one, other, next] = await openIn(
      [patient, patient, hurried, patient],
      cookie,
    ) as [Session, Session, Session, Session];
    let saved: Promise<void> | undefined;
    const fates = await withHeldTime(async (pass) => {
      const fates = await meet(
        bench,
        () => add("n", first),
        [() => add("n", one), () => add("n", other)],
        () => {
          bench.watched.before = once("update", async () => {
            pass(3_000);
            await settle();
            saved = add("n", next);
            await settle();
            // It is to be taken back, and the next one waits for half its time.
            bench.watched.before = once("get", async () => {
              await settle();
              pass(4_000);
              await saved;
            });
          });
        },
      );
      await saved;
      await settle();
      return fates;
    });
    assert.deepEqual(fates, ["kept", "kept", "store-failed"]);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 3 });
  });
});
