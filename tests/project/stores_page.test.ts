import assert from "node:assert/strict";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { runtimes } from "../../tools/paths.mjs";
import type { SessionStore } from "../../mod.ts";
import { CloudflareKvStore } from "../../stores/cloudflare-kv.ts";
import { D1Store } from "../../stores/d1.ts";
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
import { root, run } from "./process.ts";

// Only workerd has it; here it is a class to extend.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers"
      ? {
        url: "data:text/javascript,export class DurableObject {}",
        shortCircuit: true,
      }
      : next(specifier, context),
});
const { DurableObjectStore } = await import("../../stores/durable-object.ts");

/** A client with all methods of which stores ask; none is called here. */
const client = new Proxy({}, {
  get: (_target, name) => name === "then" ? undefined : () => client,
  has: () => true,
}) as never;

const memory = () => new MemoryStore();
const makers: Readonly<Record<string, (options?: never) => SessionStore>> = {
  MemoryStore: (options) => new MemoryStore(options),
  FileStore: (options) => new FileStore("sessions", options),
  LevelStore: (options) => new LevelStore(client, options),
  SqliteStore: (options) =>
    new SqliteStore(new DatabaseSync(":memory:"), options),
  RedisStore: (options) => new RedisStore(client, options),
  MemcachedStore: (options) => new MemcachedStore(client, options),
  PostgresStore: (options) => new PostgresStore(client, options),
  MysqlStore: (options) =>
    new MysqlStore(
      { execute: () => Promise.resolve([[]]) } as never,
      options,
    ),
  DenoKvStore: (options) => new DenoKvStore(client, options),
  UnstorageStore: (options) => new UnstorageStore(client, options),
  TieredStore: (options) => new TieredStore(memory(), memory(), options),
  CloudflareKvStore: (options) => new CloudflareKvStore(client, options),
  DurableObjectStore: (options) => new DurableObjectStore(client, options),
  D1Store: (options) =>
    new D1Store(
      { prepare: () => client, batch: () => client } as never,
      options,
    ),
};
const stores: Readonly<Record<string, SessionStore>> = Object.fromEntries(
  Object.entries(makers).map(([name, make]) => [name, make()]),
);

const [head = [], , ...rows] = read("docs/stores.md").split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
  .slice(0, 2 + Object.keys(stores).length);

/** The test files of all stores. */
const suites = globSync("tests/{stores,hosts,servers,deno,workers}/*.ts", {
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
      assert.ok(
        own.some((text) =>
          /(describeStore|[cC]asesWithout|casesOfBlindStore)\b/.test(text)
        ),
      );
    });
  }
});

describe("the programs of docs/stores.md", () => {
  it("make each store with its client", async () => {
    const folder = mkdtempSync(join(tmpdir(), "with-session-stores-"));
    const [, code = ""] = /<!-- run: stores -->\s*```ts ignore\n(.*?)```/s
      .exec(read("docs/stores.md")) ?? [];
    const program = join(folder, "made.ts");
    const names = [...code.matchAll(/= new (\w+Store)\(/g)];
    const onWorkers = ["CloudflareKvStore", "DurableObjectStore", "D1Store"];
    assert.deepEqual(
      names.map(([, name]) => name).sort(),
      Object.keys(stores).filter((name) => !onWorkers.includes(name)).sort(),
    );
    // Beside the packages of the checkout, in a folder that may be written.
    const resolved = code.replace(
      /from "(?!node:)(.*?)"/g,
      (_all, path: string) =>
        `from ${
          JSON.stringify(
            path.startsWith("with-session/")
              ? pathToFileURL(join(root, `${path.replace(/^[^/]*\//, "")}.ts`))
              : import.meta.resolve(path),
          )
        }`,
    );
    try {
      writeFileSync(program, `${resolved}\nprocess.exit();\n`);
      await run([runtimes.node, program], { cwd: folder });
    } finally {
      rmSync(folder, { recursive: true, maxRetries: 3 });
    }
  });
});

describe("options of a store", () => {
  for (const [name, make] of Object.entries(makers)) {
    const open = (options: object) => () => make(options as never);
    it(`${name} refuses what it does not know`, () => {
      assert.throws(open({ prefx: "shop" }), {
        name: "TypeError",
        message: /^Option prefx is unknown: there is .*\bnow\b/,
      });
    });

    it(`${name} names one of another kind, and takes none for its default`, () => {
      for (const now of [null, 5, "hunter2"]) {
        assert.throws(open({ now }), {
          name: "TypeError",
          message: "Option now must be of type function",
        });
      }
      open({ now: undefined })();
    });
  }
});
