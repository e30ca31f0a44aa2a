import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { npm, read } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";
import { root, run, secret } from "./process.ts";
import { bundle, LIMITS, optional } from "./sizes.ts";
import { expectVisitsFrom, expectVisitsInWorkerd } from "./visits.ts";

const bin = (name: string) => join(root, "node_modules", name);
const nodeServer = `import { createServer } from "node:http";
import { toNodeListener } from "with-session/node";
import app from "./app.ts";

createServer(toNodeListener(app.fetch))
  .listen(Number(process.env.PORT), "127.0.0.1");
`;

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
    const [program, worker] = programs();
    packed = await pack();
    await writeFile(join(packed.project, "app.ts"), program);
    await writeFile(join(packed.project, "worker.ts"), worker);
    await writeFile(join(packed.project, "server.ts"), nodeServer);
  });
  after(() => packed?.[Symbol.asyncDispose]());

  it("holds the built files and the texts, and nothing else", () => {
    const built = packed.files.filter((path) => path.startsWith("dist/"));
    assert.deepEqual(
      packed.files.filter((path) => !built.includes(path)),
      ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "package.json"],
    );
    assert.deepEqual(
      built.filter((path) => !/\.(?:js|d\.ts)$/.test(path)),
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

  const servers: Record<string, (port: string) => string[]> = {
    Bun: () => [runtimes.bun, "app.ts"],
    Deno: (port) => [
      runtimes.deno,
      "serve",
      "--allow-env",
      "--port",
      port,
      "app.ts",
    ],
    "the newest Node": () => [runtimes.node, "server.ts"],
    "the oldest Node": () => [runtimes.node22, "server.ts"],
  };
  for (const [name, command] of Object.entries(servers)) {
    it(`runs the first program of README.md on ${name}`, async () => {
      await expectVisitsFrom(command, packed.project, secret);
    });
  }

  it("runs the Worker of README.md in workerd", async () => {
    await expectVisitsInWorkerd(packed.project, secret);
  });
});

/** The first program of the README, and the one for Workers. */
function programs(): [string, string] {
  const all = [...read("README.md").matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(([, program = ""]) => program);
  const worker = all.find((program) => program.includes("env: Env"));
  assert.ok(all[0] && worker, "README.md lacks a program");
  return [all[0], worker];
}
