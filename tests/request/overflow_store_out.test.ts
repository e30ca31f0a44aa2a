import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withCrypto } from "../shared/crypto_calls.ts";
import {
  all,
  cookieOf,
  fill,
  LARGE,
  logout,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

describe("A session that moves out of its cookie", () => {
  it("has a record of each cookie that has other data", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const next = cookieOf(await site.tab(old, note(2)));
    const cookies = [];
    for (const each of [old, next]) {
      cookies.push(cookieOf(await site.tab(each, fill(LARGE))));
    }
    const [one = "", other = ""] = cookies;
    assert.deepEqual(await seenWith(site, one), [LARGE, [1], null]);
    assert.deepEqual(await seenWith(site, other), [LARGE, [1, 2], null]);
  });

  it("makes the record of another request anew, once it has ended", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const { store } = site.store;
    await site.tab(old, all(note(2), fill(LARGE)));
    const [create] = site.store.calls;
    const key = String(create?.args[0]);
    site.store.on("get", 1, { before: () => store.delete(key) });
    const made = cookieOf(await site.tab(old, all(note(3), fill(LARGE))));
    assert.deepEqual(await seenWith(site, made), [LARGE, [1, 3], null]);
  });

  it("waits for a save() that nobody has waited for", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const settle = async () => {
      for (let i = 0; i < 20; i++) await new Promise((end) => setTimeout(end));
    };
    let saving: Promise<void> | undefined;
    const begun = Promise.withResolvers<void>();
    site.store.on("create", 1, {
      before: () => begun.resolve(),
      after: settle,
    });
    const answer = await site.tab(site.cookie(), async (session) => {
      fill(LARGE)(session);
      saving = session.save();
      await begun.promise;
      fill(10)(session);
    });
    await saving;
    const made = cookieOf(answer);
    assert.deepEqual(await seenWith(site, made), [10, [1], null]);
    // Its cookie knows of the record.
    await site.tab(made, logout);
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("takes another id along that its handler asks for meanwhile", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    await site.browser.get("/fill?n=10");
    const made = cookieOf(
      await site.tab(site.cookie(), async (session) => {
        site.store.on("delete", 1, { before: () => session.regenerate() });
        fill(LARGE)(session);
        await session.save();
      }),
    );
    assert.deepEqual(await seenWith(site, made), [LARGE, [], null]);
  });

  it("is out for a save() that was sealed before, and comes after", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const answer = await site.tab(site.cookie(), async (session) => {
      fill(LARGE)(session);
      const first = session.save();
      let calls = 0;
      await withCrypto(["encrypt"], async (_method, encrypt) => {
        const isSecond = ++calls === 2;
        const sealed = await encrypt();
        if (isSecond) await first;
        return sealed;
      }, async () => {
        note(2)(session);
        await session.save();
      });
    });
    const seen = await seenWith(site, cookieOf(answer));
    assert.deepEqual(seen, [LARGE, [1, 2], null]);
    assert.equal(await site.store.store.count?.(), 1);
  });
});
