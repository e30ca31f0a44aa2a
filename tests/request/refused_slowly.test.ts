import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { setUp } from "../shared/support.ts";

const NAME = "__Host-sid";
const FORGED = "A".repeat(200);
const BAD: readonly (readonly [string, string])[] = [
  ["is forged", `${NAME}=${FORGED}`],
  ["came with another forged one", `${NAME}=${FORGED}; ${NAME}=${FORGED}A`],
  ["lacks a part", `${NAME}=2.${FORGED}`],
  ["lacks its first part", `${NAME}.1=AAAAAAAA.${FORGED}`],
];

describe("A slow answer to a cookie that", () => {
  for (const [what, cookie] of BAD) {
    it(`${what} removes none: a login may have set another`, async () => {
      const { options, clock } = setUp({ overflow: "parts" });
      const answer = async (seconds: number) => {
        const handler = withSession((_request, session) => {
          const { userId } = session;
          clock.advance(seconds);
          return Response.json(userId ?? null);
        }, options);
        const request = new Request("https://example.com/", {
          headers: { cookie, "sec-fetch-dest": "document" },
        });
        return (await handler(request)).headers.getSetCookie();
      };
      assert.ok((await answer(2)).length, "a quick one does");
      assert.deepEqual(await answer(3), []);
    });
  }
});
