import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { httpCases } from "../shared/http_cases/all.ts";
import { setUp } from "../shared/support.ts";

// All that holds of sessions in a cookie, where most of them are in a store for
// a while.

describe("withSession() over HTTP, data in the cookie or a store", () => {
  for (const { name, run, strongOnly } of httpCases) {
    // Such a session is kept.
    if (strongOnly || name.includes("oversize")) continue;
    it(name, () => {
      const { clock, events, options } = setUp({ tokenCache: undefined });
      const overflow = new MemoryStore({ now: () => clock.now });
      return run({
        clock,
        events,
        wrap: (handler, more) =>
          withSession(handler, {
            ...options,
            overflow,
            ...more,
            cookie: { maxBytes: 256, ...more?.cookie },
          }),
      });
    });
  }
});
