import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Watch } from "../../src/node/watch.ts";
import { fakeResponse } from "./_fake_response.ts";

describe("who writes to a response", () => {
  it("is noted until that is stopped", () => {
    const { fake, res } = fakeResponse();
    const watch = new Watch(res);
    assert.equal(watch.sources, undefined);
    fake.emit("pipe", "one");
    fake.emit("pipe", "two");
    watch.stop();
    fake.emit("pipe", "three");
    assert.deepEqual(watch.sources, ["one", "two"]);
    assert.deepEqual(fake.eventNames(), []);
  });

  it("is told that the client has left, until it is over", () => {
    const { fake, res } = fakeResponse();
    const watch = new Watch(res);
    let times = 0;
    watch.noteClose(() => void times++);
    fake.emit("close");
    assert.equal(times, 1);
    watch.end();
    fake.emit("close");
    assert.equal(times, 1);
    assert.deepEqual(fake.eventNames(), []);
  });

  it("is over without a word where nobody asked for it", () => {
    const { fake, res } = fakeResponse();
    const theirs = () => {};
    fake.on("close", theirs);
    new Watch(res).end();
    assert.deepEqual(fake.rawListeners("close"), [theirs]);
  });

  it("is told from those who have listened before", () => {
    const { fake, res } = fakeResponse();
    const [waits, closes, behind] = [() => {}, () => {}, () => {}];
    const watch = new Watch(res);
    fake.on("drain", waits).on("close", closes);
    assert.deepEqual(watch.behind("drain"), [waits]);
    watch.noteClose(() => {});
    fake.on("drain", behind).on("close", behind);
    assert.deepEqual(watch.behind("drain"), [behind]);
    assert.deepEqual(watch.behind("close"), [behind]);
  });
});

describe("who waits where others keep the listeners", () => {
  const make = () => {
    const { fake, res } = fakeResponse();
    const handed: unknown[] = [];
    const on = function (this: unknown, ...args: unknown[]) {
      handed.push([this === fake, ...args]);
      return "on";
    };
    const watch = new Watch(res);
    return { fake, watch, handed, noted: watch.noteWaiting(on) };
  };
  const first = () => {};

  it("is handed on once the response is not held", () => {
    const { fake, watch, handed, noted } = make();
    const [waits, hears] = ["drain", "pipe"].map((type) =>
      noted(type as never, first as never)
    );
    assert.equal(waits, fake);
    assert.equal(hears, "on");
    assert.deepEqual(handed, [[true, "pipe", first]]);
    watch.end();
    assert.deepEqual(handed.slice(1), [[true, "drain", first]]);
  });

  it("is nobody, if nobody has waited", () => {
    const { watch, handed } = make();
    watch.end();
    assert.deepEqual(handed, []);
  });

  it("is told that more may be written, once each", () => {
    const { fake, watch, noted } = make();
    const told: unknown[] = [];
    const listen = (name: string) =>
      function (this: unknown) {
        told.push([name, this === fake]);
      };
    const [known, waiting] = [listen("known"), listen("waiting")];
    fake.on("drain", known);
    for (const each of [known, waiting]) {
      noted("drain" as never, each as never);
    }
    watch.drain();
    assert.deepEqual(told, [["known", true], ["waiting", true]]);
  });

  it("is told nothing, if nobody waits", () => {
    const { fake, watch } = make();
    let times = 0;
    fake.on("drain", () => times++);
    watch.drain();
    assert.equal(times, 1);
  });
});
