import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { env } from "node:process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import postgresJs from "postgres";
import { root, runtimes } from "../../tools/paths.mjs";
import {
  found as pooler,
  type PgBouncer,
  startPgBouncer,
} from "./pgbouncer.ts";
import { live } from "./pgbouncer_life.ts";
import { found, type Postgres, startPostgres } from "./postgres.ts";

const notOurs = found.path === undefined && "a server that is not ours";
const skip = pooler.skip || found.skip || notOurs;

describe(
  "PostgresStore behind PgBouncer in its mode transaction",
  { skip },
  () => {
    let postgres: Postgres;
    let bouncer: PgBouncer;
    before(async () => {
      postgres = await startPostgres();
      bouncer = await startPgBouncer(postgres.url);
    });
    after(async () => {
      await bouncer?.server.stop();
      await postgres.stop();
    });

    it("keeps sessions with pg", async () => {
      const pool = new pg.Pool({ connectionString: bouncer.url, max: 10 });
      pool.on("error", () => {});
      assert.deepEqual(await live(pool), new Set());
      await pool.end();
    });

    it("keeps sessions with postgres.js", async () => {
      const sql = postgresJs(bouncer.url, { max: 10, onnotice() {} });
      assert.deepEqual(await live(sql), new Set());
      await sql.end();
    });

    it("keeps sessions with Bun's SQL, or says what it needs", {
      skip: !existsSync(runtimes.bun) && "no Bun",
    }, async () => {
      const { stderr } = await promisify(execFile)(
        runtimes.bun,
        ["test", "--timeout=60000", "./tests/servers/pgbouncer_bun.ts"],
        { cwd: root, env: { ...env, POSTGRES_TEST_URL: bouncer.url } },
      );
      assert.match(stderr, /^ *2 pass$/m);
      assert.match(stderr, /^ *0 fail$/m);
    });
  },
);
