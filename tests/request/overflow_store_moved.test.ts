import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Act,
  all,
  anotherDoor,
  cookieOf,
  fill,
  isReference,
  LARGE,
  look,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

describe("A record that another request has moved back into a cookie", () => {
  const saveOnly: Act = (session) => session.save();
  const reload: Act = (session) => session.reload();
  for (const [name, read] of Object.entries({ saveOnly, reload })) {
    it(`takes no more writes after ${name}`, async () => {
      for (const seconds of [0, 91]) {
        const site = open();
        await site.browser.get(`/fill?n=${LARGE}`);
        const old = site.cookie();
        const other = anotherDoor(site);
        let made = "";
        const writing = site.tab(old, async (session) => {
          made = cookieOf(await other.tab(old, all(note(1), fill(10))));
          site.clock.advance(seconds);
          await read(session);
          note(2)(session);
        });
        await assert.rejects(writing, { code: "gone" });
        assert.ok(!isReference(made));
        assert.deepEqual(await seenWith(site, made), [10, [1], null]);
      }
    });
  }

  it("has no cookie renewed by a slow request", async () => {
    const site = open({ idleTimeout: 1_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    site.clock.advance(600);
    const slow = site.slow(old, look);
    await slow.arrived;
    const answer = await anotherDoor(site).tab(old, fill(10));
    assert.ok(!isReference(cookieOf(answer)));
    site.clock.advance(3);
    assert.deepEqual((await slow.end()).headers.getSetCookie(), []);
  });
});
