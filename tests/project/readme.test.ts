import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { serveJsr } from "./jsr.ts";
import { read } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";
import { root, run, secret } from "./process.ts";
import { expectVisitsFrom, expectVisitsInWorkerd } from "./visits.ts";

const readme = read("README.md");
const main = program("export default {");
const worker = program("env: Env");
const hono = program(`from "with-session/hono"`);
const honoInWorker = hono.replace(
  "{ secret: process.env.SESSION_SECRET }",
  "(env: { SESSION_SECRET: string }) => ({ secret: env.SESSION_SECRET })",
);

/** The first program of the README that has a text. */
function program(text: string): string {
  const found = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(([, code = ""]) => code)
    .find((code) => code.includes(text));
  return found ?? assert.fail(`README.md has no program with ${text}`);
}

/** A line of the README for the shell, with the programs of this checkout. */
function line(start: string, node = runtimes.node): string[] {
  const found = readme.match(new RegExp(`^${start}.*$`, "m"))?.[0];
  assert.ok(found, `README.md has no line that begins with ${start}`);
  const srvx = join(root, "node_modules/srvx/bin/srvx.mjs");
  const programs: Record<string, string[]> = {
    "deno": [runtimes.deno],
    "bun": [runtimes.bun],
    "npx srvx": [node, srvx],
  };
  for (const [name, command] of Object.entries(programs)) {
    if (!found.startsWith(`${name} `)) continue;
    return [...command, ...found.slice(name.length + 1).split(" ")];
  }
  assert.fail(found);
}

/** The same on another port. */
function at(command: string[]): (port: string) => string[] {
  assert.ok(command.includes("--port=8000"), command.join(" "));
  return (port) => command.map((part) => part.replace("8000", port));
}

describe("README.md", () => {
  let packed: Packed;
  before(async () => {
    packed = await pack();
    for (const name of ["hono", "srvx"]) {
      symlinkSync(
        join(root, "node_modules", name),
        join(packed.project, "node_modules", name),
        "junction",
      );
    }
  });
  after(() => packed?.[Symbol.asyncDispose]());

  const starts: Record<string, () => string[]> = {
    "Deno": () => line("deno serve"),
    "Bun": () => line("bun --port"),
    "the newest Node": () => line("npx srvx"),
    "the oldest Node": () => line("npx srvx", runtimes.node22),
  };
  for (const [runtime, command] of Object.entries(starts)) {
    for (
      const [name, code] of Object.entries({ "first program": main, hono })
    ) {
      it(`starts the ${name} on ${runtime}`, async () => {
        await writeFile(join(packed.project, "main.ts"), code);
        await expectVisitsFrom(at(command()), packed.project, secret);
      });
    }
  }

  for (const [name, code] of Object.entries({ worker, honoInWorker })) {
    it(`runs the ${name} in workerd`, async () => {
      await writeFile(join(packed.project, "worker.ts"), code);
      await expectVisitsInWorkerd(packed.project, "worker.ts", secret);
    });
  }

  it("imports by the name under which Deno adds it from JSR", async () => {
    await using registry = await serveJsr();
    const folder = mkdtempSync(join(tmpdir(), "with-session-jsr-"));
    const env = {
      ...secret,
      JSR_URL: registry.url,
      DENO_DIR: join(folder, "cache"),
    };
    try {
      await run(line("deno add"), { cwd: folder, env });
      await writeFile(join(folder, "main.ts"), main);
      const store = program("with-session/stores/");
      await writeFile(join(folder, "store.ts"), store);
      const check = [runtimes.deno, "check", "main.ts", "store.ts"];
      await run(check, { cwd: folder, env });
      await expectVisitsFrom(at(line("deno serve")), folder, env);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
