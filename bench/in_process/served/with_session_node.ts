import { toNodeListener } from "../../../node.ts";
import { RedisStore } from "../../../stores/redis.ts";
import type { Handler, Subject } from "../subject.ts";
import { handlersWith } from "../subjects/with_session.ts";
import { serveApp } from "./express.ts";
import { client } from "./redis_client.ts";

/** The library in an Express app, in Redis. */
export const subject: Subject = {
  name: "with-session (express + redis)",
  packages: ["with-session", "express", "redis"],
  protects: "encrypts",
  note: "over HTTP, in an Express app by with-session/node; RedisStore",
  group: "express",
  hasStore: true,
  kinds: ["anonymous", "read-seen", "write-seen", "forged", "rotated"],
  async create(setup) {
    const { read, write, start } = handlersWith(setup, {
      secret: setup.secrets,
      store: new RedisStore(client),
    });
    const app = (handler: Handler) =>
      serveApp((app) =>
        app.use(toNodeListener(async (request) => await handler(request)))
      );
    return {
      read: await app(read),
      write: await app(write as Handler),
      start: await app(start),
    };
  },
};
