import { build, type Plugin } from "esbuild";
import { Miniflare } from "miniflare";
import assert from "node:assert/strict";
import { builtinModules } from "node:module";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Browser } from "../../testing/browser.ts";
import * as mariadb from "./mariadb.ts";
import * as postgres from "./postgres.ts";
import { type ClientName, openPool, type Pool } from "./sql_clients.ts";
import { markedSecret } from "../shared/support.ts";

interface Place {
  readonly url: string;
  stop(): Promise<void>;
}

const SERVERS = [
  {
    what: "PostgreSQL",
    skip: postgres.found.skip,
    start: (): Promise<Place> => postgres.startPostgres(),
    clients: ["postgres.js", "pg"],
  },
  {
    what: "MySQL",
    skip: mariadb.found.skip,
    start: (): Promise<Place> => mariadb.startMariadb(),
    clients: ["mysql2"],
  },
] as const;

/**
 * Clients that were written for Node ask for its modules by `require`, which a
 * Worker has not: a tool such as Wrangler makes imports of it.
 */
const required: Plugin = {
  name: "required",
  setup({ onResolve, onLoad }) {
    const filter = RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    const namespace = "required";
    onResolve({ filter }, ({ path, kind }) => {
      const name = path.replace(/^(node:)?/, "node:");
      return kind === "require-call"
        ? { path: name, namespace }
        : { path: name, external: true };
    });
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `import all from "${path}"; module.exports = all;`,
    }));
  },
};

async function bundle(): Promise<string> {
  const { outputFiles: [output] } = await build({
    absWorkingDir: fileURLToPath(new URL("../../", import.meta.url)),
    entryPoints: ["tests/servers/sql_on_workers.ts"],
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker"],
    external: ["node:*", "cloudflare:*"],
    plugins: [required],
    logLevel: "silent",
    write: false,
  });
  return output?.text ?? "";
}

for (const { what, skip, start, clients } of SERVERS) {
  describe(`a Worker with ${what}`, { skip }, () => {
    let server: Place;
    let pool: Pool;
    let miniflare: Miniflare;

    before(async () => {
      server = await start();
      pool = openPool(clients[0], server.url, 1);
      await pool.store().createSchema();
      const contents = await bundle();
      const worker = (client: ClientName, isShared: boolean) => ({
        name: `${client} ${isShared}`,
        compatibilityDate: "2026-07-30",
        compatibilityFlags: ["nodejs_compat"],
        modules: [{
          type: "ESModule" as const,
          path: "worker.js",
          contents,
        }],
        bindings: {
          CLIENT: client,
          URL: server.url,
          SECRET: markedSecret(),
          SHARED: isShared,
        },
      });
      miniflare = new Miniflare({
        cf: false,
        workers: clients.flatMap((client) => [
          worker(client, false),
          worker(client, true),
        ]),
      });
    });
    after(async () => {
      await miniflare?.dispose();
      await pool?.close();
      await server?.stop();
    });

    for (const client of clients) {
      const visit = async (isShared = false) => {
        const worker = await miniflare.getWorker(`${client} ${isShared}`);
        const browser = new Browser(async (request) => {
          const { method, url } = request;
          const headers = [...request.headers] as [string, string][];
          const response = await worker.fetch(url, { method, headers });
          const fields = [...response.headers] as [string, string][];
          const { status } = response;
          return new Response(await response.text(), {
            status,
            headers: fields,
          });
        });
        const textAt = async (path: string) =>
          await (await browser.get(path)).text();
        return { browser, textAt };
      };

      it(`${client}: each request has a client of its own`, async () => {
        const { textAt } = await visit();
        assert.equal(await textAt("/"), "nobody undefined");
        assert.equal(await textAt("/made"), "0");
        for (let n = 1; n <= 5; n++) {
          assert.equal(await textAt("/count"), `nobody ${n}`);
        }
        assert.equal(await textAt("/login"), "ada 5");
        assert.equal(await textAt("/save"), "ada 6");
        assert.equal(await textAt("/logout"), "nobody");
        assert.equal(await textAt("/"), "nobody undefined");
        // The last one brings no cookie.
        assert.equal(await textAt("/made"), "8");
      });

      it(`${client}: requests at the same time keep what each one writes`, async () => {
        const { textAt } = await visit();
        await textAt("/count");
        const all = Array.from({ length: 10 }, () => textAt("/count"));
        for (const text of await Promise.all(all)) {
          assert.match(text, /^nobody \d+$/);
        }
        assert.equal(await textAt("/"), "nobody 11");
      });

      it(`${client}: a client for all of them fails, as workerd forbids it`, async () => {
        const { browser, textAt } = await visit(true);
        await textAt("/count");
        const statuses = [];
        for (let i = 0; i < 3; i++) {
          statuses.push((await browser.get("/count")).status);
        }
        assert.ok(statuses.includes(500), `${statuses}`);
      });
    }
  });
}
