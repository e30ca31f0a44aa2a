import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import type { SessionStore } from "../../mod.ts";
import { DenoKvStore } from "../../stores/deno-kv.ts";
import { FileStore } from "../../stores/file.ts";
import { LevelStore } from "../../stores/level.ts";
import { MemcachedStore } from "../../stores/memcached.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { MysqlStore } from "../../stores/mysql.ts";
import { PostgresStore } from "../../stores/postgres.ts";
import { RedisStore } from "../../stores/redis.ts";
import { SqliteStore } from "../../stores/sqlite.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { UnstorageStore } from "../../stores/unstorage.ts";
import { jsr, read } from "./manifests.ts";
import { root } from "./process.ts";

/** A client with all methods of which stores ask; none is called here. */
const client = new Proxy({}, {
  get: (_target, name) => name === "then" ? undefined : () => client,
  has: () => true,
}) as never;

const memory = () => new MemoryStore();
const stores: Readonly<Record<string, SessionStore>> = {
  MemoryStore: memory(),
  FileStore: new FileStore("sessions"),
  LevelStore: new LevelStore(client),
  SqliteStore: new SqliteStore(new DatabaseSync(":memory:")),
  RedisStore: new RedisStore(client),
  MemcachedStore: new MemcachedStore(client),
  PostgresStore: new PostgresStore(client),
  MysqlStore: new MysqlStore({ execute: () => Promise.resolve([[]]) } as never),
  DenoKvStore: new DenoKvStore(client),
  UnstorageStore: new UnstorageStore(client),
  TieredStore: new TieredStore(memory(), memory()),
};

const [head = [], , ...rows] = read("docs/stores.md").split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
  .slice(0, 2 + Object.keys(stores).length);

/** The test files of all stores. */
const suites = globSync("tests/{stores,hosts,servers,deno}/*.test.ts", {
  cwd: root,
});

describe("docs/stores.md", () => {
  it("has a row for each store that is published", () => {
    assert.deepEqual(
      rows.map(([name]) => name?.replaceAll("`", "")),
      Object.keys(stores),
    );
    assert.deepEqual(
      rows.map(([, path]) => `./stores/${path?.replaceAll("`", "")}`).sort(),
      Object.keys(jsr.exports).filter((path) => /stores/.test(path)).sort(),
    );
  });

  for (const row of rows) {
    const name = row[0]?.replaceAll("`", "") ?? "";
    const cell = (column: string) => row[head.indexOf(column)];
    it(`says what ${name} can do`, () => {
      const store = stores[name];
      assert.ok(store);
      assert.equal(cell("Consistency"), store.consistency);
      const abilities = {
        touch: store.touch,
        list: store.listByUser,
        count: store.count,
        deleteExpired: store.deleteExpired,
      };
      for (const [column, ability] of Object.entries(abilities)) {
        assert.equal(cell(column), ability ? "yes" : "no", column);
      }
    });

    it(`names no store without tests: ${name}`, () => {
      const path = cell("Import")?.replaceAll("`", "").replace("-", "_") ?? "";
      const own = suites.filter((file) => file.includes(`/${path}`)).map(read);
      assert.ok(own.some((text) => text.includes("describeStore(")));
    });
  }
});
