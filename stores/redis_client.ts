/**
 * The clients that `RedisStore` can use, told apart by what they have.
 *
 * @module
 */

/** What ioredis has: `Redis` and `Cluster`. */
export interface RedisCallClient {
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Whether it speaks to a cluster. */
  readonly isCluster?: boolean;
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

/** Sends a command; a cluster finds the server by its key. */
export type RedisSend = (
  command: [string, ...string[]],
  key?: string,
) => Promise<unknown>;

/**
 * How to send a command by a client.
 *
 * @throws {TypeError} If it is none of those.
 */
export function senderOf(client: RedisClient): RedisSend {
  // First ioredis: it also has a sendCommand, of another kind.
  if (has(client, "call")) return (command) => client.call(...command);
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
    "Cannot use a client other than one of node-redis, ioredis, Bun or @upstash/redis",
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
