import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import process from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type tls from "node:tls";
import { afterEach, describe, it } from "node:test";
import { createSessions, generateSecret, withSession } from "../../mod.ts";
import { toNodeListener } from "../../node.ts";

type Handler = Parameters<typeof toNodeListener>[0];
type Listener = ReturnType<typeof toNodeListener<http.IncomingMessage>>;

/** For what never comes. */
const options = { timeout: 10_000 };

const stops: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Starts a server; its port. */
async function listen(server: net.Server): Promise<number> {
  server.on("connection", (socket) => stops.push(() => socket.destroy()));
  stops.push(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as net.AddressInfo).port;
}

/** Serves a handler; its port, and the errors its listener was told. */
async function serve(handler: Handler): Promise<{
  port: number;
  origin: string;
  errors: unknown[];
}> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const listener = toNodeListener(handler, { onError });
  const port = await listen(http.createServer(listener));
  return { port, origin: `http://127.0.0.1:${port}`, errors };
}

/** Sends text over a connection; what comes back until it is closed. */
async function send(port: number, ...parts: string[]): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  stops.push(() => socket.destroy());
  for (const part of parts) socket.write(part);
  return await text(socket);
}

const get = (target: string, ...fields: string[]) =>
  [`GET ${target} HTTP/1.1`, ...fields, "Connection: close", "", ""]
    .join("\r\n");

function post(options: http.RequestOptions & { port: number }): {
  request: http.ClientRequest;
  response: Promise<http.IncomingMessage>;
} {
  const request = http.request({
    host: "127.0.0.1",
    method: "POST",
    ...options,
  });
  stops.push(() => request.destroy());
  request.on("error", () => {});
  const response = once(request, "response").then(([response]) => response);
  response.catch(() => {});
  return { request, response };
}

/** Waits for something that happens on the other side of a socket. */
async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 400) assert.fail(`Waited in vain: ${what}`);
    await delay(5);
  }
}

/** A promise and its ends; Node 22 has it too, its types do not. */
function signalled(): { promise: Promise<void>; done: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, done: resolve };
}

describe("toNodeListener(): the request", options, () => {
  it("toNodeListener() passes on method, address and fields", async () => {
    const { port } = await serve((request) =>
      Response.json([
        request.method,
        request.url,
        request.headers.get("x-many"),
        request.headers.get("cookie"),
        request.headers.get("x-latin"),
        request.body,
      ])
    );
    const reply = await send(
      port,
      get(
        "/a%20b?c=d&c",
        "Host: example.com:8080",
        "X-Many: 1",
        "Cookie: a=1",
        "x-many: 2",
        "cookie: b=2",
        "X-Latin: \u00fc",
      ),
    );
    assert.match(reply, /^HTTP\/1.1 200 OK\r\n/);
    const [json = ""] = /\[.*\]/.exec(reply) ?? [];
    const seen = JSON.parse(json);
    assert.deepEqual([...seen.slice(0, 4), seen[5]], [
      "GET",
      "http://example.com:8080/a%20b?c=d&c",
      "1, 2",
      "a=1; b=2",
      null,
    ]);
  });

  const addresses: [target: string, field: string, url: string][] = [
    ["/", "Host: [::1]:80", "http://[::1]/"],
    ["//evil.test/a", "Host: a.test", "http://a.test//evil.test/a"],
    ["/\\evil.test/a", "Host: a.test", "http://a.test//evil.test/a"],
    ["http://b.test/x?y#z", "Host: a.test", "http://b.test/x?y"],
    ["https://b.test/", "Host: a.test", "http://b.test/"],
    ["http://u:p@b.test/", "Host: a.test", "http://b.test/"],
    ["/", "Host: a.test\r\nX-Forwarded-Proto: https", "http://a.test/"],
    ["/", "Host: a.test\r\nForwarded: proto=https", "http://a.test/"],
    ["/", "Host: a.test\r\nX-Forwarded-Host: b.test", "http://a.test/"],
  ];
  for (const [target, field, url] of addresses) {
    it(`toNodeListener() makes ${url} of ${target} and ${field.replace("\r\n", ", ")}`, async () => {
      const { port } = await serve(({ url }) => new Response(`<${url}>`));
      const reply = await send(port, get(target, field));
      assert.equal(/<.*>/.exec(reply)?.[0], `<${url}>`);
    });
  }

  const bad: [what: string, request: string][] = [
    ["an empty host", get("/", "Host: ")],
    ["a host with a blank", get("/", "Host: a b")],
    ["a host with a path", get("/", "Host: a.test/b")],
    ["a host with a user", get("/", "Host: user@a.test")],
    ["a host with a bad port", get("/", "Host: a.test:http")],
    ["a host with a large port", get("/", "Host: a.test:99999")],
    ["a host that is no address", get("/", "Host: 1.2.3.4.5")],
    ["a host in escapes", get("/", "Host: %61.test")],
    ["a broken IPv6 host", get("/", "Host: [::1")],
    ["two hosts", get("/", "Host: a.test", "Host: b.test")],
    ["no host", "GET / HTTP/1.0\r\n\r\n"],
    ["a target without a host", get("*", "Host: a.test")],
    [
      "a method that fetch refuses",
      get("/", "Host: a").replace("GET", "TRACE"),
    ],
  ];
  for (const [what, request] of bad) {
    it(`toNodeListener() answers ${what} with 400 and goes on`, async () => {
      let calls = 0;
      const { port, origin, errors } = await serve(() => {
        calls++;
        return new Response("Fine");
      });
      assert.match(await send(port, request), /^HTTP\/1.1 400 /);
      assert.equal(calls, 0);
      assert.deepEqual(errors, []);
      assert.equal(await (await fetch(origin)).text(), "Fine");
    });
  }

  it("toNodeListener() makes an https address of an encrypted connection alone", async () => {
    // A key that both sides know, so that there is no certificate to renew.
    const psks = {
      ciphers: "PSK",
      maxVersion: "TLSv1.2",
      minVersion: "TLSv1.2",
    } as const;
    const psk = new Uint8Array(32).fill(7);
    const listener = toNodeListener(({ url }) => new Response(url));
    const port = await listen(
      https.createServer({ ...psks, pskCallback: () => psk }, listener),
    );
    const secured: https.RequestOptions & tls.ConnectionOptions = {
      ...psks,
      port,
      host: "127.0.0.1",
      path: "/a",
      headers: { host: "a.test" },
      pskCallback: () => ({ psk, identity: "test" }),
      checkServerIdentity: () => undefined,
    };
    const request = https.get(secured);
    const [response] = await once(request, "response");
    assert.equal(await text(response), "https://a.test/a");
  });

  it("toNodeListener() takes the whole target where Express cuts it", async () => {
    const listener: Listener = toNodeListener(({ url }) => new Response(url));
    const port = await listen(http.createServer((incoming, outgoing) => {
      const mounted = { originalUrl: incoming.url, url: "/b" };
      listener(Object.assign(incoming, mounted), outgoing);
    }));
    const response = await fetch(`http://127.0.0.1:${port}/a/b`);
    assert.equal(await response.text(), `http://127.0.0.1:${port}/a/b`);
  });

  it("toNodeListener() hands the handler Node's own request", async () => {
    const port = await listen(
      http.createServer(
        toNodeListener((_request, { socket }: http.IncomingMessage) =>
          new Response(socket.remoteAddress)
        ),
      ),
    );
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), "127.0.0.1");
  });
});

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
    const { promise, done } = signalled();
    const { port } = await serve(async (request) => {
      const reader = request.body?.getReader();
      await reader?.read();
      await promise;
      let size = 0;
      while (!(await reader?.read())?.done) size++;
      return new Response(`${size > 1}`);
    });
    const { request, response } = post({ port });
    // More than both sockets hold.
    let sent = 0;
    const part = new Uint8Array(1_000_000);
    while (sent < 50 && request.write(part, () => sent++) !== undefined) {
      await delay(2);
      if (request.writableLength > 20_000_000) break;
    }
    assert.ok(request.writableLength > 10_000_000, "The body was not held up");
    done();
    request.end();
    assert.equal(await text(await response), "true");
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

describe("toNodeListener() with withSession()", options, () => {
  it("toNodeListener() serves a session", async () => {
    const secret = generateSecret();
    const { origin } = await serve(withSession((request, session) => {
      const visits = session.update("visits", (n = 0) => n + 1);
      return new URL(request.url).pathname === "/"
        ? new Response(`Visit ${visits}`)
        : Response.redirect(new URL("/", request.url), 303);
    }, { secret }));
    const first = await fetch(origin);
    assert.equal(await first.text(), "Visit 1");
    const [line = ""] = first.headers.getSetCookie();
    assert.match(
      line,
      /^sid=[\w-]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const moved = await fetch(`${origin}/moved`, {
      headers: { cookie: line.split(";")[0] ?? "" },
      redirect: "manual",
    });
    assert.equal(moved.status, 303);
    const [next = ""] = moved.headers.getSetCookie();
    const token = next.slice("sid=".length).split(";")[0] ?? "";
    const sessions = createSessions({ secret, cookie: { secure: false } });
    assert.equal((await sessions.unseal(token))?.get("visits"), 2);
  });
});
