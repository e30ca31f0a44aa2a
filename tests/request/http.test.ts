import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { httpCases } from "../shared/http_cases/all.ts";
import { type MoreOptions, setUp } from "../shared/support.ts";

const options: Readonly<Record<string, MoreOptions>> = {
  "opened each time": { tokenCache: 0 },
  "remembered as it was opened": { tokenCache: undefined },
  "where it may be cut": {
    overflow: { most: 2, maxBytes: 4096 },
  },
};

for (const [what, more] of Object.entries(options)) {
  describe(`withSession() over HTTP, data in the cookie, ${what}`, () => {
    for (const { name, run, strongOnly } of httpCases) {
      if (strongOnly) continue;
      // What is too long for a cookie is none of those then.
      if (more.overflow && name.startsWith("every bad cookie")) continue;
      it(name, () => {
        const { clock, events, options } = setUp(more);
        return run({
          clock,
          events,
          wrap: (handler, own) => withSession(handler, { ...options, ...own }),
        });
      });
    }
  });
}
