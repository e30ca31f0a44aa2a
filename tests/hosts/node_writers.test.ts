import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReplacedWriters } from "../../src/node/writers.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";

const NAMES = ["writeHead", "write", "end", "flushHeaders"] as const;

function make() {
  const { fake, res } = fakeResponse();
  const called: unknown[] = [];
  const writers = new ReplacedWriters(res, (name, args) => {
    called.push([name, ...args]);
    return name;
  });
  return { fake, writers, called };
}

const methodsOf = (fake: FakeResponse): unknown[] =>
  NAMES.map((name) => fake[name]);

describe("the methods by which the first byte leaves", () => {
  for (const name of NAMES) {
    it(`are replaced, and called as they were: ${name}()`, () => {
      const { fake, writers, called } = make();
      const bare = fakeResponse().fake;
      assert.equal(fake[name](1, "a"), name as never);
      assert.deepEqual(called, [[name, 1, "a"]]);
      assert.deepEqual(fake.calls, []);
      fake.headersSent = bare.headersSent = true;
      const returned = writers.pass(name, [1, "a"] as never[]);
      assert.equal(returned === fake, bare[name](1, "a") === bare);
      assert.deepEqual(fake.calls, bare.calls);
    });

    it(`are put back, unless others have built on them: ${name}()`, () => {
      const before = methodsOf(fakeResponse().fake);
      const { fake, writers } = make();
      const theirs = () => "theirs";
      fake[name] = theirs as never;
      assert.equal(writers.isHeadOurs, name !== "writeHead");
      writers.restore();
      const expected = NAMES.map((each, i) =>
        each === name ? theirs : before[i]
      );
      assert.deepEqual(methodsOf(fake), expected);
    });

    it(`are taken from whoever has built on them: ${name}()`, () => {
      const { fake, writers, called } = make();
      fake[name] = (() => "theirs") as never;
      writers.takeOver((name, args) => ["taken", name, ...args]);
      const taken = (fake[name] as (arg: number) => unknown)(1);
      assert.deepEqual(taken, ["taken", name, 1]);
      assert.deepEqual(called, []);
    });
  }

  it("are given the status of a head that was set", () => {
    const { fake, writers } = make();
    fake.statusCode = 404;
    writers.pass("writeHead", []);
    writers.pass("write", []);
    writers.pass("end", []);
    assert.deepEqual(fake.calls, [["writeHead", 404], ["write"], ["end"]]);
  });
});
