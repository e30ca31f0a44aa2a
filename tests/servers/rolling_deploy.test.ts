import { RedisStore as ConnectRedis } from "connect-redis";
import { env } from "node:process";
import { after, before, describe, it } from "node:test";
import { createClient } from "redis";
import type { ExpressSessionStore } from "../../readers/express-session.ts";
import { RedisStore } from "../../stores/redis.ts";
import { closeServers } from "../hosts/_express.ts";
import { startNew, startOld } from "../hosts/_express_session.ts";
import { moved, old, type Server as Handler } from "../readers/_iron_beside.ts";
import { markedSecret } from "../shared/support.ts";
import { found, newPrefix, type RedisServer, startRedis } from "./redis.ts";
import { closeConnections, rollOut, type Server, serverAt } from "./rolling.ts";

// 10 000 people use a program while its servers are replaced by some with
// sessions of ours, then rolled back, and replaced again: nobody is signed out,
// and a logout on either side ends both.

/** 10 000 of them with express-session: half for each place of our sessions. */
const USERS = { express: 5_000, iron: 1_500 };

/** That of a run that failed repeats its plan. */
const SEED = Number(env["SEED"] ?? Math.floor(Math.random() * 1e6));

describe("a rolling deploy", { skip: found.skip }, () => {
  let redis: RedisServer;
  let client: ReturnType<typeof createClient>;

  before(async () => {
    console.log(`SEED=${SEED}`);
    redis = await startRedis();
    client = createClient({ url: redis.url });
    client.on("error", () => {});
    await client.connect();
  });

  after(async () => {
    closeConnections();
    closeServers();
    await client?.close();
    await redis?.stop();
  });

  const kinds = {
    "cookies": () => ({ secret: markedSecret(), onEvent: () => {} }),
    "a store": () => ({
      secret: markedSecret(),
      onEvent: () => {},
      store: new RedisStore(client, { prefix: newPrefix() }),
    }),
  } as const;

  for (const [where, options] of Object.entries(kinds)) {
    it(`from express-session with connect-redis to ${where} signs nobody out`, async () => {
      const both = options();
      const prefix = newPrefix();
      const theirs = new ConnectRedis({ client, prefix });
      const store = theirs as ConnectRedis & ExpressSessionStore;
      const startOne = async (keep: boolean) =>
        serverAt(
          keep ? "kept" : "last",
          (await startNew(store, both, { keep })).origin,
        );
      await rollOut({
        old: [
          serverAt("old", await startOld("express-session 1.19", store)),
          serverAt("old", await startOld("express-session 1.18", store)),
        ],
        moved: [await startOne(true), await startOne(true)],
        last: [await startOne(false), await startOne(false)],
        endsCopies: true,
        users: USERS.express,
      }, SEED);
    });

    it(`from iron-session to ${where} signs nobody out`, async () => {
      const both = options();
      const pair = (
        name: string,
        make: () => Handler,
      ) => [serve(name, make()), serve(name, make())];
      await rollOut({
        old: pair("old", () => old),
        moved: pair("kept", () => moved(true, both)),
        last: pair("last", () => moved(false, both)),
        endsCopies: false,
        users: USERS.iron,
      }, SEED);
    });
  }
});

/** A server in this process. */
function serve(name: string, handle: Handler): Server {
  return {
    name,
    async visit(jar, path) {
      const target = path.replace("/login/", "/login?user=");
      const request = new Request(`https://shop.example${target}`, {
        headers: { cookie: jar.field },
      });
      const response = await handle(request);
      jar.take(response);
      const user = await response.text();
      return user === "nobody" ? null : user;
    },
  };
}
