import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cookiesOf } from "../../src/readers/cookies.ts";
import { makeReader, type ReaderOptions } from "../../readers/shared/reader.ts";

type Options = ReaderOptions<{ n: number }>;

/** A reader of a library whose sessions are all the same. */
function make(options: Options) {
  const open = () => Promise.resolve({ theirs: { n: 1 }, key: "k" });
  return makeReader("lib", options, {}, "old", open);
}

const until = "2100-01-01";
const given = cookiesOf("old=1", 0);

/** What a program without types might give. */
function odd(options: object): Options {
  return { until, ...options } as Options;
}

describe("a reader of any library", () => {
  it("refuses what it does not know of a cookie, or cannot write", () => {
    const all: [object, RegExp][] = [
      [{ names: "a" }, /^Option lib\.cookie\.names is unknown: there is name,/],
      [{ secure: true }, /^Option lib\.cookie\.secure is unknown/],
      [{ name: 5 }, /^Option lib\.cookie\.name must be text/],
      [{ name: "" }, /^Option lib\.cookie\.name must be text/],
      [{ path: true }, /^Option lib\.cookie\.path must be text/],
      [{ domain: "a.example; Secure" }, /^Option lib\.cookie\.domain must be/],
      [{ partitioned: "no" }, /^Option lib\.cookie\.partitioned must be true/],
      [{ name: "a b" }, /^Option lib\.cookie\.name must be text without/],
      [{ name: "a\n" }, /^Option lib\.cookie\.name must be text without/],
      [{ path: "shop" }, /^Option lib\.cookie\.path must be text that begins/],
      [{ domain: "http://a.example" }, /^Option lib\.cookie\.domain must be/],
      [{ name: "__Host-a", path: "/a" }, /^Option lib\.cookie cannot be/],
      [{ name: "__host-a", domain: "a.example" }, /^Option lib\.cookie cannot/],
      [[], /^Option lib\.cookie must be an object/],
    ];
    for (const [cookie, message] of all) {
      assert.throws(() => make(odd({ cookie })), { message });
    }
    const cookie = { path: "/a", domain: "a.example", partitioned: undefined };
    const [line] = make(odd({ cookie })).clear(given);
    assert.match(`${line}`, /^old=; Max-Age=0; Domain=a\.example; Path=\/a;/);
  });

  it("refuses a day that is none, and takes one of any realm", () => {
    const message = /^Option lib\.until/;
    // Some runtimes have a day for each of these texts.
    const texts = ["soon", "soon 5", "1", "March 1, 2100", "2100-3-1"]
      .concat("2100-03-011", "2100-03-01 (soon)", "2100-03-01 5:00");
    const other = { getTime: () => "5" };
    for (const until of [...texts, 5, {}, other, new Date(NaN), undefined]) {
      assert.throws(() => make(odd({ until })), { message });
    }
    const date = new Date(until);
    const moved = Object.setPrototypeOf(new Date(until), {
      getTime: () => date.getTime(),
    });
    assert.equal(make(odd({ until: date })).until, date.getTime());
    assert.equal(make(odd({ until: moved })).until, date.getTime());
  });

  it("refuses what is no session of its map, and tells nothing of it", async () => {
    const broken = {
      get user(): string {
        throw new Error("secret");
      },
    };
    // Of what is unknown, something may have been meant for what is not there.
    const unknown = [{ userId: "ann" }, { user: "ann", end: "2027" }];
    for (const made of ["ann", 5, true, [1], () => ({}), broken, ...unknown]) {
      const reader = make(odd({ map: () => made }));
      await assert.rejects(reader.read(given), {
        code: "invalid-data",
        message: "The map of lib failed",
      });
    }
    for (const made of [undefined, null]) {
      assert.ok(!await make(odd({ map: () => made })).read(given));
    }
    const read = (user: unknown) =>
      make(odd({ map: () => ({ user }) })).read(given);
    assert.equal((await read("ann"))?.user, "ann");
    // For the core to refuse, as one of any other reader.
    for (const user of [5n, Symbol("ann")]) {
      assert.equal((await read(user))?.user, user);
    }
  });
});
