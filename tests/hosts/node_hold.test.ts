// How a response is held until its session is kept, call by call: what comes to
// Node and when, and what is left on the response. Over HTTP, express_hold.test.ts
// and express_bare.test.ts show the same.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hold } from "./_hold.ts";
import { NotedResponse } from "./_node_response.ts";

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
