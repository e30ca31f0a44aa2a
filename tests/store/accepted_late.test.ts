import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionRecord } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { moved } from "../request/_foreign.ts";
import {
  createFaultyStore,
  type StoreCall,
} from "../../testing/faulty_store.ts";

const ANN = ["ann", { cart: [1, 2] }];

const isSession = ({ args }: StoreCall) =>
  (args[1] as SessionRecord).id !== "accepted";

/** Waits until what a late answer sets off has been done. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("the record of a session of another library, made by an answer that is late", () => {
  it("stays for the requests that have found it", async () => {
    const late = Promise.withResolvers<void>();
    const faulty = createFaultyStore(new MemoryStore());
    let times = 0;
    faulty.on("create", (call) => isSession(call) && !times++, {
      after: late.promise,
    });
    const { old, visit, options } = moved({
      store: faulty.store,
      storeTimeout: 0.5,
    });
    const slow = visit(old()).catch(() => {});
    const jar = old();
    while (!faulty.calls.some(({ method }) => method === "create")) {
      await settled();
    }
    assert.deepEqual(await (await visit(jar)).json(), ANN);
    assert.deepEqual(Object.keys(jar), ["__Host-sid"]);
    await slow;
    late.resolve();
    await settled();
    assert.deepEqual(await (await visit(jar)).json(), ANN);
    assert.equal(await createSessions(options).count("ann"), 1);
  });
});
