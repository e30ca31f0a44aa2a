import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { D1Store } from "../../stores/d1.ts";
import { MysqlStore } from "../../stores/mysql.ts";
import { PostgresStore } from "../../stores/postgres.ts";
import { SqliteStore } from "../../stores/sqlite.ts";
import { inOneLine, jsonOf, outputOf } from "./_terminal.ts";

const now = Date.now;
const core = new URL("../../mod.ts", import.meta.url).href;
const memory = new URL("../../stores/memory.ts", import.meta.url).href;

/** A module with three sessions of two users, one of which has expired. */
const STORE = `
import { createSessions, generateSecret } from ${JSON.stringify(core)};
import { MemoryStore } from ${JSON.stringify(memory)};
let now = Date.now() - 300_000_000;
const kept = new MemoryStore({ now: () => now });
const sessions = createSessions({ secret: generateSecret(), store: kept, now: () => now });
async function add(user) {
  const session = sessions.create();
  session.login(user);
  await sessions.seal(session);
}
await add("grace");
now = Date.now();
await add("ada");
await add("ada");
`;

describe("a store", () => {
  let folder: string;
  let count = 0;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "with-session-cli-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A module that nobody has loaded before. */
  function write(text: string): string {
    const path = join(folder, `store${++count}.mjs`);
    writeFileSync(path, text);
    return path;
  }

  for (
    const [name, Store] of Object.entries({
      sqlite: SqliteStore,
      d1: D1Store,
      postgres: PostgresStore,
      mysql: MysqlStore,
    })
  ) {
    it(`has its migration as text: ${name}`, async () => {
      assert.equal(await outputOf(["schema", name], 0), Store.schema());
      const other = ["schema", name, "--table", "visitors"];
      assert.equal(await outputOf(other, 0), Store.schema("visitors"));
    });
  }

  it("is known by its other names", async () => {
    for (const name of ["pg", "PostgreSQL"]) {
      assert.equal(await outputOf(["schema", name], 0), PostgresStore.schema());
    }
    assert.equal(await outputOf(["schema", "mariadb"], 0), MysqlStore.schema());
  });

  for (const exported of ["const store =", "default", "const any ="]) {
    it(`is found in a module: export ${exported}`, async () => {
      const path = write(`${STORE}\nexport ${exported} kept;`);
      const output = await outputOf(["stats", path, "--user", "ada"], 0, {
        now,
      });
      assert.match(output, /^MemoryStore \((store|default|any)\)$/m);
      assert.match(output, /^ {2}Sessions +2$/m);
      assert.match(output, /^ {2}Of the user +2$/m);
      assert.match(output, /^ {2}Consistency +strong$/m);
      const found = await jsonOf(["stats", path], 0, { now });
      assert.equal(found.sessions, 2);
      assert.deepEqual(found.abilities, [
        "touch",
        "listByUser",
        "count",
        "deleteExpired",
      ]);
    });
  }

  it("is what an exported function returns, or a promise", async () => {
    for (
      const text of [
        "default () => kept",
        "const store = Promise.resolve(kept)",
        "default async () => kept",
      ]
    ) {
      await outputOf(["stats", write(`${STORE}\nexport ${text};`)], 0, { now });
    }
  });

  it("is chosen by the name of its export", async () => {
    const path = write(
      `${STORE}\nexport const a = 1, b = () => kept, c = kept;`,
    );
    for (const name of ["b", "c"]) {
      await outputOf(["stats", path, "--export", name], 0, { now });
    }
    const output = await outputOf(["stats", path, "--export", "a"], 3, { now });
    assert.match(
      inOneLine(output),
      /exports no store named a: it exports a, b, c/,
    );
  });

  it("is swept", async () => {
    const rows = `
    let left = 3;
    export const store = {
      consistency: "strong",
      create() {}, get() {}, update() {}, delete() {},
      async deleteExpired(now) {
        if (Math.abs(now - Date.now()) > 60_000) throw new Error("not now");
        const found = left;
        left = 0;
        return found;
      },
    };`;
    const path = write(rows);
    assert.equal(
      await outputOf(["sweep", path], 0, { now }),
      "Removed 3 expired sessions\n",
    );
    assert.deepEqual(await jsonOf(["sweep", path], 0, { now }), { removed: 0 });
    const other = write(rows.replace("deleteExpired", "somethingElse"));
    assert.match(await outputOf(["sweep", other], 0, { now }), /Nothing to do/);
  });

  it("that fails is no stack of calls, and no password", async () => {
    const path = write(`
    const fail = async () => {
      throw Object.assign(new Error("no postgres://app:swordfish@db/"), { code: "E1" });
    };
    export const store = {
      consistency: "strong", create() {}, get: fail, update() {}, delete() {},
      deleteExpired: fail,
    };`);
    for (const command of ["stats", "sweep"]) {
      const output = await outputOf([command, path], 3, { now });
      assert.match(
        inOneLine(output),
        /The store has failed: no postgres:\/\/app:…@db\/ E1/,
      );
      assert.doesNotMatch(output, /swordfish|\bat /);
    }
  });

  it("that is not there is said so", async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [join(folder, "none.mjs"), /Cannot load .*none\.mjs/],
      [write("export const store = 1;"), /exports no store: it exports store/],
      [write(""), /exports no store: it exports nothing/],
      [write("throw new Error('no variable');"), /Cannot load .*no variable/],
      [
        write("export default () => { throw new Error('no pool') };"),
        /cannot be made: no pool/,
      ],
    ];
    for (const [path, said] of cases) {
      const output = await outputOf(["stats", path], 3, { now });
      assert.match(inOneLine(output), said);
      assert.doesNotMatch(output, /\n {4}at /);
    }
    const output = await outputOf(["stats", "https://example.com/store.js"], 2);
    assert.match(output, /module of this machine/);
  });
});
