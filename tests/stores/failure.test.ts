import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionEvent,
  type SessionStore,
} from "../../mod.ts";
import { CloudflareKvStore } from "../../stores/cloudflare-kv.ts";
import { D1Store } from "../../stores/d1.ts";
import { DenoKvStore } from "../../stores/deno-kv.ts";
import { MemcachedStore } from "../../stores/memcached.ts";
import { MysqlStore } from "../../stores/mysql.ts";
import { PostgresStore } from "../../stores/postgres.ts";
import { RedisStore } from "../../stores/redis.ts";
import { markedSecret } from "../shared/support.ts";

// What back ends and clients say that have no code, or one for everything.

interface Failure {
  readonly message: string;
  readonly code?: string;
  readonly errno?: string | number;
}

/** A store on a client that fails with an error like this. */
type Fail = (failure: Failure) => SessionStore;

/** An object whose methods all do this. */
function client(names: string, act: () => unknown): never {
  const methods = names.split(" ").map((name) => [name, act]);
  return Object.fromEntries(methods) as never;
}

/** A method that rejects. */
function rejects({ message, ...more }: Failure): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(message), more));
}

const SECRET_TEXT = "key session:secret";

const redis: Fail = (failure) =>
  new RedisStore(client("call", rejects(failure)));
const memcached: Fail = (failure) =>
  new MemcachedStore(client("gets cas add delete", rejects(failure)));
const kv: Fail = (failure) =>
  new CloudflareKvStore(client("get put delete list", rejects(failure)), {
    wait: () => Promise.resolve(),
  });
const d1: Fail = (failure) => {
  const bound = client("run all", rejects(failure));
  const prepared = client("bind", () => bound);
  return new D1Store(client("prepare", () => prepared));
};
const denoKv: Fail = (failure) => {
  const atomic: object = { commit: rejects(failure) };
  for (const name of ["check", "set", "delete"]) {
    Object.assign(atomic, { [name]: () => atomic });
  }
  return new DenoKvStore({
    get: rejects(failure),
    list: () => assert.fail(),
    atomic: () => atomic as never,
  });
};
const postgres: Fail = (failure) =>
  new PostgresStore(client("unsafe", rejects(failure)));
const mysql: Fail = (failure) =>
  new MysqlStore(client("query execute", rejects(failure)));

const cases: readonly [Fail, Failure, code: string][] = [
  [redis, { message: `NOPERM no permissions, ${SECRET_TEXT}` }, "NOPERM"],
  [redis, {
    message: "READONLY You can't write against a read only replica.",
    code: "ERR_REDIS_SERVER_ERROR",
  }, "READONLY"],
  [redis, { message: "Connection is closed." }, "Connection is closed"],
  [redis, {
    message: "Connection has failed",
    code: "ERR_REDIS_CONNECTION_CLOSED",
  }, "ERR_REDIS_CONNECTION_CLOSED"],
  [memcached, { message: "SERVER_ERROR out of memory" }, "SERVER_ERROR"],
  [memcached, { message: "Command timeout" }, "Command timeout"],
  [memcached, { message: "connect X", code: "ECONNREFUSED" }, "ECONNREFUSED"],
  [kv, { message: "KV PUT failed: 413 Value length" }, "413"],
  [kv, { message: "KV GET failed: 429 Too Many Requests" }, "429"],
  [d1, {
    message: `D1_ERROR: ${SECRET_TEXT}: SQLITE_CONSTRAINT`,
  }, "SQLITE_CONSTRAINT"],
  [d1, { message: "D1_ERROR: D1 DB is overloaded." }, "overloaded"],
  [
    denoKv,
    { message: "attempt to write a readonly database" },
    "readonly database",
  ],
  [denoKv, { message: "database or disk is full" }, "disk is full"],
  [postgres, {
    message: "timeout exceeded when trying to connect",
  }, "timeout exceeded"],
  [postgres, {
    message: `permission denied, ${SECRET_TEXT}`,
    code: "ERR_POSTGRES_SERVER_ERROR",
    errno: "42501",
  }, "42501"],
  [postgres, {
    message: "connect ECONNREFUSED",
    code: "ECONNREFUSED",
    errno: -111,
  }, "ECONNREFUSED"],
  [mysql, { message: "Queue limit reached." }, "Queue limit reached"],
  [mysql, { message: "denied", code: "ER_X", errno: 1045 }, "ER_X"],
];

// A bundle may give a class another name.
const names = new Map<Fail, string>([
  [redis, "RedisStore"],
  [memcached, "MemcachedStore"],
  [kv, "CloudflareKvStore"],
  [d1, "D1Store"],
  [denoKv, "DenoKvStore"],
  [postgres, "PostgresStore"],
  [mysql, "MysqlStore"],
]);

describe("the code of a failure", () => {
  for (const [fail, failure, code] of cases) {
    it(`is ${code} in ${names.get(fail)}`, () =>
      assertCode(fail(failure), code));
  }
});

async function assertCode(store: SessionStore, code: string): Promise<void> {
  const events: SessionEvent[] = [];
  const sessions = createSessions({
    secret: markedSecret(),
    store,
    onEvent: (event) => events.push(event),
  });
  const session = sessions.create();
  session.set("n", 1);
  await assert.rejects(session.save(), { code: "store-failed" });
  const [event] = events;
  assert.ok(event?.type === "store-error");
  assert.equal(event.code, code);
  assert.equal(event.cause.message, code);
}
