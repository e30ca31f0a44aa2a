import { Redis } from "ioredis";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Session, withSession } from "../../mod.ts";
import { RedisStore } from "../../stores/redis.ts";
import { cookieOf } from "../shared/store_bench.ts";
import { markedSecret, requestWith, turn } from "../shared/support.ts";
import { found, newPrefix, type RedisServer, startRedis } from "./redis.ts";

type Act = (session: Session) => unknown;

const read: Act = (session) => session.get("n");
const write: Act = (session) => session.update("n", (n = 0) => n + 1);
const look: Act = ({ id }) => id;

describe("a request's commands on the wire", { skip: found.skip }, () => {
  let redis: RedisServer;
  let client: Redis;
  let request: (cookie: string, act: Act) => Promise<Response>;
  let good: string;
  let forged: string;
  let now = Date.UTC(2036, 0, 1);
  before(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
    const store = new RedisStore(client, {
      prefix: newPrefix(),
      now: () => now,
    });
    let act = read;
    const handle = withSession((_request, session) => {
      act(session);
      return new Response();
    }, { secret: markedSecret(), store, now: () => now });
    request = (cookie, next) => {
      act = next;
      return handle(requestWith(cookie));
    };
    good = cookieOf(await request("", write));
    // From now on, the server knows all scripts.
    await request(good, write);
    forged = `__Host-sid=${turn(good.slice("__Host-sid=".length), 60, 1)}`;
  });
  after(async () => {
    await client?.quit();
    await redis?.stop();
  });

  /** Commands by name, with those that a script runs inside the server. */
  async function commandsOf(
    run: () => Promise<unknown>,
  ): Promise<Record<string, number>> {
    await client.config("RESETSTAT");
    await run();
    const stats = await client.info("commandstats");
    const calls = stats.matchAll(/^cmdstat_(\w+)[^:]*:calls=(\d+)/gm);
    return Object.fromEntries(
      [...calls].map(([, name, number]) => [name, Number(number)])
        .filter(([name]) => name !== "config" && name !== "info"),
    );
  }

  const script = { evalsha: 1, getrange: 1, set: 1 };
  const expected: Record<
    string,
    readonly [() => Promise<unknown>, Record<string, number>]
  > = {
    "anonymous: none": [() => request("", read), {}],
    "forged: none": [() => request(forged, look), {}],
    "read-only: one": [() => request(good, read), { get: 1 }],
    // The script compares the revision before it sets.
    "write: two": [() => request(good, write), { get: 1, ...script }],
  };
  for (const [what, [run, commands]] of Object.entries(expected)) {
    it(what, async () => {
      assert.deepEqual(await commandsOf(run), commands);
    });
  }

  it("idle renewal: none but the read", async () => {
    now += 600_000;
    const commands = await commandsOf(async () => {
      const { headers } = await request(good, read);
      assert.equal(headers.getSetCookie().length, 1);
    });
    assert.deepEqual(commands, { get: 1 });
  });

  it("100 000 requests without a cookie: none, and no record", async () => {
    const before = await client.dbsize();
    const commands = await commandsOf(async () => {
      for (let i = 0; i < 100_000; i++) await request("", read);
    });
    assert.deepEqual(commands, {});
    assert.equal(await client.dbsize(), before);
  });
});
