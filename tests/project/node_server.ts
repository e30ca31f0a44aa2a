import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach } from "node:test";
import { toNodeListener } from "../../node.ts";

export type Handler = Parameters<typeof toNodeListener>[0];
export type Listener = ReturnType<
  typeof toNodeListener<http.IncomingMessage>
>;

/** Of suites: nobody waits longer for what never comes. */
export const options = { timeout: 10_000 };

/** What to do when a test is over. */
export const stops: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Starts a server; its port. */
export async function listen(server: net.Server): Promise<number> {
  server.on("connection", (socket) => stops.push(() => socket.destroy()));
  stops.push(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as net.AddressInfo).port;
}

/** Serves a handler; its port, and the errors its listener was told. */
export async function serve(handler: Handler): Promise<{
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
export async function send(port: number, ...parts: string[]): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  stops.push(() => socket.destroy());
  for (const part of parts) socket.write(part);
  return await text(socket);
}

/** A request that closes its connection, as text. */
export function get(target: string, ...fields: string[]): string {
  const lines = [`GET ${target} HTTP/1.1`, ...fields, "Connection: close"];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Begins a request with a body; the response when it comes. */
export function post({ port }: { port: number }): {
  request: http.ClientRequest;
  response: Promise<http.IncomingMessage>;
} {
  const request = http.request({ host: "127.0.0.1", method: "POST", port });
  stops.push(() => request.destroy());
  request.on("error", () => {});
  const response = once(request, "response").then(([response]) => response);
  response.catch(() => {});
  return { request, response };
}

/** Waits for something that happens on the other side of a socket. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 400) assert.fail(`Waited in vain: ${what}`);
    await delay(5);
  }
}

/** A promise and what fulfils it. */
export function signalled(): { promise: Promise<void>; done: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, done: resolve };
}
