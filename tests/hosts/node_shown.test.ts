import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import {
  keepConnection,
  show,
  type Shown,
  unshow,
} from "../../src/node/shown.ts";
import { fakeResponse } from "./_fake_response.ts";

describe("what a response shows while it is held", () => {
  class Base {
    get inherited() {
      return "real";
    }
    own: string | undefined = "real";
  }

  it("is what it is told to, and nothing that it has not", () => {
    const res = new Base();
    show(res, {}, { inherited: "shown", own: "shown", other: "shown" });
    assert.equal(res.inherited, "shown");
    assert.equal(res.own, "shown");
    assert.equal("other" in res, false);
    // Others may set it, and Node sets some of it itself.
    res.own = "set";
    assert.equal(res.own, "set");
  });

  it("is what there was after that, however often it was shown", () => {
    const res = new Base();
    const before = Object.getOwnPropertyDescriptors(res);
    const shown: Shown = {};
    show(res, shown, { inherited: 1, own: 1 });
    show(res, shown, { inherited: 2, own: 2 });
    assert.deepEqual([res.inherited, res.own], [2, 2]);
    unshow(res, shown);
    assert.deepEqual(Object.getOwnPropertyDescriptors(res), before);
    assert.equal(res.inherited, "real");
  });
});

class FakeSocket extends EventEmitter {
  writable = true;
  readonly cuts: unknown[][] = [];
  destroy(...args: unknown[]): this {
    this.cuts.push(args);
    return this;
  }
}

describe("a connection whose response is held", () => {
  const make = (rest: object = {}) => {
    const { fake, res } = fakeResponse();
    const socket = new FakeSocket();
    const state = { isHeld: true };
    Object.assign(fake, { socket }, rest);
    const { destroy } = socket;
    const giveBack = keepConnection(res, () => state.isHeld);
    return { fake, socket, state, destroy, giveBack };
  };

  it("is cut once the answer has left, once", () => {
    const { fake, socket } = make();
    assert.equal(socket.destroy(), socket);
    assert.equal(socket.destroy(), socket);
    assert.deepEqual(socket.cuts, []);
    assert.equal(fake.listenerCount("finish"), 1);
  });

  it("is cut then for good", () => {
    const { fake, socket, giveBack } = make();
    socket.destroy();
    giveBack?.();
    fake.emit("finish");
    assert.deepEqual(socket.cuts, [[]]);
  });

  const error = new Error("gone");
  for (
    const [why, change, args] of [
      ["there is an error", () => {}, [error]],
      ["its time is up", ({ socket }) => socket.emit("timeout"), []],
      ["nobody reads", ({ socket }) => socket.writable = false, []],
      [
        "the response is destroyed",
        ({ fake }) => Object.assign(fake, { destroyed: true }),
        [],
      ],
      [
        "the client has gone",
        ({ fake }) => Object.assign(fake.req, { aborted: true }),
        [],
      ],
      ["nothing is held", ({ state }) => state.isHeld = false, []],
    ] as [string, (made: ReturnType<typeof make>) => unknown, unknown[]][]
  ) {
    it(`is cut at once if ${why}`, () => {
      const made = make();
      change(made);
      const { socket, fake } = made;
      assert.equal(socket.destroy(...args), socket);
      assert.deepEqual(socket.cuts, [args]);
      assert.equal(fake.listenerCount("finish"), 0);
    });
  }

  it("hears that its time is up before the server does, which cuts it", () => {
    const { fake, res } = fakeResponse();
    const socket = new FakeSocket();
    Object.assign(fake, { socket });
    socket.on("timeout", () => socket.destroy());
    keepConnection(res, () => true);
    socket.emit("timeout");
    assert.equal(socket.cuts.length, 1);
  });

  it("is given back as it was", () => {
    const { socket, destroy, giveBack } = make();
    assert.notEqual(socket.destroy, destroy);
    giveBack?.();
    assert.equal(socket.destroy, destroy);
    assert.deepEqual(socket.eventNames(), []);
  });

  it("is left alone where it has many responses, or is gone", () => {
    const { socket, destroy, giveBack } = make({ stream: {} });
    assert.equal(giveBack, undefined);
    assert.equal(socket.destroy, destroy);
    assert.equal(make({ socket: null }).giveBack, undefined);
  });
});
