/**
 * The clients that `RedisStore` can use, told apart by what they have.
 *
 * @module
 */
import { readOn } from "../../src/options/check.ts";
import { SessionError } from "../../src/errors.ts";
import { coded } from "../shared/failure.ts";

/** What a server's error begins with, and those of ioredis without a server. */
const WORDS =
  /^([A-Z]{2,}(?= )|Connection is closed|Stream isn't writeable|Command timed out)/;

/** What ioredis has: `Redis` and `Cluster`. */
export interface RedisCallClient {
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Whether it speaks to a cluster. */
  readonly isCluster?: boolean;
  /** How it was made. */
  readonly options?: {
    /** Which nodes of a cluster it reads from. */
    readonly scaleReads?: unknown;
    /** Which server it asks a sentinel for. */
    readonly role?: unknown;
  };
}

/** What node-redis has: `createClient()` and `createClientPool()`. */
export interface RedisSendCommandClient {
  /** Sends a command. */
  sendCommand(args: string[]): Promise<unknown>;
}

/** What node-redis has: `createCluster()`. */
export interface RedisClusterClient {
  /** Sends a command to the node that has a key. */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    args: string[],
  ): Promise<unknown>;
  /** Tells it from a client of one server. */
  getRandomNode(): unknown;
}

/** What node-redis has: `createSentinel()`. */
export interface RedisSentinelClient {
  /** Sends a command to the primary. */
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>;
  /** Tells it from a client of one server. */
  getSentinelNode(): unknown;
}

/** What Bun's `RedisClient` has. */
export interface RedisSendClient {
  /** Sends a command. */
  send(command: string, args: string[]): Promise<unknown>;
}

/** What `Redis` of `@upstash/redis` has. */
export interface RedisRestClient {
  /** Sends a command. */
  exec(command: [string, ...string[]]): Promise<unknown>;
  /** Tells it from what else has a method `exec`. */
  evalsha(hash: string, keys: string[], args: string[]): Promise<unknown>;
}

/** A client that `RedisStore` can use. */
export type RedisClient =
  | RedisCallClient
  | RedisSendCommandClient
  | RedisClusterClient
  | RedisSentinelClient
  | RedisSendClient
  | RedisRestClient;

/** An answer, whatever the client makes of texts and numbers. */
export type RedisReply = string | null | RedisReply[];

/** Sends a command; a cluster finds the server by its key. */
export type RedisSend = (
  command: [string, ...string[]],
  key?: string,
) => Promise<RedisReply>;

/**
 * How to send a command by a client. It rejects with a {@linkcode SessionError}
 * `store-failed` if the answer is none that a server gives.
 *
 * @throws {TypeError} If it is none of those, or has an option that does not go
 * with a store.
 */
export function senderOf(client: RedisClient): RedisSend {
  const send = rawSenderOf(client);
  const fail = (error: unknown) => {
    throw coded(error, WORDS);
  };
  return async (command, key) =>
    plain(await Promise.resolve(send(command, key)).catch(fail));
}

function rawSenderOf(
  client: RedisClient,
): (command: [string, ...string[]], key?: string) => Promise<unknown> {
  // First ioredis: it also has a sendCommand, of another kind.
  if (has(client, "call")) {
    const { scaleReads = "master", role = "master" } = client.options ?? {};
    if (scaleReads !== "master" || role !== "master") {
      throw new TypeError(
        "Cannot use a client that reads from replicas: see its options scaleReads and role",
      );
    }
    return (command) => client.call(...command);
  }
  if ((client as { _keyPrefix?: unknown } | null)?._keyPrefix) {
    throw new TypeError(
      "Cannot use the option keyPrefix of node-redis: set prefix of the store",
    );
  }
  if (has(client, "getRandomNode")) {
    return (command, key) => client.sendCommand(key, false, command);
  }
  if (has(client, "getSentinelNode")) {
    return (command) => client.sendCommand(false, command);
  }
  if (has(client, "sendCommand")) {
    return (command) => client.sendCommand(command);
  }
  if (has(client, "send")) {
    return ([name, ...args]) => client.send(name, args);
  }
  if (has(client, "evalsha") && has(client, "exec")) {
    return (command) => client.exec(command);
  }
  throw new TypeError(
    "Cannot use a client other than one of node-redis, ioredis, Bun or @upstash/redis" +
      readOn("store-client"),
  );
}

function plain(reply: unknown): RedisReply {
  if (reply === null) return null;
  if (typeof reply === "number") return `${reply}`;
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply);
  if (Array.isArray(reply)) return reply.map(plain);
  if (typeof reply === "string" && reply !== "QUEUED") return reply;
  throw unreadable();
}

/** That a client changes answers, which its settings can make it do. */
export function unreadable(): SessionError {
  return new SessionError(
    "store-failed",
    "Cannot read an answer of the client: see its typeMapping, legacy mode, transformers and open MULTI",
  );
}

/** Whether a client speaks to many servers, each with a part of the keys. */
export function isCluster(client: RedisClient): boolean {
  return has(client, "getRandomNode") || "isCluster" in client &&
      client.isCluster === true;
}

type Method<Client> = Client extends unknown ? keyof Client : never;

function has<Name extends Method<RedisClient>>(
  client: RedisClient,
  name: Name,
): client is Extract<RedisClient, Record<Name, unknown>> {
  // A function has a call, too: the class may be handed in for a client.
  return typeof client === "object" &&
    typeof (client as Partial<Record<Name, unknown>> | null)?.[name] ===
      "function";
}
