import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionError, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import { type Act, cookieOf, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, lineOf, setUp } from "../shared/support.ts";

// Logouts by a cookie that regenerate() had just replaced when they came, whose
// handlers take their time.

type Make = (now: () => number) => SessionStore;
const STRONG: Make = (now) => new MemoryStore({ now });
const LATE: Make = () => new LateStore(90);

/** A visitor whose cookie was replaced some seconds ago. */
async function begin(seconds: number, make: Make = STRONG) {
  const bench = setUp();
  const store = make(() => bench.clock.now);
  const stored = new StoreBench(bench, { store });
  const old = await stored.begin("ada");
  if (store instanceof LateStore) store.settle();
  bench.clock.advance(3600);
  const answer = await stored.act(old, (session) => session.regenerate());
  const live = cookieOf(answer);
  const id = await stored.act(live, (session) => session.id);
  bench.clock.advance(seconds);
  stored.takeEvents();
  return { bench: stored, old, live, id: await id.json() };
}

type World = Awaited<ReturnType<typeof begin>>;

/** A logout that comes now and ends its session later, after something else. */
function logOut(
  { bench, old }: World,
  wait: number,
  meanwhile: () => unknown = () => {},
  then: Act = () => {},
): Promise<Response> {
  return bench.act(old, async (session) => {
    assert.ok(session.isNew);
    bench.clock.advance(wait);
    await meanwhile();
    session.destroy();
    await then(session);
  });
}

const GONE = (error: SessionError) => {
  assert.equal(error.code, "gone");
  // The browser may have the cookie that counts.
  assert.equal(error.setCookie, undefined);
  return true;
};

describe("a logout by a cookie that was just replaced when it came", () => {
  for (const wait of [0, 1, 29]) {
    it(`ends the session ${wait} s later, however long ago that was then`, async () => {
      const world = await begin(29);
      const { bench, live, id } = world;
      const answer = await logOut(world, wait, undefined, (it) => it.save());
      assert.match(lineOf(answer), /^__Host-sid=; Max-Age=0/);
      assert.equal(await bench.read(live), null);
      const ended = bench.events.filter(({ type }) => type === "destroyed");
      assert.deepEqual(ended, [{ type: "destroyed", id }]);
    });
  }

  it("ends the session that has a newer cookie since", async () => {
    const world = await begin(29);
    const { bench, live } = world;
    let next = "";
    const answer = await logOut(world, 2, async () => {
      const renewed = await bench.act(live, (session) => session.regenerate());
      next = cookieOf(renewed);
    });
    assert.match(lineOf(answer), /^__Host-sid=; Max-Age=0/);
    assert.equal(await bench.read(next), null);
  });

  for (const [name, make] of Object.entries({ STRONG, LATE })) {
    it(`says that it has ended nothing 30 s later: ${name}`, async () => {
      const world = await begin(0, make);
      await assert.rejects(logOut(world, 30), GONE);
      assert.ok(world.bench.takeEvents().includes("gone"));
      // Who catches it from save() has been told.
      const caught = await begin(0, make);
      const answer = await logOut(
        caught,
        30,
        undefined,
        (session) => assert.rejects(session.save(), GONE),
      );
      assertNoCookie(answer);
      for (const each of [world, caught]) {
        assert.deepEqual(await each.bench.read(each.live), { name: "Ada" });
      }
    });

    it(`is no error 30 s later if the session is over: ${name}`, async () => {
      const ends: Act[] = [
        (session) => session.destroy(),
        (session) => session.login("ada"),
      ];
      for (const end of ends) {
        const world = await begin(0, make);
        const { bench, live } = world;
        const answer = await logOut(world, 30, () => bench.act(live, end));
        assertNoCookie(answer);
      }
    });
  }

  it("clears the cookie where nobody waits for another any more", async () => {
    const world = await begin(30);
    const answer = await logOut(world, 0);
    assert.match(lineOf(answer), /^__Host-sid=; Max-Age=0/);
    assert.ok(await world.bench.read(world.live));
  });
});
