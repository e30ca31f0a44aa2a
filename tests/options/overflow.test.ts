import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionOptions,
  withSessions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { fill, LARGE, open } from "../request/_outgrown.ts";
import { SECRET } from "../shared/format.ts";
import { Eventual } from "../shared/tabs.ts";
import { readOn } from "../../src/options/check.ts";

function refusalOf(more: Partial<SessionOptions>): string {
  try {
    createSessions({ secret: SECRET, ...more } as SessionOptions);
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return error.message;
  }
  return "";
}

describe("a store as overflow", () => {
  it("may be one that is made for each request", async () => {
    let made = 0;
    const kept = new MemoryStore();
    const overflow = () => {
      made++;
      return kept;
    };
    assert.equal(refusalOf({ overflow }), "");
    const site = open({ overflow });
    await site.browser.get("/fill?n=10");
    await site.browser.get("/note?n=1");
    assert.equal(made, 0);
    await site.browser.get(`/fill?n=${LARGE}`);
    assert.equal(made, 1);
    assert.deepEqual(await site.see(), [LARGE, [1], null]);
    assert.equal(made, 2);
    await site.browser.get("/login");
    await site.browser.get("/fill?n=10");
    assert.equal(made, 4);
    assert.deepEqual(await site.see(), [10, [1], "ann"]);
    await site.browser.get("/login");
    assert.equal(made, 4);
  });

  it("must be strong, and drop no record", () => {
    const must = "Option overflow needs a strong store that drops no record" +
      readOn("option");
    assert.equal(refusalOf({ overflow: new Eventual() }), must);
    const evicting = new MemoryStore({ maxRecords: 10 });
    assert.equal(refusalOf({ overflow: evicting }), must);
  });

  it("must be so where it is made for each request", async () => {
    for (
      const [overflow, what] of [
        [() => new Eventual(), /^Option overflow needs a strong store/],
        [() => null, /^Option overflow must return a store at once/],
        [() => assert.fail("no"), /^Option overflow threw/],
      ] as const
    ) {
      const site = open({ overflow: overflow as () => MemoryStore });
      await site.browser.get("/note?n=1");
      const before = site.cookie();
      await assert.rejects(site.browser.get(`/fill?n=${LARGE}`), {
        code: "store-failed",
        message: what,
      });
      assert.equal(site.cookie(), before);
      const failed = site.events.filter(({ type }) => type === "store-error");
      assert.deepEqual(
        failed.map((event) => "op" in event && event.op),
        ["overflow"],
      );
    }
  });

  it("is refused beside a store, and does not stand for one", () => {
    const store = new MemoryStore();
    assert.equal(
      refusalOf({ store, overflow: new MemoryStore() }),
      "Option store takes neither overflow nor compress" + readOn("option"),
    );
    for (
      const more of [
        { encrypt: true },
        { renewAfter: 60 },
        { trackIdle: "store" },
      ] as const
    ) {
      assert.match(
        refusalOf({ overflow: store, ...more }),
        / needs a store \(with-session/,
      );
    }
  });

  it("is refused if it lacks a method", () => {
    const { create, get, update } = new MemoryStore();
    const consistency = "strong";
    const overflow = { consistency, create, get, update } as never;
    assert.match(
      refusalOf({ overflow }),
      /^Option overflow\.consistency is un/,
    );
    assert.match(
      refusalOf({ overflow: MemoryStore as never }),
      /^Option overflow must be error, parts, \{ most, maxBytes } or a store/,
    );
  });

  it("may be that of revocations, too", async () => {
    const store = new MemoryStore();
    const site = open({ overflow: store, revocations: store });
    await site.browser.get("/login");
    const answer = await site.tab(site.cookie(), fill(LARGE));
    assert.equal(answer.status, 200);
    assert.equal(await store.count(), 1);
  });
});

describe("Sessions beside one in parts", () => {
  const secret = SECRET;
  const withNames = (names: readonly string[], overflow?: "parts") =>
    withSessions(
      Object.fromEntries(names.map((name) => [name, { secret, overflow }])),
      () => new Response(),
    );

  it("have no name of a part, which would replace them in silence", () => {
    for (const names of [["a", "a.1"], ["a.8", "a"]]) {
      const [first, second] = names;
      const message =
        `Option ${second}.cookie.name must differ from that of ${first} and its parts, at https://localhost` +
        readOn("option");
      assert.throws(() => withNames(names, "parts"), { message });
      withNames(names);
    }
    withNames(["a", "a.9", "a.1x", "b.1"], "parts");
  });

  it("are told of no parts where a whole name is the same", () => {
    for (const name of ["a", "a.1x"]) {
      const each = { secret, cookie: { name } };
      assert.throws(
        () => withSessions({ one: each, other: each }, () => new Response()),
        {
          message:
            "Option other.cookie.name must differ from that of one, at https://localhost" +
            readOn("option"),
        },
      );
    }
  });
});
