import type { Redis } from "ioredis";
import {
  type RedisSendClient,
  RedisStore,
  type RedisStoreOptions,
} from "../../stores/redis.ts";
import { newPrefix } from "./redis.ts";

/** Where a client fails: at one of its commands, counted from 0. */
export interface Fault {
  readonly at: number;
  /** Whether the command is done all the same, and its answer lost. */
  readonly isDone: boolean;
}

/** A client over another that notes its commands, and can fail. */
export interface FaultyClient extends RedisSendClient {
  readonly commands: string[][];
  fault: Fault | undefined;
  /** Runs before each command is sent. */
  beforeSend?: ((command: string[]) => unknown) | undefined;
}

/** A store with such a client, and the prefix of its keys. */
export interface FaultyStore {
  readonly store: RedisStore;
  readonly client: FaultyClient;
  readonly prefix: string;
}

/** Opens an empty store on a client. */
export function openFaulty(
  redis: Redis,
  options: RedisStoreOptions = {},
): FaultyStore {
  const client = faulty(redis);
  const prefix = options.prefix ?? newPrefix();
  return {
    store: new RedisStore(client, { ...options, prefix }),
    client,
    prefix,
  };
}

/** It looks like Bun's. */
function faulty(redis: Redis): FaultyClient {
  const client: FaultyClient = {
    commands: [],
    fault: undefined,
    async send(command, args) {
      const number = client.commands.push([command, ...args]) - 1;
      // A program that has crashed sends nothing more.
      if (client.fault && number > client.fault.at) throw new Error("Crashed");
      const isFault = number === client.fault?.at;
      if (isFault && !client.fault?.isDone) throw new Error("Not sent");
      await client.beforeSend?.([command, ...args]);
      const answer = await redis.call(command, ...args);
      if (isFault) throw new Error("No answer");
      return answer;
    },
  };
  return client;
}
