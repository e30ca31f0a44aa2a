import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Idle } from "../../src/node/idle.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";

// A response whose session nobody has asked for. What a client sees of it stands
// in express_bare.test.ts and express_lazy.test.ts; here is what the response and
// the session are told, and in which order.

interface Made {
  readonly fake: FakeResponse;
  readonly idle: Idle;
}

/** A response that is idle; what is kept is written down among its calls. */
function make(prepare: (fake: FakeResponse) => void = () => {}): Made {
  const { fake, res } = fakeResponse();
  prepare(fake);
  const note = (name: string) => void fake.calls.push([name]);
  const idle = new Idle(res, {
    keep: () => void note("keep"),
    leave: () => note("leave"),
    forget: () => Promise.resolve(),
    fail: () => note("fail"),
    markFailed: () => note("markFailed"),
  });
  return { fake, idle };
}

const METHODS = ["on", "writeHead", "write", "end", "flushHeaders"] as const;

/** The methods of a response, whoever has put them there. */
const methodsOf = (fake: FakeResponse): unknown[] =>
  METHODS.map((name) => fake[name]);

describe("a response whose session nobody has asked for", () => {
  it("is sent as it is, and its session is over then", () => {
    const ways = {
      writeHead: (fake: FakeResponse) => fake.writeHead(204),
      write: (fake: FakeResponse) => fake.write("a", "utf8"),
      end: (fake: FakeResponse) => fake.end("a", "utf8"),
      flushHeaders: (fake: FakeResponse) => fake.flushHeaders(),
    };
    for (const [name, act] of Object.entries(ways)) {
      const { fake } = make();
      const { fake: bare } = fakeResponse();
      const returned = act(fake);
      const isSelf = act(bare) === bare;
      assert.equal(returned === fake, isSelf, name);
      const ours = fake.calls.filter(([name]) => name !== "keep");
      assert.deepEqual(ours, bare.calls, name);
      // It is told once, as soon as the head has left.
      assert.equal(fake.calls.length, ours.length + 1);
      assert.equal(fake.calls.findIndex(([name]) => name === "keep"), 1);
    }
  });

  it("has its own methods again then, and nobody listens", () => {
    const { fake } = make();
    const before = methodsOf(fakeResponse().fake);
    assert.equal(fake.listenerCount("pipe"), 1);
    assert.notDeepEqual(methodsOf(fake), before);
    fake.end();
    assert.deepEqual(methodsOf(fake), before);
    assert.deepEqual(fake.eventNames(), []);
  });

  it("is listened to by its own method", () => {
    const { fake } = make();
    assert.equal(Object.hasOwn(fake, "on"), false);
  });

  it("takes the fields of writeHead() one by one", () => {
    const { fake } = make();
    fake.writeHead(201, "Made", { "x-a": "1" });
    assert.deepEqual(fake.calls, [["writeHead", 201], ["keep"]]);
    assert.equal(fake.statusMessage, "Made");
    assert.deepEqual(fake.getHeaders(), { "x-a": "1" });
  });

  it("is as it was after a head that is refused", () => {
    const { fake } = make();
    assert.throws(() => fake.writeHead(201, "a\nb"), TypeError);
    assert.throws(() => fake.writeHead(42, {}), RangeError);
    assert.deepEqual(fake.calls, []);
    assert.equal(fake.statusCode, 200);
    assert.equal(fake.statusMessage, "");
  });

  it("is held before its head is asked for, if others have built on that", () => {
    const { fake } = make();
    const { writeHead } = fake;
    fake.writeHead = (...args) => {
      fake.calls.push(["theirs", ...args]);
      return writeHead.apply(fake, args);
    };
    fake.end("a");
    assert.deepEqual(fake.calls.slice(0, 2), [["theirs", 200], ["keep"]]);
    assert.deepEqual(fake.calls.at(-1), ["end", "a"]);
  });
});

describe("a response whose head has left past us", () => {
  // Who has taken the methods before we have.
  const sent = () => {
    const made = make();
    made.fake.headersSent = true;
    return made;
  };

  it("is not held any more", () => {
    const { fake, idle } = sent();
    const before = methodsOf(fakeResponse().fake);
    assert.equal(idle.hold(), undefined);
    assert.deepEqual(fake.calls, [["keep"]]);
    assert.deepEqual(methodsOf(fake), before);
    assert.equal(idle.hold(), undefined);
    assert.deepEqual(fake.calls, [["keep"]]);
  });

  it("is not looked at any more", () => {
    const { fake } = sent();
    // Node refuses both itself.
    fake.write(5);
    fake.writeHead(200, { "x-a": "1" });
    assert.deepEqual(fake.calls, [
      ["write", 5],
      ["writeHead", 200, { "x-a": "1" }],
    ]);
    assert.deepEqual(fake.getHeaders(), {});
  });

  it("is written to by those who keep our methods", () => {
    const { fake, idle } = make();
    const { write } = fake;
    fake.flushHeaders();
    assert.equal(idle.hold(), undefined);
    const { length } = fake.calls;
    const { writeHead } = fake;
    // It comes too late, and stays there.
    fake.writeHead = (...args) => writeHead.apply(fake, args);
    assert.equal(write.call(fake, "a"), true);
    assert.deepEqual(fake.calls.slice(length), [["write", "a"]]);
  });
});

describe("a response that has a method `on` of others", () => {
  it("is held at once, and those who wait are noted", () => {
    const known: unknown[] = [];
    const { fake } = make((fake) => {
      const on = (type: string) => {
        known.push(type);
        return fake;
      };
      fake.on = on as never;
    });
    fake.on("drain", () => {});
    fake.on("finish", () => {});
    assert.deepEqual(known, ["pipe", "close", "finish"]);
  });
});
