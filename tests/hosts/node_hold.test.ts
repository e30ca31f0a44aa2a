// How a response is held until its session is kept, call by call: what comes to
// Node and when, and what is left on the response. Over HTTP, express_hold.test.ts
// and express_bare.test.ts show the same.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Keeper } from "../../src/node/hold.ts";
import { Idle } from "../../src/node/idle.ts";
import type { Mark } from "../../src/node/respond.ts";
import { NotedResponse } from "./_node_response.ts";

/** What is asked of who keeps the session. */
interface Held {
  readonly res: NotedResponse;
  /** What was asked, and how the response was then. */
  readonly asked: string[];
  readonly keep: PromiseWithResolvers<Mark | undefined>;
  /** Ends the wait, and waits until the response has left. */
  release(mark?: Mark): Promise<void>;
  fail(error?: unknown): Promise<void>;
}

type Kept = ReturnType<Keeper["keep"]>;

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await undefined;
}

/** Holds a response for a keeper that answers so, or else waits. */
function hold(
  {
    res = new NotedResponse(),
    keep,
    answer = (_error, answerPlainly) => answerPlainly(),
  }: {
    res?: NotedResponse;
    keep?: () => Kept;
    answer?: Keeper["fail"];
  } = {},
): Held {
  const waited = Promise.withResolvers<Mark | undefined>();
  const asked: string[] = [];
  const idle = new Idle(res.whole, {
    keep() {
      asked.push(`keep ${res.statusCode}`);
      return keep ? keep() : waited.promise;
    },
    leave: () => void asked.push("leave"),
    markFailed: () => void asked.push("mark"),
    fail(error, plainly, isLast) {
      asked.push(`fail ${(error as Error).message}`);
      return answer(error, plainly, isLast);
    },
  });
  idle.hold();
  return {
    res,
    asked,
    keep: waited,
    async release(mark) {
      waited.resolve(mark);
      await turns();
    },
    async fail(error = new Error("down")) {
      waited.reject(error);
      await turns();
    },
  };
}

/** Builds on `writeHead`, as the package `on-headers` does. */
function buildOn(res: NotedResponse, before: () => void): unknown {
  const { writeHead } = res;
  const built = (...args: unknown[]) => {
    before();
    return writeHead.apply(res, args);
  };
  res.writeHead = built as never;
  return built;
}

const METHODS =
  "writeHead write end flushHeaders setHeader appendHeader removeHeader on"
    .split(" ");
const methodsOf = (res: object): unknown[] =>
  METHODS.map((name) => Reflect.get(res, name));

/** What a response shows of itself. */
const shownBy = (res: NotedResponse) => ({
  headersSent: res.headersSent,
  finished: res.finished,
  writableEnded: res.writableEnded,
  writableFinished: res.writableFinished,
  writableNeedDrain: res.writableNeedDrain,
  writableLength: res.writableLength,
});

const refusal = (what: string) => ({
  code: "ERR_HTTP_HEADERS_SENT",
  message: `Cannot ${what} headers after they are sent to the client`,
});

describe("a response whose session is kept at once", () => {
  for (const isMarked of [true, false]) {
    it(`passes on what it is told, marked: ${isMarked}`, () => {
      const res = new NotedResponse();
      const methods = methodsOf(res);
      const mark = () => void res.setHeader("vary", "Cookie");
      const { asked } = hold({
        res,
        keep: () => isMarked ? mark : undefined,
      });
      assert.equal(res.write("a", "utf8"), true);
      res.isFree = false;
      assert.equal(res.write("b"), false);
      assert.equal(res.end("c"), res);
      assert.deepEqual(res.calls, [
        ["writeHead", 200],
        ["write", "a", "utf8"],
        ["write", "b"],
        ["end", "c"],
      ]);
      assert.equal(res.getHeader("vary"), isMarked ? "Cookie" : undefined);
      assert.deepEqual(asked, ["keep 200"]);
      assert.deepEqual(methodsOf(res), methods);
      assert.deepEqual(res.eventNames(), []);
    });
  }

  it("sets a head as it was given before the session is kept", () => {
    const { res, asked } = hold({ keep: () => undefined });
    assert.equal(res.writeHead(201, { "x-a": "1" }), res);
    assert.deepEqual(asked, ["keep 201"]);
    assert.deepEqual(res.calls, [["writeHead", 201]]);
    assert.equal(res.getHeader("x-a"), "1");
  });

  it("asks those once who change the head at the last moment", () => {
    for (const write of ["write", "end", "flushHeaders"] as const) {
      const { res, asked } = hold({ keep: () => undefined });
      let times = 0;
      const built = buildOn(res, () => {
        times++;
        res.statusCode = 202;
      });
      res[write]("x");
      assert.equal(times, 1);
      // What they have said is known before the session is kept.
      assert.deepEqual(asked, ["keep 200"]);
      assert.deepEqual(res.names, ["writeHead", write]);
      assert.equal(res.writeHead, built, "What others have built stays");
      res.write("more");
      assert.deepEqual(res.names, ["writeHead", write, "write"]);
    }
  });

  it("asks them again if they have thrown", () => {
    const { res, asked } = hold({ keep: () => undefined });
    let isBroken = true;
    const built = buildOn(res, () => {
      if (isBroken) throw new Error("broken");
    });
    assert.throws(() => res.end("x"), /broken/);
    assert.deepEqual(res.calls, []);
    assert.deepEqual(asked, []);
    isBroken = false;
    assert.equal(res.writeHead(404), res);
    assert.deepEqual(res.calls, [["writeHead", 404]]);
    assert.equal(res.writeHead, built);
  });

  it("is kept if they hand nothing on", () => {
    const { res, asked } = hold({ keep: () => undefined });
    res.writeHead = (() => res) as never;
    res.end("x");
    assert.deepEqual(asked, ["keep 200"]);
    assert.deepEqual(res.calls.at(-1), ["end", "x"]);
  });

  it("has the method of others back if Node refuses a write", () => {
    const res = new NotedResponse();
    res.write = () => {
      throw new Error("refused");
    };
    hold({ res, keep: () => undefined });
    const built = buildOn(res, () => {});
    assert.throws(() => res.write("x"), /refused/);
    assert.equal(res.writeHead, built);
  });

  it("keeps nothing of what Node would refuse", () => {
    const { res, asked } = hold({ keep: () => undefined });
    assert.throws(() => res.write(7), { code: "ERR_INVALID_ARG_TYPE" });
    assert.throws(() => res.writeHead(7), {
      code: "ERR_HTTP_INVALID_STATUS_CODE",
    });
    res.statusCode = 9999;
    assert.throws(() => res.end(), { code: "ERR_HTTP_INVALID_STATUS_CODE" });
    assert.deepEqual(asked, []);
    assert.deepEqual(res.calls, []);
  });

  it("keeps nothing if the head has left on another way", () => {
    const { res, asked } = hold();
    res.isSent = true;
    res.statusCode = 9999;
    res.write("x");
    res.end();
    assert.deepEqual(res.names, ["write", "end"]);
    assert.deepEqual(asked, []);
  });
});

describe("a response that is held", () => {
  it("leaves in order once its session is kept", async () => {
    const { res, asked, release } = hold();
    const called = () => {};
    res.writeHead(201, { "x-a": "1" });
    res.flushHeaders();
    res.write("a", "utf8", called);
    res.write(new Uint8Array(2));
    res.end("b", called);
    assert.deepEqual(res.calls, []);
    assert.deepEqual(asked, ["keep 201"]);
    await release();
    assert.deepEqual(res.calls, [
      ["writeHead", 201],
      ["flushHeaders"],
      ["write", "a", "utf8", called],
      ["write", new Uint8Array(2)],
      ["end", "b", called],
    ]);
    assert.deepEqual(asked, ["keep 201"]);
  });

  it("answers who writes as a slow network does", async () => {
    const { res, release } = hold();
    assert.equal(res.flushHeaders(), undefined);
    const nothing = {
      headersSent: true,
      finished: false,
      writableEnded: false,
      writableFinished: false,
      writableNeedDrain: false,
      writableLength: 0,
    };
    assert.deepEqual(shownBy(res), nothing);
    assert.equal(res.write("abc"), false);
    const written = { ...nothing, writableNeedDrain: true, writableLength: 3 };
    assert.deepEqual(shownBy(res), written);
    assert.equal(res.write(new Uint8Array(2)), false);
    assert.deepEqual(shownBy(res), { ...written, writableLength: 5 });
    assert.equal(res.end(), res);
    const ended = {
      ...nothing,
      finished: true,
      writableEnded: true,
      writableLength: 5,
    };
    assert.deepEqual(shownBy(res), ended);
    assert.equal(res.flushHeaders(), undefined);
    assert.deepEqual(shownBy(res), ended);
    await release();
    assert.equal(res.writableLength, 0);
  });

  it("shows the status that it will have", async () => {
    const { res, release } = hold();
    res.statusCode = 404;
    res.end();
    assert.deepEqual([res.statusCode, res.statusMessage], [404, "Not Found"]);
    // An error handler says another one, too late.
    res.statusCode = 9999;
    res.write("x");
    await release();
    assert.deepEqual([res.statusCode, res.statusMessage], [404, ""]);
    assert.deepEqual(res.calls[0], ["writeHead", 404]);
  });

  it("refuses fields as Node does, and takes what it was kept with", async () => {
    const { res, release } = hold();
    const methods = methodsOf(res);
    res.setHeader("x-a", "1");
    res.write("x");
    assert.throws(() => res.setHeader("x-a", "2"), refusal("set"));
    assert.throws(() => res.appendHeader("x-a", "2"), refusal("set"));
    assert.throws(() => res.removeHeader("x-a"), refusal("remove"));
    assert.equal(res.getHeader("x-a"), "1");
    // HTTP/2 has no such method.
    assert.equal("setHeaders" in res, false);
    await release(() => void res.setHeader("x-a", "3"));
    assert.equal(res.getHeader("x-a"), "3");
    const names = METHODS.slice(4);
    assert.deepEqual(methodsOf(res).slice(4), methods.slice(4), `${names}`);
  });

  it("leaves to others what they have put in its place", async () => {
    const { res, release } = hold();
    res.write("x");
    const { setHeader } = res;
    const built: typeof setHeader = (...args) => setHeader.apply(res, args);
    res.setHeader = built;
    await release();
    assert.equal(res.setHeader, built);
    assert.equal(Object.hasOwn(res, "on"), false);
  });

  it("takes the same head again, and no other", async () => {
    const { res, release } = hold();
    res.write("a");
    assert.equal(res.writeHead(200), res);
    assert.throws(() => res.writeHead(201), refusal("write"));
    assert.throws(() => res.writeHead(200, {}), refusal("write"));
    assert.throws(() => res.write(7), { code: "ERR_INVALID_ARG_TYPE" });
    await release();
    assert.deepEqual(res.calls, [["writeHead", 200], ["write", "a"]]);
  });

  it("asks those once who change the head at the last moment", async () => {
    for (const write of ["write", "end", "flushHeaders"] as const) {
      const { res, release } = hold();
      let times = 0;
      buildOn(res, () => void times++);
      res[write]("x");
      res.write("more");
      assert.equal(times, 1);
      await release();
      assert.deepEqual(res.names, ["writeHead", write, "write"]);
      assert.equal(times, 1);
    }
  });

  it("asks those, too, who have come while it was held", async () => {
    const { res, release } = hold();
    let times = 0;
    res.write("x");
    buildOn(res, () => void times++);
    res.end();
    await release();
    assert.equal(times, 1);
    assert.deepEqual(res.calls[0], ["writeHead", 200]);
  });

  it("leaves if they throw once it is held, and nobody writes", async () => {
    const { res, release } = hold();
    const { writeHead } = res;
    res.writeHead = ((...args: unknown[]) => {
      writeHead.apply(res, args);
      throw new Error("broken");
    }) as never;
    assert.throws(() => res.end("x"), /broken/);
    await release();
    assert.equal(res.destroyed, false);
    assert.deepEqual(res.calls, []);
    // Nothing stands in the way of who answers the error.
    res.writeHead = writeHead;
    res.end("sorry");
    assert.deepEqual(res.calls, [["writeHead", 200], ["end", "sorry"]]);
  });

  it("is no more than that once it has left", async () => {
    const res = new NotedResponse();
    const methods = methodsOf(res);
    const names = Object.getOwnPropertyNames(res);
    const { release } = hold({ res });
    res.write("x");
    await release();
    assert.deepEqual(methodsOf(res), methods);
    assert.deepEqual(res.eventNames(), []);
    const added = Object.getOwnPropertyNames(res)
      .filter((name) => !names.includes(name));
    assert.deepEqual(added.filter((name) => !METHODS.includes(name)), []);
  });
});

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
