import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, StoreBench } from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

// A process learns that a login was written with the answer of the store. Until
// then it may read the record, and so know which cookies count no more.

it("an answer takes no login's cookie away by one that was read as refused", async () => {
  const surroundings = setUp({ tokenCache: undefined });
  const now = () => surroundings.clock.now;
  const bench = new StoreBench(surroundings, {
    store: new MemoryStore({ now }),
  });
  const cookie = await bench.begin();
  const [opened, replaced, written, answered, goOn] = Array.from(
    { length: 5 },
    () => Promise.withResolvers<void>(),
  ) as [Gate, Gate, Gate, Gate, Gate];
  // Generation 1. Its answer leaves last.
  const slow = bench.act(cookie, async (session) => {
    session.regenerate();
    await opened.promise;
    await session.save();
    replaced.resolve();
    await goOn.promise;
  });
  // Generation 2, after a conflict. The store's answer does not come yet.
  const first = bench.act(cookie, async (session) => {
    session.keys();
    opened.resolve();
    await replaced.promise;
    let updates = 0;
    bench.watched.after = async ({ op }) => {
      if (op !== "update" || ++updates !== 2) return;
      written.resolve();
      await answered.promise;
    };
    session.login("ada");
  });
  await written.promise;
  // It reads that its cookie is from before that login: it is another session.
  const second = await bench.act(cookie, (session) => session.login("ada"));
  goOn.resolve();
  const late = await slow;
  const isSent = late.headers.getSetCookie().length > 0;
  const jar = cookieOf(isSent ? late : second);
  const answer = await bench.act(jar, (session) => session.userId);
  answered.resolve();
  await first;
  assert.equal(await answer.json(), "ada");
});

it("an answer has its cookie where a newer one was read, and taken back", async () => {
  const surroundings = setUp({ tokenCache: undefined });
  const now = () => surroundings.clock.now;
  const store = new MemoryStore({ now });
  const bench = new StoreBench(surroundings, { store });
  const elsewhere = new StoreBench(surroundings, { store });
  const cookie = await bench.begin("ada");
  const slow = slowly(bench, cookie, async (session, wait) => {
    session.keys();
    await wait();
    session.persist(600);
  });
  await slow.arrived;
  const key = bench.watched.calls.at(-1)?.key as string;
  const record = await store.get(key);
  assert.ok(record);
  await elsewhere.act(cookie, (session) => session.regenerate());
  assert.equal(await bench.read(cookie), null);
  const { revision } = record;
  await store.update(key, { ...record, revision: revision + 2 }, revision + 1);
  assert.deepEqual(await bench.read(cookieOf(await slow.end())), {
    name: "Ada",
  });
});

it("an old cookie, however often it is sent, keeps no answer from renewing", async () => {
  const surroundings = setUp({ tokenCache: undefined });
  const now = () => surroundings.clock.now;
  const store = new MemoryStore({ now });
  const bench = new StoreBench(surroundings, { store });
  // Another process has logged in.
  const elsewhere = new StoreBench(surroundings, { store });
  const old = await bench.begin();
  const cookie = cookieOf(
    await elsewhere.act(old, (session) => session.login("ada")),
  );
  await bench.read(old);
  surroundings.clock.advance(301);
  const { slow } = await bench.overtake(
    cookie,
    () => {},
    () => {},
  );
  assert.ok(cookieOf(slow));
  surroundings.clock.advance(301);
  const renewed = cookieOf(slow);
  const arrived = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const answer = bench.act(renewed, async (session) => {
    session.keys();
    arrived.resolve();
    await goOn.promise;
  });
  await arrived.promise;
  await bench.read(old);
  goOn.resolve();
  assert.ok(cookieOf(await answer));
});

type Gate = PromiseWithResolvers<void>;
