import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../mod.ts";
import { SECRET } from "./shared/format.ts";
import { readOn } from "../src/options/check.ts";

const sessions = createSessions({ secret: SECRET });

// In a file of its own, so that no session was made before.
describe("what is no session", () => {
  const calls = {
    commit: (given: never) => sessions.commit(given, new Response()),
    discard: (given: never) => sessions.discard(given),
    seal: (given: never) => sessions.seal(given),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`is refused by ${name}()`, async () => {
      for (const given of [undefined, null, {}, new Response()] as never[]) {
        await assert.rejects(() => call(given), {
          name: "TypeError",
          message: /^Argument session must be a session: it is /,
        });
      }
    });
  }

  it("is one of another copy of the package, which says so", async () => {
    const other = { flashes: () => [] };
    await assert.rejects(() => sessions.seal(other as never), {
      name: "TypeError",
      message:
        "Argument session must be a session of this copy of the package: " +
        `it is Object${readOn("two-copies")}`,
    });
  });

  it("is refused by revokeAll()", async () => {
    await assert.rejects(
      () => sessions.revokeAll("ada", { except: {} as never }),
      {
        name: "TypeError",
        message: "Argument except must be a session: it is Object" +
          readOn("argument"),
      },
    );
  });
});
