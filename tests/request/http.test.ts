import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { httpCases } from "../shared/http_cases/all.ts";
import { setUp } from "../shared/support.ts";

const caches = {
  "opened each time": 0,
  "remembered as it was opened": undefined,
};

for (const [what, tokenCache] of Object.entries(caches)) {
  describe(`withSession() over HTTP, data in the cookie, ${what}`, () => {
    for (const { name, run, strongOnly } of httpCases) {
      if (strongOnly) continue;
      it(name, () => {
        const { clock, events, options } = setUp({ tokenCache });
        return run({
          clock,
          events,
          wrap: (handler, more) =>
            withSession(handler, { ...options, ...more }),
        });
      });
    }
  });
}
