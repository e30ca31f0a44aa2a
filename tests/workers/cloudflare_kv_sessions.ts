// What cloudflare_kv_sessions.test.ts runs in workerd.

import { describe, it } from "node:test";
import { CloudflareKvStore } from "../../stores/cloudflare-kv.ts";
import { describeSessions } from "../shared/describe_sessions.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import { casesOfBlindStore, withoutCount } from "../stores/_blind_cases.ts";
import { bindings } from "./env.ts";

export * from "./worker.ts";
export { default } from "../workerd/worker_entry.ts";

let prefixes = 0;

describe("CloudflareKvStore", () => {
  for (const storeCase of casesOfBlindStore()) {
    it(storeCase.name, () =>
      runStoreCase(storeCase, () => {
        const clock = createClock();
        const prefix = `store-${prefixes++}:`;
        const open = () =>
          new CloudflareKvStore(bindings.KV, { prefix, now: clock.now });
        return {
          ...clock,
          store: withoutCount(open()),
          reopen: () => Promise.resolve(withoutCount(open())),
        };
      }));
  }
});

describeSessions("CloudflareKvStore", (now) => {
  const prefix = `sessions-${prefixes++}:`;
  const store = new CloudflareKvStore(bindings.KV, { prefix, now });
  return { store };
}, { isStrong: false });
