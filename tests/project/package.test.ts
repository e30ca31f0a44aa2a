import assert from "node:assert/strict";
import { build } from "esbuild";
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { loadedBy, namesOf, REQUESTS, rows } from "./loading.ts";
import { npm } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";
import { root, run, secret } from "./process.ts";
import { bundle, LIMITS, optional } from "./sizes.ts";

const bin = (name: string) => join(root, "node_modules", name);

// Each option that has code of its own loaded, and a class from two entries.
const asking = `import assert from "node:assert/strict";
import { createSessions, SessionError } from "with-session";
import { CloudflareKvStore } from "with-session/stores/cloudflare-kv";
import { MemoryStore } from "with-session/stores/memory";

const secret = process.env.SESSION_SECRET;
const store = new MemoryStore();
const schema = {
  "~standard": {
    version: 1,
    vendor: "project",
    validate: (value) =>
      Number.isInteger(value.visits)
        ? { value }
        : { issues: [{ message: "visits is no integer" }] },
  },
};
for (const options of [{ store }, { revocations: store }, { schema }]) {
  const sessions = createSessions({ secret, ...options });
  const session = sessions.create();
  session.login("ada");
  session.set("visits", 1);
  const token = await sessions.seal(session);
  assert.equal((await sessions.unseal(token))?.get("visits"), 1);
  if (options.schema) continue;
  await sessions.revokeAll("ada");
  assert.equal(await sessions.unseal(token), null);
}
const namespace = { get() {}, getWithMetadata() {}, put() {}, delete() {}, list() {} };
await assert.rejects(
  async () => await new CloudflareKvStore(namespace).count(),
  (error) => error instanceof SessionError && error.code === "unsupported",
);
`;

describe("package", () => {
  let packed: Packed;
  before(async () => {
    packed = await pack();
  });
  after(() => packed?.[Symbol.asyncDispose]());

  it("holds the built files and the texts, and nothing else", () => {
    const built = packed.files.filter((path) => path.startsWith("dist/"));
    const docs = packed.files.filter((path) => path.startsWith("docs/"));
    const written = globSync("docs/**/*.*", { cwd: root })
      .map((path) => path.replaceAll(sep, "/"));
    assert.deepEqual(docs.sort(), written.sort());
    assert.deepEqual(
      packed.files.filter((path) => ![...built, ...docs].includes(path)),
      ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "package.json"],
    );
    assert.deepEqual(
      built.filter((path) => !/\.(?:js|js\.map|d\.ts)$/.test(path)),
      ["dist/cjs/package.json"],
    );
    for (const target of Object.values(npm.exports)) {
      const paths = typeof target === "string"
        ? [target]
        : [target, target.require].flatMap((
          each,
        ) => [each.types, each.default]);
      for (const path of paths) {
        assert.ok(packed.files.includes(path.replace("./", "")), path);
      }
    }
  });

  it("tells bundlers that createSessions() does nothing but return", async () => {
    for (const path of ["dist/chunks/core.js", "dist/cjs/chunks/core.js"]) {
      const code = await readFile(join(packed.installed, path), "utf8");
      assert.match(
        code,
        /^\/\* @__NO_SIDE_EFFECTS__ \*\/\s*function createSessions\(/m,
      );
    }
  });

  it("imports nothing of the platform but in some entry points", async () => {
    const expected: Record<string, string[]> = {
      "chunks/cli.js": [
        "node:buffer",
        "node:child_process",
        "node:fs",
        "node:fs/promises",
        "node:http",
        "node:https",
        "node:path",
        "node:process",
        "node:readline",
        "node:stream",
        "node:url",
        "node:util",
      ],
      "cli/bin.js": ["node:process"],
      "chunks/node.js": ["node:async_hooks", "node:buffer", "node:http"],
      "stores/durable-object.js": ["cloudflare:workers"],
      "stores/file.js": ["node:fs/promises", "node:path"],
      "chunks/store_cases.js": ["node:assert/strict", "node:test"],
    };
    const found = await foreignImports(packed);
    for (const folder of ["dist", "dist/cjs"]) {
      for (const [file, imports] of Object.entries(expected)) {
        assert.deepEqual(found[`${folder}/${file}`]?.toSorted(), imports);
        delete found[`${folder}/${file}`];
      }
    }
    assert.deepEqual(found, {});
  });

  it("holds the sources that its maps name, and no path of this machine", async () => {
    const maps = packed.files.filter((path) => path.endsWith(".map"));
    assert.ok(maps.includes("dist/chunks/core.js.map"));
    for (const path of maps) {
      const text = await readFile(join(packed.installed, path), "utf8");
      const { sources, sourcesContent } = JSON.parse(text);
      assert.ok(sources.length > 0, path);
      for (const [index, source] of sources.entries()) {
        const file = posix.join(posix.dirname(path), source);
        assert.ok(!source.startsWith("/"), source);
        assert.equal(
          sourcesContent[index],
          await readFile(join(root, file), "utf8"),
          `${path}: ${source}`,
        );
      }
    }
  });

  it("names lines of the source where something is wrong", async () => {
    const file = join(packed.project, "wrong.mjs");
    await writeFile(
      file,
      `import { withSession } from "with-session";
      try {
        withSession(() => new Response(), { secret: "short" });
      } catch ({ stack }) {
        console.log(stack);
      }`,
    );
    const flags = ["--enable-source-maps"];
    const output = await run([runtimes.node, ...flags, file]);
    assert.match(output, /src[\\/]with_session\.ts:\d+/);
  });

  it("publint has nothing to say", async () => {
    const publint = bin("publint/src/cli.js");
    await run([process.execPath, publint, "run", "--strict", packed.tarball]);
  });

  it("attw finds the types of every entry point", async () => {
    const attw = bin("@arethetypeswrong/cli/dist/index.js");
    await run([process.execPath, attw, packed.tarball]);
  });

  for (const runtime of ["node", "node22", "deno", "bun"] as const) {
    it(`loads what an option needs in ${runtime}`, async () => {
      const file = join(packed.project, "asking.mjs");
      await writeFile(file, asking);
      const flags = runtime === "deno" ? ["run", "--allow-env"] : [];
      await run([runtimes[runtime], ...flags, file], { env: secret });
    });
  }

  for (const { request, chunks } of rows) {
    it(`loads few files for a request that ${request}`, async () => {
      const asking = REQUESTS[request];
      assert.ok(asking);
      const loaded = await loadedBy(join(packed.installed, "dist"), asking);
      assert.deepEqual(loaded.start, ["chunks/core.js", "mod.js"]);
      // What the bundler needs is a file of its own.
      const own = loaded.request.filter((path) => !path.includes("rolldown"));
      assert.deepEqual(namesOf(own), chunks);
    });
  }

  it("a bundler finds few files, and leaves out what is not used", async () => {
    const { size, metafile } = await bundle({
      stdin: {
        contents: `export { withSession } from "with-session";`,
        resolveDir: packed.project,
      },
      plugins: [optional],
    });
    console.log(`figure: ${size} bytes with withSession() from the package`);
    assert.ok(size <= LIMITS.program, `${size} bytes`);
    const files = Object.keys(metafile.inputs)
      .filter((path) => path.includes("node_modules/with-session/"));
    assert.equal(files.length, 2, files.join());
  });
});

/** What the files of the package import that is not in it, by file. */
async function foreignImports(
  { installed, files }: Packed,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  await build({
    absWorkingDir: installed,
    entryPoints: files.filter((path) => path.endsWith(".js")),
    outdir: "unwritten",
    write: false,
    bundle: true,
    format: "esm",
    logLevel: "error",
    plugins: [{
      name: "foreign",
      setup({ onResolve }) {
        onResolve({ filter: /^[^.]/ }, ({ path, importer, kind }) => {
          if (kind === "entry-point") return undefined;
          const file = relative(installed, importer).replaceAll(sep, "/");
          (found[file] ??= []).push(path);
          return { path, external: true };
        });
      },
    }],
  });
  return found;
}
