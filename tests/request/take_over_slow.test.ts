import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session } from "../../mod.ts";
import type { MoreOptions } from "../shared/support.ts";
import { end, moved, STORES } from "./_foreign.ts";

const NOBODY = [null, {}];

describe("a request that is slower than a logout beside it", () => {
  /** Takes a session over, and changes it once another request has ended it. */
  const late = async (
    options: MoreOptions,
    change: (session: Session) => void,
  ) => {
    const { old, visit } = moved(options);
    const [ended, begun] = [0, 0].map(() => Promise.withResolvers<void>());
    const jar = old();
    const slow = visit(jar, async (_request, session) => {
      begun?.resolve();
      await ended?.promise;
      change(session);
      return new Response();
    });
    await begun?.promise;
    await visit(jar, end);
    ended?.resolve();
    await slow;
    return await (await visit(jar)).json();
  };

  for (const [where, options] of Object.entries(STORES)) {
    for (const user of ["ann", "bob"]) {
      it(`begins anew if it logs in ${user}, ${where}`, async () => {
        const seen = await late(options(), (session) => session.login(user));
        assert.equal(seen[0], user);
      });
    }
  }

  for (const where of ["in a strong store", "in a late store"] as const) {
    it(`does not replace a login after a sign-out there, ${where}`, async () => {
      const { old, visit, other } = moved(STORES[where](), { keep: true });
      const jar = old();
      await visit(jar);
      other.sessions.clear();
      const [go, begun] = [0, 0].map(() => Promise.withResolvers<void>());
      const slow = visit({ ...jar }, async (_request, session) => {
        begun?.resolve();
        await go?.promise;
        session.set("n", 1);
        return new Response();
      });
      await begun?.promise;
      await visit(jar, (_request, session) => {
        session.login("bob");
        return new Response();
      });
      go?.resolve();
      await assert.rejects(slow, { code: "gone" });
      assert.deepEqual(await (await visit(jar)).json(), ["bob", {}]);
    });
  }

  it("gets a new id beside another one for a guest, in cookies", async () => {
    const { old, visit, other } = moved();
    other.sessions.set(`${old()["old"]}`, { data: { n: 1 } });
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const jar = old();
    const slow = visit(jar, async (_request, session) => {
      session.regenerate();
      begun.resolve();
      await go.promise;
      return new Response();
    });
    await begun.promise;
    await visit(old(), (_request, session) => {
      session.regenerate();
      return new Response();
    });
    go.resolve();
    await slow;
    assert.deepEqual(Object.keys(jar), ["__Host-sid"]);
    assert.deepEqual(await (await visit(jar)).json(), [null, { n: 1 }]);
  });

  it("is told that its change is lost, in cookies", async () => {
    await assert.rejects(late({}, (session) => session.set("n", 1)), {
      code: "gone",
    });
    assert.deepEqual(await late({}, () => {}), NOBODY);
  });
});
