/**
 * What `RedisStore` asks of a database: its script, and what is at a key.
 *
 * @module
 */
import { type RedisReply, type RedisSend, unreadable } from "./client.ts";
import { SCRIPT, SCRIPT_SHA1 } from "./script.ts";

/** A database by way of a client. */
export class RedisDatabase {
  /** Sends a command. */
  readonly send: RedisSend;
  /** What all keys begin with. */
  readonly prefix: string;
  /** The clock, in ms since 1970. */
  readonly now: () => number;

  /** Makes one of what sends its commands. */
  constructor(send: RedisSend, prefix: string, now: () => number) {
    this.send = send;
    this.prefix = prefix;
    this.now = now;
  }

  /**
   * Runs the script on a key, which the server may have forgotten.
   *
   * @returns The words of its answer.
   */
  async run(
    op: string,
    key: string,
    expiresAt: number,
    ...args: string[]
  ): Promise<string[]> {
    const name = this.prefix + key;
    // Redis knows no instant before 1970.
    const ends = Math.max(1, Math.trunc(expiresAt));
    const all = ["1", name, op, `${this.now()}`, `${ends}`, ...args];
    let reply: RedisReply;
    try {
      reply = await this.send(["EVALSHA", SCRIPT_SHA1, ...all], name);
    } catch (error) {
      if (!isReply(error, "NOSCRIPT")) throw error;
      reply = await this.send(["EVAL", SCRIPT, ...all], name);
    }
    if (typeof reply === "string") {
      const words = reply.split(" ");
      if (/^(ok|no|conflict|index)$/.test(`${words[0]}`)) return words;
    }
    throw unreadable();
  }

  /** What is at a record's key; `"?"` for what is no text, and not ours. */
  async read(
    command: string,
    key: string,
    ...args: string[]
  ): Promise<RedisReply> {
    const name = this.prefix + key;
    try {
      return await this.send([command, name, ...args], name);
    } catch (error) {
      if (!isReply(error, "WRONGTYPE")) throw error;
      return "?";
    }
  }
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
