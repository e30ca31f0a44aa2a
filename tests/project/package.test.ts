import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { typeCheck } from "./consumer.ts";
import { npm, read } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";
import { root, run, secret } from "./process.ts";
import { expectVisitsFrom, expectVisitsInWorkerd } from "./visits.ts";

const bin = (name: string) => join(root, "node_modules", name);
const nodeServer = `import { createServer } from "node:http";
import { toNodeListener } from "with-session/node";
import app from "./app.ts";

createServer(toNodeListener(app.fetch))
  .listen(Number(process.env.PORT), "127.0.0.1");
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
      [],
    );
    for (const target of Object.values(npm.exports)) {
      const paths = typeof target === "string" ? [target] : [
        target.types,
        target.default,
      ];
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
    await run([
      process.execPath,
      attw,
      packed.tarball,
      "--profile",
      "esm-only",
    ]);
  });

  for (const resolution of ["nodenext", "bundler"]) {
    it(`type-checks for a consumer that uses ${resolution}`, async () => {
      await typeCheck(packed.project, resolution, ["", "/hono"], []);
      await typeCheck(packed.project, resolution, ["", "/node"], ["node"]);
    });
  }

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
