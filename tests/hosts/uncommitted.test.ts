import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { createSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";

const url = "https://example.com/";

describe("a change that nobody commits", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  it("is told after 10 s, once", async () => {
    const { options, events } = setUp();
    const session = await createSessions(options).open(new Request(url));
    session.set("a", 1);
    session.set("b", 2);
    mock.timers.tick(9_999);
    assert.deepEqual(typesOf(events), []);
    mock.timers.tick(1);
    assert.deepEqual(events, [{ type: "uncommitted", id: session.id }]);
    mock.timers.tick(20_000);
    assert.equal(events.length, 1);
  });

  it("may be a logout", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const first = sessions.create();
    first.login("ada");
    const cookie = `__Host-sid=${await sessions.seal(first)}`;
    typesOf(events);
    const request = new Request(url, { headers: { cookie } });
    (await sessions.open(request)).destroy();
    mock.timers.tick(10_000);
    assert.deepEqual(typesOf(events), ["opened", "uncommitted"]);
  });

  it("may come after a commit, from a body behind a layer that goes on", async () => {
    const { options, events } = setUp();
    const sessions = createSessions(options);
    const request = new Request(url);
    await sessions.open(request);
    const session = await sessions.open(request);
    session.set("a", 1);
    await sessions.commit(session, new Response());
    mock.timers.tick(10_000);
    assert.deepEqual(typesOf(events), ["created"]);
    session.set("b", 2);
    mock.timers.tick(10_000);
    assert.deepEqual(typesOf(events), ["uncommitted"]);
  });

  it("is none if it is committed, discarded, sealed or saved", async () => {
    const store = new MemoryStore({ now: () => START });
    const { options, events } = setUp({ store });
    const sessions = createSessions(options);
    const open = async () => {
      const session = await sessions.open(new Request(url));
      session.set("a", 1);
      return session;
    };
    await sessions.commit(await open(), new Response());
    await sessions.discard(await open());
    await sessions.seal(await open());
    await (await open()).save();
    await sessions.open(new Request(url));
    sessions.create().set("a", 1);
    mock.timers.tick(60_000);
    assert.deepEqual(
      typesOf(events).filter((type) => type !== "created"),
      [],
    );
  });
});
