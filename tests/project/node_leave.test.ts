import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { toNodeListener } from "../../node.ts";
import {
  get,
  type Handler,
  listen,
  type Listener,
  options,
  post,
  send,
  serve,
  stops,
  until,
} from "./node_server.ts";

describe("toNodeListener(): clients that leave", options, () => {
  it("toNodeListener() cancels the body and aborts the signal", async () => {
    let cause: unknown;
    let signal: AbortSignal | undefined;
    const { port, errors } = await serve((request) => {
      signal = request.signal;
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(9)),
          cancel: (reason) => void (cause = reason),
        }),
      );
    });
    const { request, response } = post({ port });
    request.end();
    await response;
    assert.equal(signal?.aborted, false);
    request.destroy();
    await until(() => cause !== undefined, "the body is cancelled");
    assert.equal(signal?.aborted, true);
    assert.equal(cause, signal?.reason);
    assert.deepEqual(errors, []);
  });

  it("toNodeListener() stops waiting for a client that takes nothing", async () => {
    let cancelled = false;
    const { port, errors } = await serve(() =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)),
          cancel: () => void (cancelled = true),
        }),
      )
    );
    const socket = net.connect(port, "127.0.0.1");
    socket.write(get("/", "Host: a"));
    await once(socket, "readable");
    await delay(50);
    assert.equal(cancelled, false);
    socket.destroy();
    await until(() => cancelled, "the body is cancelled");
    assert.deepEqual(errors, []);
  });

  it("toNodeListener() cancels a body that comes too late", async () => {
    let cancelled = false;
    const { port, errors } = await serve(async ({ signal }) => {
      await once(signal, "abort");
      return new Response(
        new ReadableStream({ cancel: () => void (cancelled = true) }),
      );
    });
    const { request } = post({ port });
    request.end();
    await delay(50);
    request.destroy();
    await until(() => cancelled, "the body is cancelled");
    assert.deepEqual(errors, []);
  });

  it("toNodeListener() survives other middleware that ends the response", async () => {
    for (const method of ["end", "destroy"] as const) {
      let cancelled = false;
      let end = () => {};
      const listener: Listener = toNodeListener(() =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await delay(2);
              end();
              controller.enqueue(new Uint8Array(9));
            },
            cancel: () => void (cancelled = true),
          }),
        )
      );
      const port = await listen(http.createServer((incoming, outgoing) => {
        end = () => outgoing[method]();
        listener(incoming, outgoing);
      }));
      await send(port, get("/", "Host: a"));
      await until(() => cancelled, "the body is cancelled");
    }
  });

  it("toNodeListener() tells nobody of what fails because of that", async () => {
    const failures: unknown[] = [];
    const { port, errors } = await serve(async (request) => {
      try {
        await request.text();
        return new Response("Read");
      } catch (error) {
        failures.push(error);
        throw error;
      }
    });
    const { request } = post({ port });
    request.write("half");
    await delay(50);
    request.destroy();
    await until(() => failures.length > 0, "the body fails");
    await delay(20);
    assert.equal((failures[0] as Error).name, "AbortError");
    assert.deepEqual(errors, []);
  });

  it("toNodeListener() aborts nothing after a whole response", async () => {
    let signal: AbortSignal | undefined;
    const { port } = await serve((request) => {
      signal = request.signal;
      return new Response("Whole");
    });
    await send(port, get("/", "Host: a"));
    await delay(20);
    assert.equal(signal?.aborted, false);
  });
});

describe("toNodeListener(): HTTP/2", options, () => {
  async function connect(handler: Handler): Promise<{
    session: http2.ClientHttp2Session;
    errors: unknown[];
  }> {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const listener = toNodeListener(handler, { onError });
    const port = await listen(http2.createServer(listener));
    const session = http2.connect(`http://127.0.0.1:${port}`);
    stops.push(() => session.destroy());
    session.on("error", () => {});
    return { session, errors };
  }

  it("toNodeListener() joins cookies and knows the authority", async () => {
    const { session } = await connect(async (request) =>
      new Response(
        JSON.stringify([
          request.url,
          request.headers.get("host"),
          request.headers.get("cookie"),
          [...request.headers.keys()].some((name) => name.startsWith(":")),
          await request.text(),
        ]),
        { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] },
      )
    );
    const stream = session.request({
      ":method": "POST",
      ":path": "/a?b",
      ":authority": "a.test",
      "host": "a.test",
      "cookie": ["a=1", "b=2"],
    });
    const responded = once(stream, "response");
    stream.end("Body");
    assert.deepEqual(JSON.parse(await text(stream)), [
      "http://a.test/a?b",
      "a.test",
      "a=1; b=2",
      false,
      "Body",
    ]);
    const [headers] = await responded;
    assert.equal(headers[":status"], 200);
    assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);
  });

  it("toNodeListener() survives a stream that is reset", async () => {
    let cancelled = 0;
    const { session, errors } = await connect(() =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
          cancel: () => void cancelled++,
        }),
      )
    );
    for (
      const code of [
        http2.constants.NGHTTP2_CANCEL,
        http2.constants.NGHTTP2_INTERNAL_ERROR,
        http2.constants.NGHTTP2_PROTOCOL_ERROR,
      ]
    ) {
      const before = cancelled;
      const stream = session.request({ ":path": "/" });
      stream.on("error", () => {});
      await once(stream, "data");
      stream.close(code);
      await until(() => cancelled === before + 1, "the body is cancelled");
    }
    assert.deepEqual(errors, []);
  });

  it("toNodeListener() lets the client see that a body has failed", async () => {
    const { session, errors } = await connect(() => {
      let pulls = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await delay(10);
            if (pulls++) throw new Error("Broken");
            controller.enqueue(new Uint8Array(9));
          },
        }),
      );
    });
    const stream = session.request({ ":path": "/" });
    await assert.rejects(text(stream));
    assert.equal(errors.length, 1);
  });
});
