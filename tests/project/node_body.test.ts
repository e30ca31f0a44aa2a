import assert from "node:assert/strict";
import http from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { toNodeListener } from "../../node.ts";
import {
  get,
  listen,
  type Listener,
  options,
  post,
  send,
  serve,
  signalled,
  until,
} from "./node_server.ts";

describe("toNodeListener(): the body of the request", options, () => {
  it("toNodeListener() passes on a body of any size", async () => {
    const { origin } = await serve(async (request) =>
      new Response(await request.arrayBuffer())
    );
    for (const size of [0, 1, 5_000_000]) {
      const body = new Uint8Array(size).map((_, index) => index % 251);
      const response = await fetch(origin, { method: "PUT", body });
      assert.deepEqual(await response.bytes(), body);
    }
  });

  it("toNodeListener() passes on each part of a body as it comes", async () => {
    const parts: string[] = [];
    const { port } = await serve(async (request) => {
      const decoder = new TextDecoder();
      for await (const part of request.body ?? []) {
        parts.push(decoder.decode(part));
      }
      return new Response("Read");
    });
    const { request, response } = post({ port });
    for (const part of ["one", "two", "three"]) {
      request.write(part);
      await until(() => parts.join() === part || parts.at(-1) === part, part);
    }
    request.end();
    assert.equal(await text(await response), "Read");
    assert.deepEqual(parts, ["one", "two", "three"]);
  });

  it("toNodeListener() reads no more of a body than the handler", async () => {
    const total = 50_000_000;
    const port = await listen(
      http.createServer(
        toNodeListener(async (request, incoming: http.IncomingMessage) => {
          const reader = request.body?.getReader();
          let size = (await reader?.read())?.value?.length ?? 0;
          let before = -1;
          while (before !== incoming.socket.bytesRead) {
            before = incoming.socket.bytesRead;
            await delay(100);
          }
          for (;;) {
            const { done, value } = await reader?.read() ?? { done: true };
            if (done) return Response.json([before, size]);
            size += value?.length ?? 0;
          }
        }),
      ),
    );
    const { request, response } = post({ port });
    request.end(new Uint8Array(total));
    const [before, size] = JSON.parse(await text(await response));
    assert.ok(before < total / 10, `${before} bytes were read for nobody`);
    assert.equal(size, total);
  });

  const unread: Record<string, (request: Request) => unknown> = {
    "unread": () => {},
    "cancelled": (request) => request.body?.cancel(),
    "half read": (request) => request.body?.getReader().read(),
    "half read and cancelled": async (request) => {
      const reader = request.body?.getReader();
      await reader?.read();
      await reader?.cancel();
    },
  };
  for (const [what, use] of Object.entries(unread)) {
    it(`toNodeListener() keeps the connection when a body stays ${what}`, async () => {
      const { port } = await serve(async (request) => {
        await use(request);
        return new Response(new URL(request.url).pathname);
      });
      const body = "x".repeat(3_000_000);
      const reply = await send(
        port,
        `POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`,
        body,
        get("/second", "Host: a"),
      );
      assert.equal(reply.match(/HTTP\/1.1 200/g)?.length, 2);
      assert.match(reply, /\/first[^]*\/second/);
    });
  }

  const cancelled: Record<string, string> = {
    "that is awaited": "",
    "of which a part was read": "First part",
  };
  for (const [what, first] of Object.entries(cancelled)) {
    it(`toNodeListener() throws away the rest of a cancelled body ${what}`, async () => {
      const { promise, done } = signalled();
      const listener = toNodeListener(async (
        request,
        incoming: http.IncomingMessage,
      ) => {
        const reader = request.body?.getReader();
        const part = reader?.read();
        await until(() => incoming.listenerCount("data") === 1, "it reads");
        if (first) await part;
        await reader?.cancel();
        done();
        await until(() => incoming.readableEnded, "the rest is gone");
        const { value } = await part ?? {};
        return new Response(new TextDecoder().decode(value));
      });
      const port = await listen(http.createServer(listener));
      const { request, response } = post({ port });
      request.flushHeaders();
      if (first) request.write(first);
      await promise;
      request.end("x".repeat(1_000_000));
      assert.equal(await text(await response), first);
    });
  }

  it("toNodeListener() begins with a body when the handler does", async () => {
    const listening: number[] = [];
    const port = await listen(
      http.createServer(
        toNodeListener(async (request, incoming: http.IncomingMessage) => {
          await delay(10);
          listening.push(incoming.listenerCount("data"));
          await request.text();
          listening.push(incoming.listenerCount("data"));
          return new Response("Read");
        }),
      ),
    );
    const origin = `http://127.0.0.1:${port}/`;
    await fetch(origin, { method: "POST", body: "Body" });
    assert.deepEqual(listening, [0, 1]);
  });

  it("toNodeListener() ends the rest of a body with the response", async () => {
    let reader: ReadableStreamDefaultReader | undefined;
    const { port } = await serve(async (request) => {
      reader = request.body?.getReader();
      await reader?.read();
      return new Response("Enough");
    });
    const { request, response } = post({ port });
    request.write("one");
    assert.equal(await text(await response), "Enough");
    await assert.rejects(async () => await reader?.read(), {
      name: "AbortError",
    });
  });

  it("toNodeListener() says so when other middleware has read the body", async () => {
    const listener: Listener = toNodeListener(async (request) =>
      new Response(await request.text().catch(String))
    );
    const port = await listen(http.createServer(async (incoming, outgoing) => {
      await text(incoming);
      listener(incoming, outgoing);
    }));
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: "read",
    });
    assert.match(await response.text(), /TypeError: .*middleware has read it/);
  });
});
