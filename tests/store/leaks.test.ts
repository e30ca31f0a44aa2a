import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, StoreBench } from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";

const look = (session: { get(key: string): unknown }) => session.get("name");

describe("what a log may hold of sessions in a store", () => {
  it("is no token, no key of a record, no data and no user", async () => {
    const more = { renewAfter: 600, trackIdle: "store" as const };
    const surroundings = setUp({ ...more, storeTimeout: 0.05 });
    const store = new MemoryStore({ now: () => surroundings.clock.now });
    const bench = new StoreBench(surroundings, { store });
    const { clock, watched, sessions } = bench;
    const secrets = new Set<string>();
    const errors: unknown[] = [];
    const remember = (response: Response) => {
      const cookie = cookieOf(response);
      secrets.add(cookie.slice("__Host-sid=".length));
      return cookie;
    };

    const begun = remember(
      await bench.act("", (session) => {
        session.set("name", "Swordfish");
        session.login("ada@example.com", { label: "Telephone" });
      }),
    );
    await bench.overtake(
      begun,
      (session) => session.set("a", 1),
      (session) => session.set("b", 1),
    );
    clock.advance(600);
    const renewed = remember(await bench.act(begun, look));
    await bench.act(begun, look);
    await bench.act(renewed, look);
    clock.advance(31);
    await bench.act(begun, look);
    await bench.act(renewed, look);
    const other = remember(
      await bench.act("", (session) => session.login("ada@example.com")),
    );
    await sessions.revokeAll("ada@example.com");
    await bench.act(other, look);
    const last = remember(
      await bench.act("", (session) => {
        session.set("name", "Swordfish");
      }),
    );
    watched.before = () => new Promise(() => {});
    await bench.act(last, look).catch((error) => errors.push(error));
    watched.before = ({ key }) => {
      throw new Error(`Failed: GET ${key}`);
    };
    await bench.act(last, look).catch((error) => errors.push(error));
    for (const { key } of watched.calls) secrets.add(key);

    const types = new Set(bench.events.map(({ type }) => type));
    for (
      const type of [
        "created",
        "opened",
        "merged",
        "grace",
        "reuse",
        "gone",
        "revoked",
        "store-error",
      ] as const
    ) assert.ok(types.has(type), `There was no ${type}`);
    assert.equal(errors.length, 2);
    const log = JSON.stringify(bench.events) + errors.map((error) => {
      const { message, stack, cause } = error as Error;
      return [message, stack, cause, (cause as Error).stack].join();
    }).join();
    for (const secret of [...secrets, "Swordfish", "ada@", "Telephone"]) {
      assert.ok(!log.includes(secret), "The log holds a secret");
    }
  });
});
