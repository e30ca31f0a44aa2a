import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { describeSessions } from "../_describe_sessions.ts";

for (const shared of [true, false]) {
  const what = shared ? "a shared fast tier" : "a fast tier of its own";
  describeSessions(`TieredStore with ${what}`, (now) => {
    const [fast, durable] = [
      new MemoryStore({ now }),
      new MemoryStore({ now }),
    ];
    const store = new TieredStore(fast, durable, { shared, now });
    return Promise.resolve({ store });
  }, { isStrong: shared });
}
