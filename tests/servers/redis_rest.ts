// A stand-in for Upstash, over a real Redis: an HTTP server that answers in
// its way, and a client that reads answers in the way of `@upstash/redis`. It
// shows that the store does not trip over what that client does to values; it
// is no proof of what the service does.

import type { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { RedisRestClient } from "../../stores/redis.ts";

/** An HTTP server in front of a Redis. */
export interface RestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Takes a command as a JSON list, and answers with its texts in base64. */
export async function startRest(redis: Redis): Promise<RestServer> {
  const server = createServer(async (request, response) => {
    const [command, ...args] = JSON.parse(await bodyOf(request)) as string[];
    try {
      const result = await redis.callBuffer(command ?? "", ...args);
      response.end(JSON.stringify({ result: encode(result) }));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: (error as Error).message }));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function encode(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(encode);
  if (!(result instanceof Buffer)) return result;
  return String(result) === "OK" ? "OK" : result.toString("base64");
}

/** A client that turns every text that is JSON into what it stands for. */
export class RestClient implements RedisRestClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  exec = async (command: [string, ...string[]]): Promise<unknown> => {
    const body = JSON.stringify(command);
    const response = await fetch(this.#url, { method: "POST", body });
    const { result, error } = await response.json();
    if (error) throw new Error(`${error}, command was: ${body}`);
    return revive(decode(result));
  };

  evalsha = (hash: string, keys: string[], args: string[]): Promise<unknown> =>
    this.exec(["EVALSHA", hash, `${keys.length}`, ...keys, ...args]);
}

function decode(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(decode);
  if (typeof result !== "string" || result === "OK") return result;
  return new TextDecoder().decode(Buffer.from(result, "base64"));
}

function revive(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(revive);
  try {
    const value = JSON.parse(result as string);
    const isLossy = typeof value === "number" && `${value}` !== result;
    return isLossy ? result : value;
  } catch {
    return result;
  }
}
