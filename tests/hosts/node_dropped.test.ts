import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { letGo } from "../../src/node/dropped.ts";
import { Watch } from "../../src/node/watch.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";

// What becomes of who was writing to a response that is dropped. What a client
// sees of it stands in express_dropped.test.ts.

/** A stream that pipes into a response. */
class FakeSource extends EventEmitter {
  readonly calls: unknown[] = [];
  unpipe(to: unknown): void {
    this.calls.push(["unpipe", to]);
  }
  destroy(): void {
    this.calls.push(["destroy"]);
  }
}

/** Who answers, as far as it is told here that it is running. */
class FakeAnswerer {
  isOn = false;
  isRunning(): boolean {
    return this.isOn;
  }
  readonly runs: unknown[] = [];
  run(run: () => unknown, isAside = false): unknown {
    this.runs.push(isAside);
    return run();
  }
}

type Act = (made: { fake: FakeResponse; watch: Watch }) => void;

/** A response that is dropped, once all this has been done with it. */
function drop(act: Act = () => {}, isAnswered = true) {
  const { fake, res } = fakeResponse();
  Object.assign(fake, { writableFinished: true });
  const watch = new Watch(res);
  watch.noteClose(() => {});
  act({ fake, watch });
  const answerer = new FakeAnswerer();
  letGo(res, watch, isAnswered ? answerer : undefined);
  return { fake, watch, answerer };
}

const ADDING = [
  "on",
  "addListener",
  "once",
  "prependListener",
  "prependOnceListener",
] as const;

describe("who pipes into a response that is dropped", () => {
  it("is let go of, and closed once somebody has answered", () => {
    for (const isAnswered of [true, false]) {
      const [source, read] = [new FakeSource(), new FakeSource()];
      // Somebody else reads it.
      read.on("data", () => {});
      const { fake } = drop(({ fake }) => {
        fake.emit("pipe", source);
        fake.emit("pipe", read);
        // It has no such methods.
        fake.emit("pipe", { listenerCount: () => 0 });
      }, isAnswered);
      assert.deepEqual(source.calls, [["unpipe", fake]]);
      fake.emit("close");
      assert.deepEqual(source.calls, [["unpipe", fake], ["destroy"]]);
      assert.deepEqual(read.calls, [["unpipe", fake]]);
    }
  });

  it("is let go of as it begins, unless it is who answers", () => {
    const { fake, answerer } = drop();
    const [late, theirs] = [new FakeSource(), new FakeSource()];
    fake.emit("pipe", late);
    assert.deepEqual(late.calls, [["unpipe", fake]]);
    answerer.isOn = true;
    fake.emit("pipe", theirs);
    assert.deepEqual(theirs.calls, []);
  });

  it("is not noted any more", () => {
    const { fake, watch } = drop(undefined, false);
    fake.emit("pipe", new FakeSource());
    assert.equal(watch.sources, undefined);
  });
});

describe("who waits to write into a response that is dropped", () => {
  it("is not told to go on", () => {
    const [front, behind] = [() => {}, () => {}];
    const { fake, res } = fakeResponse();
    fake.on("drain", front);
    const watch = new Watch(res);
    watch.noteClose(() => {});
    fake.on("drain", behind);
    letGo(res, watch);
    assert.deepEqual(fake.rawListeners("drain"), [front]);
  });

  it("is not noted where others keep the listeners", () => {
    const { fake } = drop(({ fake, watch }) => {
      const ours = watch.noteWaiting(fake.on);
      Object.assign(fake, { on: ours });
    }, false);
    assert.equal(fake.on, EventEmitter.prototype.on);
    const others = drop(({ fake }) => {
      Object.assign(fake, { on: () => "theirs" });
    }, false);
    assert.equal(Object.hasOwn(others.fake, "on"), false);
  });

  it("leaves the response alone if nobody else has more to say", () => {
    const { fake } = drop(({ fake }) => fake.on("drain", () => {}), false);
    for (const name of ADDING) assert.equal(Object.hasOwn(fake, name), false);
    assert.equal(fake.listenerCount("finish"), 0);
    assert.equal(fake.listenerCount("pipe"), 0);
  });

  for (const name of ADDING) {
    it(`is heard as others are, but for "drain": ${name}()`, () => {
      const { fake } = drop();
      const told: string[] = [];
      assert.equal(fake[name]("drain", () => told.push("drain")), fake);
      assert.equal(fake[name]("error", () => told.push("error")), fake);
      assert.equal(fake[name]("close", () => told.push("close")), fake);
      for (const type of ["drain", "error"]) fake.emit(type);
      assert.deepEqual(told, ["error"]);
      // Once somebody has answered, it is as if the client had left.
      fake.emit("finish");
      assert.deepEqual(told, ["error", "close"]);
    });

    it(`is not who answers, to whom all is told: ${name}()`, () => {
      const { fake, answerer } = drop();
      answerer.isOn = true;
      const told: unknown[] = [];
      const hear = function (this: unknown, ...args: unknown[]) {
        told.push([this === fake, ...args]);
      };
      const close = () => told.push("close");
      assert.equal(fake[name]("drain", hear), fake);
      fake[name]("close", close);
      fake[name]("error", () => told.push("error"));
      answerer.isOn = false;
      fake.emit("error");
      assert.deepEqual(told.splice(0), ["error"]);
      // Nothing but a stream goes on by itself once it is told.
      assert.deepEqual(answerer.runs, []);
      fake.emit("drain", 1);
      assert.deepEqual(told, [[true, 1]]);
      const isKept = !/once/i.test(name);
      // What is heard once is heard by `on()`, which has been asked already.
      if (isKept) assert.deepEqual(answerer.runs, [false]);
      else assert.ok(answerer.runs.length <= 1);
      assert.equal(fake.listenerCount("drain"), isKept ? 1 : 0);
      fake.off("drain", hear);
      assert.equal(fake.listenerCount("drain"), 0);
      fake.emit("finish");
      assert.equal(told.length, 1);
    });
  }
});

describe("once another answer has left", () => {
  const closing = (told: unknown[], fake: FakeResponse) => () => {
    told.push(Reflect.get(fake, "writableFinished"));
  };

  it("those who have waited hear that the client has left, before others hear it", () => {
    const told: unknown[] = [];
    const ways: Act[] = [
      ({ fake }) => fake.on("drain", () => {}),
      ({ watch }) => {
        watch.waiting = [() => {}];
      },
    ];
    for (const wait of ways) {
      const { fake } = drop((made) => {
        wait(made);
        made.fake.on("close", closing(told, made.fake));
        made.fake.once("close", closing(told, made.fake));
        made.fake.on("finish", () => told.push("finish"));
      });
      fake.emit("finish");
      assert.deepEqual(told.splice(0), [false, false, "finish"]);
      assert.equal(Reflect.get(fake, "writableFinished"), true);
      // They have heard it, and nobody tells them again.
      fake.emit("finish");
      fake.emit("close");
      assert.deepEqual(told.splice(0), ["finish"]);
    }
  });

  it("those who have not waited hear nothing of that", () => {
    const told: unknown[] = [];
    const { fake } = drop(({ fake }) => {
      fake.on("close", closing(told, fake));
    });
    fake.emit("finish");
    assert.deepEqual(told, []);
    fake.emit("close");
    assert.deepEqual(told, [true]);
  });

  it("those in front hear it in their turn", () => {
    const { fake, res } = fakeResponse();
    const told: unknown[] = [];
    const front = () => told.push("front");
    fake.on("close", front);
    const watch = new Watch(res);
    watch.noteClose(() => {});
    fake.on("drain", () => {});
    fake.on("close", () => told.push("behind"));
    letGo(res, watch, new FakeAnswerer());
    fake.on("error", front);
    fake.emit("finish");
    assert.deepEqual(told, ["behind"]);
  });

  it("what one of them throws is thrown to nobody, and the others hear it", () => {
    const told: unknown[] = [];
    const broken = new Error("broken");
    const { fake } = drop(({ fake }) => {
      fake.on("drain", () => {});
      fake.on("close", () => {
        throw broken;
      });
      fake.on("close", () => told.push("second"));
    });
    const { queueMicrotask } = globalThis;
    const later: (() => void)[] = [];
    globalThis.queueMicrotask = (act) => void later.push(act);
    try {
      fake.emit("finish");
    } finally {
      globalThis.queueMicrotask = queueMicrotask;
    }
    assert.deepEqual(told, ["second"]);
    const [thrown] = later;
    assert.throws(() => thrown?.(), (error) => error === broken);
  });
});

describe("a request that was being read", () => {
  const make = (type?: string) => {
    const calls: string[] = [];
    const { fake, answerer } = drop(({ fake: { req } }) => {
      Object.assign(req, {
        pause: () => (calls.push("pause"), req),
        resume: () => (calls.push("resume"), req),
      });
      if (type) EventEmitter.prototype.on.call(req, type, () => {});
    });
    return { req: fake.req, answerer, calls };
  };

  for (const type of ["data", "readable"]) {
    it(`flows on for who answers, past who waits: ${type}`, () => {
      const { req, answerer, calls } = make(type);
      assert.equal(req.pause(), req);
      assert.deepEqual(calls, []);
      answerer.isOn = true;
      assert.equal(req.pause(), req);
      assert.deepEqual(calls, ["pause"]);
      assert.equal(req.resume(), req);
      assert.deepEqual(calls, ["pause", "resume"]);
      // What it wakes is not who answers.
      assert.deepEqual(answerer.runs, [true]);
    });
  }

  it("is left alone if nobody has read it", () => {
    const { req, calls } = make();
    req.pause();
    assert.deepEqual(calls, ["pause"]);
  });
});
