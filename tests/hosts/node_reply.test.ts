// What is used of a reply of Fastify, by one that only has that: over HTTP, the
// tests of Fastify show it.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import {
  checkReply,
  isStream,
  letGo,
  ReplyHead,
  takeHead,
} from "../../src/node/reply.ts";
import { NotedReply } from "./_node_response.ts";

describe("the head of a reply of Fastify", () => {
  it("is its own, and that of the response behind it", () => {
    const reply = new NotedReply();
    const head = new ReplyHead(reply);
    reply.code(404).header("x-own", "1");
    reply.response.setHeader("x-behind", "2");
    assert.equal(head.statusCode, 404);
    assert.deepEqual(head.getHeaderNames().sort(), ["x-behind", "x-own"]);
    assert.equal(head.getHeader("x-own"), "1");
    assert.equal(head.getHeader("x-behind"), "2");
  });

  it("has fields in place of others, and in their order", () => {
    const reply = new NotedReply();
    const head = new ReplyHead(reply);
    head.setHeader("vary", "Accept");
    head.setHeader("set-cookie", ["a=1"]);
    head.setHeader("set-cookie", ["a=1", "b=2"]);
    head.setHeader("vary", "Cookie");
    assert.deepEqual(Object.entries(reply.fields), [
      ["vary", "Cookie"],
      ["set-cookie", ["a=1", "b=2"]],
    ]);
  });

  it("loses a field, also one of the response, unless that has left", () => {
    for (const isSent of [false, true]) {
      const reply = new NotedReply();
      reply.header("x-a", "1");
      reply.response.setHeader("x-a", "2");
      reply.response.isSent = isSent;
      new ReplyHead(reply).removeHeader("x-a");
      assert.deepEqual(reply.fields, {});
      const left = isSent ? ["x-a"] : [];
      assert.deepEqual(reply.response.getHeaderNames(), left);
    }
  });
});

describe("the payload of a reply of Fastify", () => {
  it("is left as it is, but for a Response, whose body it is", () => {
    const used = new Response("used", { status: 404 });
    void used.text();
    const others = [
      "text",
      "",
      null,
      undefined,
      7,
      {},
      Readable.from([]),
      used,
    ];
    for (const payload of others) {
      const reply = new NotedReply();
      assert.equal(takeHead(reply, payload), payload);
      assert.equal(reply.statusCode, 200);
      assert.deepEqual(reply.fields, {});
    }
    const reply = new NotedReply();
    const headers = new Headers({ "x-a": "1", "set-cookie": "a=1" });
    headers.append("set-cookie", "b=2");
    const response = new Response("text", { status: 404, headers });
    assert.equal(takeHead(reply, response), response.body);
    assert.equal(reply.statusCode, 404);
    assert.equal(reply.fields["x-a"], "1");
    assert.deepEqual(reply.fields["set-cookie"], ["a=1", "b=2"]);
    const empty = new Response(null, { status: 204 });
    assert.equal(takeHead(reply, empty), null);
  });

  it("is a stream if it can be piped and heard", () => {
    assert.equal(isStream(Readable.from([])), true);
    const call = () => {};
    const none = [undefined, null, "text", {}, { pipe: call }, { on: call }];
    const half = [{ pipe: call, on: 1 }, { pipe: 1, on: call }];
    for (const each of [...none, ...half]) assert.equal(isStream(each), false);
  });

  it("is closed if it does not leave, whatever it is", () => {
    for (const each of [undefined, null, "text", {}]) letGo(each);
    const stream = new Readable({ read() {} });
    letGo(stream);
    assert.equal(stream.destroyed, true);
    let isCancelled = false;
    letGo(
      new ReadableStream({
        cancel() {
          isCancelled = true;
        },
      }),
    );
    assert.equal(isCancelled, true);
  });

  it("may refuse that, as a stream does which others read", async () => {
    const locked = new ReadableStream();
    locked.getReader();
    letGo(locked);
    const refused = Promise.reject(new Error("locked"));
    const awaited: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    refused.catch = ((rejected: () => void) => {
      awaited.push(rejected);
      return refused.then(undefined, rejected).then(resolve);
    }) as never;
    letGo({ cancel: () => refused });
    assert.equal(awaited.length, 1, "Its rejection would end the process");
    await promise;
  });
});

describe("the head of a reply that Node would refuse", () => {
  const check = (
    change: (reply: NotedReply) => void,
  ): [NotedReply, Error | undefined] => {
    const reply = new NotedReply();
    reply.header("x-first", "1");
    change(reply);
    reply.header("x-last", "1");
    return [reply, checkReply(reply, new ReplyHead(reply))];
  };
  const isLeft = ["x-first", "x-last"];

  it("is none if it takes it", () => {
    const [reply, error] = check((reply) => {
      reply.response.statusMessage = "Fine";
    });
    assert.equal(error, undefined);
    assert.deepEqual(Object.keys(reply.fields), isLeft);
    assert.equal(reply.response.statusMessage, "Fine");
  });

  it("loses the field that it would refuse", () => {
    for (const [name, value] of [["x-bad", "a\nb"], ["a name", "1"]] as const) {
      const [reply, error] = check((reply) => {
        reply.response.statusMessage = "Fine";
        reply.header(name, value);
      });
      assert.ok(error instanceof TypeError);
      assert.match(`${Reflect.get(error, "code")}`, /^ERR_/);
      assert.deepEqual(Object.keys(reply.fields), isLeft);
      assert.equal(reply.response.statusMessage, "Fine");
    }
  });

  it("loses its text beside the status, and no field", () => {
    const [reply, error] = check((reply) => {
      reply.response.statusMessage = "a\nb";
    });
    assert.match(`${error}`, /statusMessage/);
    assert.equal(reply.response.statusMessage, "");
    assert.deepEqual(Object.keys(reply.fields), isLeft);
  });

  it("has no such text on HTTP/2", () => {
    const [, error] = check(({ response }) => {
      Object.assign(response, { stream: {}, statusCode: 1000 });
      Object.defineProperty(response, "statusMessage", {
        set() {
          throw new Error("Node warns of each use");
        },
      });
    });
    assert.ok(error instanceof RangeError);
  });
});
