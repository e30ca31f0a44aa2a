import { describe, it } from "node:test";
import { withSession } from "../mod.ts";
import { httpCases } from "./http_cases.ts";
import { setUp } from "./_support.ts";

describe("withSession() over HTTP, data in the cookie", () => {
  for (const { name, run } of httpCases) {
    it(name, () => {
      const { clock, events, options } = setUp();
      return run({
        clock,
        events,
        wrap: (handler, more) => withSession(handler, { ...options, ...more }),
      });
    });
  }
});
