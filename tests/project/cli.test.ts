import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { createSessions } from "../../mod.ts";
import { markedSecret } from "../shared/support.ts";
import { npm } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";

/** The command as people type it, by what runs it. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  npx: ["npx", "--yes", "with-session"],
  bunx: [runtimes.bun, "x", "with-session"],
  "deno run": [runtimes.deno, "run", "-A", "npm:with-session"],
};

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

describe("the command line", () => {
  let packed: Packed;
  let registry: Awaited<ReturnType<typeof serveRegistry>>;
  let empty: string;
  before(async () => {
    packed = await pack();
    registry = await serveRegistry(packed.tarball);
    empty = join(packed.project, "empty");
    await mkdir(empty);
    await writeFile(
      join(empty, ".npmrc"),
      `registry=${registry.url}\ncache=${join(packed.project, "cache")}\n`,
    );
  });
  after(async () => {
    registry?.close();
    await packed?.[Symbol.asyncDispose]();
  });

  /** Runs a command in a folder that knows the package from nowhere else. */
  async function command(
    line: readonly string[],
    more: { input?: string; secret?: string } = {},
  ): Promise<Ended> {
    const { NODE_TEST_CONTEXT: _context, FORCE_COLOR: _color, ...env } =
      process.env;
    const [name = "", ...args] = line;
    const child = spawn(name, args, {
      cwd: empty,
      env: {
        ...env,
        NPM_CONFIG_REGISTRY: registry.url,
        npm_config_registry: registry.url,
        DENO_DIR: join(packed.project, "deno"),
        BUN_INSTALL_CACHE_DIR: join(packed.project, "bun"),
        TMPDIR: packed.project,
        SESSION_SECRET: more.secret ?? "",
      },
      stdio: "pipe",
    });
    let out = "";
    let complaints = "";
    child.stdout.on("data", (piece) => out += piece);
    child.stderr.on("data", (piece) => complaints += piece);
    child.stdin.end(more.input ?? "");
    const [code] = await once(child, "close");
    return { code, out, complaints };
  }

  for (const [way, line] of Object.entries(WAYS)) {
    it(`runs by ${way}, from the registry`, async () => {
      const made = await command([...line, "secret"]);
      assert.equal(made.code, 0, made.complaints);
      assert.ok(/^[\w-]{43}\n$/.test(made.out), "a secret and nothing else");

      const secret = markedSecret();
      const sessions = createSessions({ secret });
      const session = sessions.create();
      session.login("ada");
      const input = `Cookie: __Host-sid=${await sessions.seal(session)}`;
      const opened = await command([...line, "inspect"], { input, secret });
      assert.equal(opened.code, 0, opened.complaints);
      assert.match(opened.out, /^__Host-sid good\n/);
      assert.match(opened.out, /User +ada/);
      // What is piped has no colours.
      assert.ok(!opened.out.includes("\x1b"));

      const wrong = await command([...line, "inspct"]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.complaints, /did you mean inspect\?/);
      assert.equal(wrong.out, "");
    });
  }

  for (const runtime of ["node", "node22"] as const) {
    it(`ends although a store keeps its connection, in ${runtime}`, async () => {
      const file = join(empty, "store.mjs");
      await writeFile(
        file,
        `import { MemoryStore } from ${
          JSON.stringify(join(packed.installed, "dist/stores/memory.js"))
        };
        setInterval(() => {}, 1000);
        export const store = new MemoryStore();`,
      );
      const bin = join(packed.installed, "dist/cli/bin.js");
      const line = [runtimes[runtime], bin, "stats", "store.mjs"];
      const { code, out, complaints } = await command(line);
      assert.equal(code, 0, complaints);
      assert.match(out, /Sessions +0/);
    });
  }

  it("fails with a store that never answers, and holds nothing open", async () => {
    const file = join(empty, "silent.mjs");
    await writeFile(
      file,
      `const never = () => new Promise(() => {});
      export const store = {
        consistency: "strong",
        create: never, get: never, update: never, delete: never,
        deleteExpired: never,
      };`,
    );
    const bin = join(packed.installed, "dist/cli/bin.js");
    for (const runtime of [runtimes.node, runtimes.bun, runtimes.deno]) {
      const way = runtime === runtimes.deno ? ["run", "-A"] : [];
      const line = [runtime, ...way, bin, "sweep", "silent.mjs"];
      const { code, out, complaints } = await command(line);
      assert.equal(code, 3, `${runtime}: ${complaints}`);
      assert.equal(out, "");
      assert.match(complaints, /never answers/);
    }
  });

  it("may be cut off by a pipe", async () => {
    const bin = join(packed.installed, "dist/cli/bin.js");
    const line = `"${runtimes.node}" "${bin}" schema postgres | head -n 1`;
    const { out, complaints } = await command(["sh", "-c", line]);
    assert.match(out, /^CREATE TABLE[^\n]*\n$/);
    assert.equal(complaints, "");
  });
});

/** A registry of npm that has one package. */
async function serveRegistry(
  tarball: string,
): Promise<{ url: string; close(): void }> {
  const bytes = await readFile(tarball);
  const hash = (algorithm: string, form: "base64" | "hex") =>
    createHash(algorithm).update(bytes).digest(form);
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const path = request.url?.split("?")[0];
    if (path === `/${npm.name}.tgz`) {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      response.end(bytes);
      return;
    }
    if (path !== `/${npm.name}`) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end("{}");
      return;
    }
    const { name, version } = npm;
    const manifest = {
      name,
      version,
      bin: npm["bin"],
      type: npm["type"],
      engines: npm["engines"],
      dist: {
        tarball: `http://127.0.0.1:${port}/${name}.tgz`,
        integrity: `sha512-${hash("sha512", "base64")}`,
        shasum: hash("sha1", "hex"),
      },
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({
      name,
      "dist-tags": { latest: version },
      versions: { [version]: manifest },
    }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
