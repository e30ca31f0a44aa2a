import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { toNodeListener } from "../../node.ts";
import {
  get,
  type Handler,
  listen,
  type Listener,
  options,
  send,
  serve,
  stops,
  until,
} from "./node_server.ts";

describe("toNodeListener(): the response", options, () => {
  it("toNodeListener() sends status, fields, each cookie and the body", async () => {
    const { port } = await serve(() =>
      new Response("Made", {
        status: 201,
        headers: [
          ["x-own", "1"],
          ["set-cookie", "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT"],
          ["set-cookie", "b=2"],
        ],
      })
    );
    const reply = await send(port, get("/", "Host: a"));
    assert.match(reply, /^HTTP\/1.1 201 /);
    assert.match(reply, /\r\nx-own: 1\r\n/);
    assert.deepEqual(reply.match(/^set-cookie: .*$/gm), [
      "set-cookie: a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT",
      "set-cookie: b=2",
    ]);
    assert.match(reply, /\r\n\r\n[^]*Made/);
  });

  it("toNodeListener() keeps the cookies and the Vary of middleware before it", async () => {
    const listener: Listener = toNodeListener(() =>
      new Response(null, {
        headers: { "set-cookie": "b=2", vary: "Cookie", "x-own": "2" },
      })
    );
    const port = await listen(http.createServer((incoming, outgoing) => {
      outgoing.setHeader("Set-Cookie", "a=1");
      outgoing.setHeader("Vary", "Origin");
      outgoing.setHeader("X-Own", "1");
      listener(incoming, outgoing);
    }));
    const { headers } = await fetch(`http://127.0.0.1:${port}/`);
    assert.deepEqual(headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(headers.get("vary"), "Origin, Cookie");
    assert.equal(headers.get("x-own"), "2");
  });

  it("toNodeListener() sends no body for HEAD and cancels it", async () => {
    let cancelled = 0;
    const { port } = await serve(() =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(9)),
          cancel: () => void cancelled++,
        }),
        { headers: { "x-own": "1" } },
      )
    );
    const request = get("/", "Host: a").replace("GET", "HEAD");
    const reply = await send(port, request);
    assert.match(reply, /^HTTP\/1.1 200 [^]*\r\nx-own: 1\r\n/);
    assert.match(reply, /\r\n\r\n$/);
    // It would have to be that of GET (RFC 9110 §8.6).
    assert.doesNotMatch(reply, /content-length/i);
    assert.equal(cancelled, 1);
  });

  for (const status of [204, 205, 304, 303]) {
    it(`toNodeListener() sends ${status} without a body`, async () => {
      const { port } = await serve(() => new Response(null, { status }));
      const reply = await send(port, get("/", "Host: a"));
      assert.match(reply, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(reply, /\r\n\r\n$/);
    });
  }

  it("toNodeListener() sends what is there, and fields before any body", async () => {
    const parts: ReadableStreamDefaultController<Uint8Array>[] = [];
    const { origin } = await serve(() =>
      new Response(
        new ReadableStream({
          start: (controller) => void parts.push(controller),
        }),
        { headers: { "x-own": "1" } },
      )
    );
    const response = await fetch(origin);
    assert.equal(response.headers.get("x-own"), "1");
    const reader = response.body?.getReader();
    for (const part of ["one", "two"]) {
      parts[0]?.enqueue(new TextEncoder().encode(part));
      const { value } = await reader?.read() ?? {};
      assert.equal(new TextDecoder().decode(value), part);
    }
    parts[0]?.close();
    assert.equal((await reader?.read())?.done, true);
  });

  it("toNodeListener() asks for no more of a body than the client takes", async () => {
    let pulls = 0;
    const size = 100_000;
    const { port } = await serve(() =>
      new Response(
        new ReadableStream({
          pull(controller) {
            if (++pulls > 500) controller.close();
            else controller.enqueue(new Uint8Array(size));
          },
        }),
      )
    );
    const socket = net.connect(port, "127.0.0.1");
    stops.push(() => socket.destroy());
    socket.write(get("/", "Host: a"));
    await once(socket, "readable");
    let before = -1;
    while (before !== pulls) {
      before = pulls;
      await delay(50);
    }
    assert.ok(pulls < 200, `${pulls} parts were made for nobody`);
    let received = 0;
    for await (const chunk of socket) received += chunk.length;
    assert.ok(received > 500 * size, `Only ${received} bytes arrived`);
  });
});

describe("toNodeListener(): errors", options, () => {
  const failing: Record<string, Handler> = {
    "a handler that throws": () => {
      throw new Error("Broken");
    },
    "a handler that rejects": () => Promise.reject(new Error("Broken")),
    "a handler that returns nothing": () => undefined as never,
    "a body that fails at once": () =>
      new Response(
        new ReadableStream({ pull: () => Promise.reject(new Error("Broken")) }),
        { headers: { "x-own": "1", "content-length": "9" } },
      ),
    "a body that is used": async () => {
      const response = new Response("Used", { headers: { "x-own": "1" } });
      await response.text();
      return response;
    },
    "a field that Node refuses": () =>
      new Response("Long", {
        headers: { "content-length": "9", "x-own": "1", "x-zero": "\x01" },
      }),
    "a network error": () => Response.error(),
  };
  for (const [what, handler] of Object.entries(failing)) {
    it(`toNodeListener() answers ${what} with an empty 500`, async () => {
      const { port, errors } = await serve(handler);
      const reply = await send(port, get("/", "Host: a"));
      assert.match(reply, /^HTTP\/1.1 500 /);
      assert.match(reply, /\r\n\r\n(0\r\n\r\n)?$/);
      assert.doesNotMatch(reply, /x-own|content-length: 9/);
      assert.equal(errors.length, 1);
      assert.ok(errors[0] instanceof Error);
    });
  }

  const halfway: Record<string, unknown> = {
    "fails": new Error("Broken"),
    "holds a number": 7,
  };
  for (const [what, value] of Object.entries(halfway)) {
    it(`toNodeListener() cuts the connection when a body ${what} half-way`, async () => {
      const { origin, errors } = await serve(() => {
        const parts = [new Uint8Array(9), value];
        return new Response(
          new ReadableStream({
            async pull(controller) {
              await delay(10);
              const part = parts.shift();
              if (part instanceof Error) throw part;
              controller.enqueue(part);
            },
          }),
        );
      });
      const response = await fetch(origin);
      assert.equal(response.status, 200);
      await assert.rejects(response.text());
      await until(() => errors.length === 1, "the listener is told");
    });
  }

  it("toNodeListener() hands errors to Express and leaves the answer to it", async () => {
    const listener: Listener = toNodeListener(() => {
      throw new Error("Broken");
    }, { onError: () => assert.fail("Express was to be told") });
    const port = await listen(http.createServer((incoming, outgoing) => {
      outgoing.setHeader("x-before", "1");
      listener(incoming, outgoing, (error) => {
        outgoing.statusCode = 503;
        outgoing.end(String(error));
      });
    }));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("x-before"), "1");
    assert.equal(await response.text(), "Error: Broken");
  });

  it("toNodeListener() warns the process when nobody else listens, and goes on", async () => {
    const port = await listen(
      http.createServer(toNodeListener(() => {
        throw new TypeError("Broken");
      })),
    );
    for (const _ of [1, 2]) {
      const warned = once(process, "warning");
      const silent = (warning: Error) => assert.ok(warning);
      process.on("warning", silent);
      const response = await fetch(`http://127.0.0.1:${port}/`);
      const [warning] = await warned;
      process.off("warning", silent);
      assert.equal(response.status, 500);
      assert.equal(warning.name, "RequestHandlerWarning");
      assert.match(warning.detail, /^TypeError: Broken\n {4}at /);
    }
  });
});
