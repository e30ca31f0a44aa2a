// Who waits while a response is held, who leaves, and what leaves in its place if
// its session cannot be kept.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hold } from "./_hold.ts";
import { NotedResponse } from "./_node_response.ts";

describe("who waits to write to a response that is held", () => {
  const wait = async (
    write: (res: NotedResponse) => void,
    isFree = true,
  ): Promise<number> => {
    const { res, release } = hold();
    let drains = 0;
    res.on("drain", () => void drains++);
    write(res);
    assert.equal(drains, 0);
    res.isFree = isFree;
    await release();
    return drains;
  };

  it("goes on once it has left", async () => {
    assert.equal(await wait((res) => res.write("a")), 1);
    const more = (res: NotedResponse) => {
      res.write("a");
      res.flushHeaders();
      res.write("b");
    };
    assert.equal(await wait(more), 1);
  });

  it("waits for the network if that takes no more", async () => {
    assert.equal(await wait((res) => res.write("a"), false), 0);
    const more = (res: NotedResponse) => {
      res.write("a");
      res.flushHeaders();
    };
    assert.equal(await wait(more, false), 0);
  });

  it("is not told if nobody has written, or nobody may any more", async () => {
    assert.equal(await wait((res) => res.flushHeaders()), 0);
    const end = (res: NotedResponse) => {
      res.write("a");
      res.end();
    };
    assert.equal(await wait(end), 0);
  });

  it("is handed on where others keep the listeners", async () => {
    for (const isHeld of [true, false]) {
      const res = new NotedResponse();
      const heard: unknown[] = [];
      const on = (...args: unknown[]) => {
        heard.push(args[0]);
        return res;
      };
      res.on = on as never;
      const { release } = hold({
        res,
        ...isHeld ? {} : { keep: () => undefined },
      });
      let drains = 0;
      res.on("drain", () => void drains++);
      res.on("x", () => {});
      const before = heard.filter((type) => type === "drain");
      assert.deepEqual(before, []);
      assert.ok(heard.includes("x"));
      res.write("a");
      await release();
      assert.equal(drains, isHeld ? 1 : 0);
      assert.equal(heard.at(-1), "drain");
      assert.equal(res.on, on, "It is theirs again");
    }
  });
});

describe("a connection whose response is held", () => {
  it("stays until it has left, and is as it was then", async () => {
    const { res, release } = hold();
    const { socket } = res;
    const { destroy } = socket;
    res.write("a");
    assert.equal(socket.destroy, destroy, "It may be cut until the end");
    res.end();
    res.end();
    const cut = socket.destroy;
    assert.notEqual(cut, destroy);
    cut.call(socket);
    assert.equal(socket.destroyed, false);
    await release();
    assert.equal(socket.destroy, destroy);
    assert.deepEqual(socket.eventNames(), []);
  });

  it("is cut at once by who has kept the method", async () => {
    const { res, release } = hold();
    const { socket } = res;
    res.end();
    const cut = socket.destroy;
    await release();
    cut.call(socket);
    assert.equal(socket.destroyed, true);
  });

  it("is cut if Node refuses what was written", async () => {
    const refused = new Error("too long");
    const res = new NotedResponse();
    res.write = () => {
      throw refused;
    };
    const { release } = hold({ res });
    let drains = 0;
    res.on("drain", () => void drains++);
    res.write("a");
    await release();
    assert.equal(res.destroyed, true);
    assert.equal(res.failure, refused);
    assert.equal(drains, 0);
  });
});

describe("a client that leaves", () => {
  it("is told of if nobody has answered", () => {
    const { res, asked } = hold();
    assert.deepEqual(asked, []);
    res.emit("close");
    assert.deepEqual(asked, ["leave"]);
  });

  it("is told of if it has left before", () => {
    const res = new NotedResponse();
    res.destroyed = true;
    assert.deepEqual(hold({ res }).asked, ["leave"]);
  });

  it("is not, once somebody has answered", async () => {
    const { res, asked, release } = hold();
    res.write("a");
    res.emit("close");
    await release();
    res.emit("close");
    assert.deepEqual(asked, ["keep 200"]);
  });
});

describe("a response whose session cannot be kept", () => {
  const thrown = new Error("down");

  for (const way of ["throws", "rejects", "throws once it has waited"]) {
    it(`is dropped, and another one leaves: ${way}`, async () => {
      const res = new NotedResponse();
      res.setHeader("etag", "front");
      const told: unknown[] = [];
      const { asked, release, fail } = hold({
        res,
        answer: () => void res.end("sorry"),
        ...way === "throws" && {
          keep: () => {
            throw thrown;
          },
        },
      });
      res.setHeader("etag", "dropped");
      res.setHeader("location", "/");
      res.statusCode = 201;
      res.write("a", (error: unknown) => told.push(error));
      res.end("b");
      assert.equal(res.headersSent, true);
      if (way === "rejects") await fail(thrown);
      else {
        await release(() => {
          throw thrown;
        });
      }
      assert.deepEqual(asked, ["keep 201", "fail down", "mark"]);
      assert.deepEqual(res.calls, [["writeHead", 500], ["end", "sorry"]]);
      assert.deepEqual(res.getHeaders(), { etag: "front" });
      assert.deepEqual(told, [thrown]);
      // Nobody is heard who has written.
      assert.equal(res.write("more"), false);
      assert.equal(res.calls.length, 2);
    });
  }

  it("stays if it has left on another way", async () => {
    const { res, fail } = hold({ answer: () => {} });
    res.statusCode = 201;
    res.setHeader("etag", "sent");
    res.write("a");
    res.isSent = true;
    await fail();
    assert.equal(res.statusCode, 201);
    assert.equal(res.getHeader("etag"), "sent");
  });

  it("hears who answers, and nobody who has not ended it", async () => {
    for (const isEnded of [true, false]) {
      let answer = () => {};
      const { res, fail } = hold({
        answer: () => void (answer = () => void res.end("late")),
      });
      if (isEnded) res.end("a");
      else res.write("a");
      await fail();
      // From where its context was lost, it is heard if the other has ended.
      answer();
      assert.deepEqual(res.names, isEnded ? ["writeHead", "end"] : []);
    }
  });

  it("hears who answers by a method from before", async () => {
    const methods: { end?: () => unknown } = {};
    const { res, fail } = hold({ answer: () => void methods.end?.() });
    methods.end = res.end.bind(res, "sorry");
    res.write("a");
    await fail();
    assert.deepEqual(res.calls, [["writeHead", 500], ["end", "sorry"]]);
  });

  it("is dropped though nobody has written", async () => {
    const { res, asked, fail } = hold();
    const { writeHead } = res;
    res.writeHead = ((...args: unknown[]) => {
      writeHead.apply(res, args);
      throw new Error("broken");
    }) as never;
    assert.throws(() => res.end("x"), /broken/);
    await fail();
    assert.deepEqual(asked, ["keep 200", "fail down", "mark"]);
    assert.deepEqual(res.calls.at(-1), ["end", "Internal Server Error"]);
  });
});
