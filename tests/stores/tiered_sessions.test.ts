import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionStore, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore, type TieredStoreOptions } from "../../stores/tiered.ts";
import { createClock } from "../../testing.ts";
import { Browser } from "../../testing/browser.ts";
import { describeSessions } from "../shared/describe_sessions.ts";
import { SECRET } from "../shared/format.ts";
import { Hooked } from "./_tiers.ts";

for (const shared of [true, false]) {
  const what = shared ? "a shared fast tier" : "a fast tier of its own";
  describeSessions(`TieredStore with ${what}`, (now) => {
    const [fast, durable] = [
      new MemoryStore({ now }),
      new MemoryStore({ now }),
    ];
    const store = new TieredStore(fast, durable, { shared, now });
    return { store };
  }, { isStrong: shared });
}

describe("TieredStore: what a private fast tier means for a visitor", () => {
  for (const maxAge of [0.5, 2, 300]) {
    it(`he sees his own writes in each process: ${maxAge} s`, async () => {
      const { processes, clock } = openProcesses({ maxAge });
      const browser = new Browser(
        (request) => processes[request.url.endsWith("0") ? 0 : 1](request),
        { now: clock.now },
      );
      let n = 0;
      for (let round = 0; round < 40; round++) {
        const [writer, reader] = round % 3 ? [0, 1] : [1, 0];
        await browser.get(`/add?${writer}`);
        n++;
        for (const part of [0, 0.3, 0.6, 0.2]) {
          clock.advance(part * maxAge * 1000);
          const response = await browser.get(`/read?${reader}`);
          assert.equal(await response.text(), `${n}`, `round ${round}`);
        }
      }
    });

    it(`a copy of his cookie ends with carry at the latest: ${maxAge} s`, async () => {
      for (const since of [0, 0.3, 1, 3]) {
        const { processes, clock, carry } = openProcesses({ maxAge });
        const [own, other] = processes;
        const browser = new Browser(own, { now: clock.now });
        await browser.get("/add");
        const cookie = `__Host-sid=${browser.cookie("__Host-sid")}`;
        const visit = async (process: Handler) => {
          const headers = { cookie };
          const request = new Request("https://example.com/read", { headers });
          return await (await process(request)).text();
        };
        clock.advance(since * maxAge * 1000);
        assert.equal(await visit(other), "1");
        await browser.get("/out");
        // Where it has ended, at once and for good.
        assert.equal(await visit(own), "none");
        clock.advance((carry + 1) * 1000);
        assert.equal(await visit(other), "none");
        for (const ms of [0, 1_000, 90_000, 3_600_000]) {
          clock.advance(ms);
          assert.equal(await visit(own), "none");
          assert.equal(await visit(other), "none");
        }
      }
    });
  }
});

describe("TieredStore: a shared fast tier that is out of order", () => {
  const faults: Readonly<Record<string, () => Promise<never>>> = {
    fails: () => Promise.reject(new Error("Connection refused")),
    hangs: () => new Promise(() => {}),
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`fails none of many writes of one session: it ${what}`, async () => {
      // The real clock: copies that cannot be removed are waited for.
      const fast = new Hooked(new MemoryStore());
      const options = { shared: true, maxAge: 0.05, timeout: 0.02 };
      const store = new TieredStore(fast, new MemoryStore(), options);
      const handle = serve(store, Date.now);
      const browser = new Browser(handle, { now: Date.now });
      await browser.get("/add");
      fast.before = fault;
      await Promise.all(Array.from({ length: 20 }, () => browser.get("/add")));
      assert.equal(await (await browser.get("/read")).text(), "21");
      fast.before = () => {};
      assert.equal(await (await browser.get("/read")).text(), "21");
    });
  }
});

type Handler = (request: Request) => Promise<Response>;

function serve(store: SessionStore, now: () => number): Handler {
  return withSession<{ n: number }>((request, session) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/add") session.update("n", (n = 0) => n + 1);
    if (pathname === "/out") session.destroy();
    return new Response(
      session.isNew ? "none" : `${session.get("n")}`,
    );
  }, { secret: SECRET, store, now });
}

/** Two processes, each with a fast tier of its own. */
function openProcesses(options: TieredStoreOptions) {
  const clock = createClock();
  const { now } = clock;
  const durable = new MemoryStore({ now });
  const stores = [0, 1].map(() =>
    new TieredStore(new MemoryStore({ now }), durable, { ...options, now })
  );
  const [first, second] = stores.map((store) => serve(store, now));
  assert.ok(first && second);
  const carry = stores[0]?.carry ?? NaN;
  return { processes: [first, second] as const, clock, carry };
}
