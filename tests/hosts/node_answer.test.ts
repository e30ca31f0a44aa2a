import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Answer } from "../../src/node/answer.ts";
import { Watch } from "../../src/node/watch.ts";
import { ReplacedWriters } from "../../src/node/writers.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";

// Who is heard by a response that could not be kept. What a client sees of it
// stands in express_answered.test.ts and express_failed.test.ts.

const why = new Error("down");

interface Made {
  readonly fake: FakeResponse;
  readonly answer: Answer;
  /** Has the program asked, which does this. */
  ask(answers: (plainly: () => void) => unknown): void;
  /** What the program was asked with. */
  readonly asked: unknown[][];
}

function make(isAlone: boolean, made = fakeResponse()): Made {
  const { fake, res } = made;
  const asked: unknown[][] = [];
  let answers: (plainly: () => void) => unknown = () => {};
  const asker = {
    fail(error: unknown, plainly: () => void, isLast: boolean) {
      asked.push([error, isLast]);
      return answers(plainly);
    },
    markFailed: () => {
      fake.calls.push(["markFailed", fake.statusCode, fake.getHeaders()]);
    },
  };
  const watch = new Watch(res);
  const writers: ReplacedWriters = new ReplacedWriters(
    res,
    (name, args) => writers.pass(name, args),
  );
  const answer = new Answer(res, asker, writers, isAlone);
  const ask = (act: typeof answers) => {
    answers = act;
    answer.ask(why, watch);
  };
  return { fake, answer, ask, asked };
}

const CLOSE = { connection: "close" };

describe("an answer in place of a response that has ended", () => {
  it("is heard from wherever it comes, and marked before it leaves", () => {
    const { fake, ask, asked, answer } = make(true);
    ask(() => assert.equal(answer.isRunning(), true));
    assert.equal(answer.isRunning(), false);
    assert.deepEqual(asked, [[why, false]]);
    fake.statusCode = 503;
    assert.equal(fake.write("a"), true);
    assert.equal(fake.end("b"), fake);
    assert.deepEqual(fake.calls, [
      ["markFailed", 503, {}],
      ["writeHead", 503],
      ["write", "a"],
      ["end", "b"],
    ]);
  });

  it("may give its head at once", () => {
    const { fake, ask } = make(true);
    ask(() => fake.writeHead(503, { "x-a": "1" }));
    assert.deepEqual(fake.calls, [
      ["markFailed", 503, { "x-a": "1" }],
      ["writeHead", 503],
    ]);
    // Node refuses that itself.
    fake.writeHead(200, { "x-b": "1" });
    assert.deepEqual(fake.calls.slice(2), [["writeHead", 200, { "x-b": "1" }]]);
  });

  it("is written to no more once it has ended", async () => {
    const { fake, ask } = make(true);
    ask(() => fake.end("b"));
    const { length } = fake.calls;
    const told = Promise.withResolvers<unknown>();
    assert.equal(fake.write("c", told.resolve), false);
    const error = await told.promise as Error;
    assert.equal(error.message, "The response was not kept");
    assert.equal(fake.calls.length, length);
    // Node does nothing with it.
    fake.end("d");
    assert.deepEqual(fake.calls.slice(length), [["end", "d"]]);
  });

  it("is not marked once its head has left", () => {
    const { fake, ask } = make(true);
    ask(() => {});
    fake.headersSent = true;
    fake.write("a");
    fake.writeHead(200, { "x-a": "1" });
    assert.deepEqual(fake.calls, [
      ["write", "a"],
      ["writeHead", 200, { "x-a": "1" }],
    ]);
  });

  it("leaves the listeners as they are", () => {
    const { fake, ask } = make(true);
    const before = fake.eventNames();
    ask(() => {});
    assert.deepEqual(before, ["pipe"]);
    assert.deepEqual(fake.eventNames(), []);
    assert.equal(Object.hasOwn(fake, "on"), false);
  });
});

describe("an answer beside who was writing", () => {
  it("is heard alone, on a connection that closes after it", () => {
    const { fake, ask, answer } = make(false);
    let later: () => unknown = () => {};
    ask(() => {
      later = () => answer.run(() => fake.end("b"));
      fake.write("a");
      // As who was writing does in what answers.
      answer.run(() => assert.equal(fake.write("x"), false), true);
    });
    assert.equal(fake.write("x"), false);
    assert.equal(fake.end("x"), fake);
    assert.equal(fake.flushHeaders() as unknown, fake);
    assert.equal(answer.called("write", ["x"] as never[]), false);
    later();
    assert.deepEqual(fake.calls, [
      ["markFailed", 200, CLOSE],
      ["writeHead", 200],
      ["write", "a"],
      ["end", "b"],
    ]);
  });

  it("is heard by those who have built on our methods, too", () => {
    const { fake, ask, answer } = make(false);
    ask(() => answer.called("end", ["a"] as never[]));
    assert.deepEqual(fake.calls.at(-1), ["end", "a"]);
  });

  it("says nothing of its connection over HTTP/2", () => {
    const made = fakeResponse();
    Object.assign(made.fake, { stream: {} });
    const { fake, ask } = make(false, made);
    ask(() => fake.end());
    assert.deepEqual(fake.getHeaders(), {});
  });
});

describe("a plain answer", () => {
  const PLAIN = { "content-type": "text/plain;charset=UTF-8" };
  for (const isAlone of [true, false]) {
    it(`is a page of its own, marked${isAlone ? "" : ", which closes"}`, () => {
      const { fake, ask } = make(isAlone);
      fake.setHeader("content-length", "5");
      ask((plainly) => plainly());
      const fields = isAlone ? PLAIN : { ...PLAIN, ...CLOSE };
      assert.deepEqual(fake.calls, [
        ["markFailed", 500, fields],
        ["writeHead", 500],
        ["end", "Internal Server Error"],
      ]);
    });
  }

  it("is none once another one has begun", () => {
    const { fake, ask } = make(true);
    ask((plainly) => {
      fake.write("a");
      plainly();
    });
    assert.deepEqual(fake.calls.at(-1), ["write", "a"]);
    assert.equal(fake.statusCode, 200);
  });

  it("is the only one in place of an answer that was not kept either", () => {
    for (const isAlone of [true, false]) {
      const made = fakeResponse();
      make(isAlone, made);
      const { fake, ask, asked } = make(isAlone, made);
      ask((plainly) => {
        assert.equal(fake.end("x"), fake);
        plainly();
        assert.equal(fake.write("x"), false);
        fake.flushHeaders();
      });
      assert.deepEqual(asked, [[why, true]]);
      assert.deepEqual(fake.calls.map(([name]) => name), [
        "markFailed",
        "writeHead",
        "end",
      ]);
    }
  });
});
