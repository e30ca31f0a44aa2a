// What a proxy has to know of the protocols to send a request twice.
//
// To a client, half of an answer twice is no fault of a network but a broken
// protocol, and TCP repeats no bytes to a server within a connection. What does
// happen is that a request is made twice: by a client, a pool or a balancer that
// lost its connection and sends it again on another one. So that is what
// `duplicate` means here.

import type { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoreName } from "./clients.ts";

const READY_FOR_QUERY = 0x5a;
const SILENCE = 15;
const PATIENCE = 500;

/** Whether bytes are whole requests, which mean the same on any connection. */
export function isWhole(store: StoreName, bytes: Buffer): boolean {
  switch (store) {
    case "redis":
      return isResp(bytes);
    case "memcached":
      // A value has a line of its own, which ends like a command.
      return /^(gets?|delete|touch) [^\r\n]*\r\n$/.test(bytes.toString()) ||
        /^(add|set|cas|replace) [^\r\n]* \d+( \d+)?\r\n[^\r\n]*\r\n$/.test(
          bytes.toString(),
        );
    case "postgres":
      return isQuery(bytes);
    case "mysql":
      // Statements have numbers there that only their connection knows.
      return false;
  }
}

/**
 * Sends a request on a connection of its own, and waits for its answer.
 *
 * @param hello What a client says first on each connection, if the server needs
 * it.
 */
export async function repeat(
  store: StoreName,
  port: number,
  hello: Buffer,
  request: Buffer,
): Promise<Buffer[]> {
  const socket = connect(port, "127.0.0.1").setNoDelay();
  socket.on("error", () => {});
  try {
    if (store === "postgres") {
      socket.write(hello);
      await answerOn(socket);
    }
    socket.write(request);
    return await answerOn(socket);
  } finally {
    socket.destroy();
  }
}

/** All that comes until nothing more does. */
export async function answerOn(socket: Socket): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let last = performance.now();
  const take = (chunk: Buffer) => {
    chunks.push(chunk);
    last = performance.now();
  };
  socket.on("data", take);
  const began = last;
  try {
    while (performance.now() - began < PATIENCE && !socket.destroyed) {
      await sleep(5);
      if (chunks.length && performance.now() - last > SILENCE) return chunks;
    }
    throw new Error("No answer");
  } finally {
    socket.off("data", take);
  }
}

/** Whether an answer of PostgreSQL says that the next request may come. */
export function isReady(answer: readonly Buffer[]): boolean {
  const last = answer.at(-1);
  return last?.at(-6) === READY_FOR_QUERY && last.at(-1) === 0x49;
}

/** Whole commands of RESP: arrays of texts. */
function isResp(bytes: Buffer): boolean {
  let at = 0;
  const number = (sign: string) => {
    const end = bytes.indexOf("\r\n", at);
    const line = bytes.toString("latin1", at, end);
    at = end + 2;
    return end > 0 && line[0] === sign ? Number(line.slice(1)) : NaN;
  };
  while (at < bytes.length) {
    const parts = number("*");
    if (!(parts > 0)) return false;
    for (let part = 0; part < parts; part++) {
      const length = number("$");
      if (!(length >= 0)) return false;
      at += length + 2;
    }
  }
  return at === bytes.length;
}

/** Messages of PostgreSQL from `Parse` to `Sync`. */
function isQuery(bytes: Buffer): boolean {
  let at = 0;
  let type = "";
  if (bytes[0] !== 0x50) return false;
  while (at + 5 <= bytes.length) {
    type = String.fromCharCode(bytes[at] ?? 0);
    at += 1 + bytes.readUInt32BE(at + 1);
  }
  return at === bytes.length && type === "S";
}
