import { RedisStore } from "../../../stores/redis.ts";
import type { Subject } from "../subject.ts";
import { handlersWith } from "../subjects/with_session.ts";
import { client } from "./redis_client.ts";

/** The library, with its data in Redis. */
export const subject: Subject = {
  name: "with-session (redis)",
  packages: ["with-session", "redis"],
  protects: "encrypts",
  note:
    "defaults: RedisStore over node-redis; the cookie is a sealed reference",
  group: "redis",
  hasStore: true,
  kinds: ["untouched", "anonymous", "read-seen", "write-seen", "forged"],
  create: (setup) =>
    handlersWith(setup, {
      secret: setup.secrets,
      store: new RedisStore(client),
    }),
};
