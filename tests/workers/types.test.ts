import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execPath } from "node:process";
import { before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "./suite.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const tsc = join(root, "node_modules/typescript/bin/tsc");

const PROGRAM = `
import { D1Store } from "./package/stores/d1.js";
import { DurableObjectStore, SessionObject }
  from "./package/stores/durable-object.js";

interface Env {
  // As "wrangler types" writes it, for a class of this Worker and of another.
  SESSIONS: DurableObjectNamespace<SessionObject>;
  OTHERS: DurableObjectNamespace;
  DB: D1Database;
}

export function open({ SESSIONS, OTHERS, DB }: Env) {
  return [
    new DurableObjectStore(SESSIONS),
    new DurableObjectStore(SESSIONS.jurisdiction("eu")),
    new DurableObjectStore(OTHERS),
    new D1Store(DB),
  ];
}

export class Mine extends SessionObject {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
  }
}
`;

describe("the types of Workers", () => {
  let folder: string;
  before(async () => {
    folder = temporaryFolder();
    await emit(join(folder, "package"));
  });

  it("take the classes for what they are", async () => {
    assert.equal(await check(folder, PROGRAM), "");
  });

  it("refuse others", async () => {
    const swapped = PROGRAM.replace("new D1Store(DB)", "new D1Store(OTHERS)");
    assert.match(await check(folder, swapped), /program\.ts.* error TS2/);
    const wrong = PROGRAM.replace("(OTHERS)", "(DB)");
    assert.match(await check(folder, wrong), /program\.ts.* error TS2/);
  });
});

/** Writes the declarations of the stores, as the package has them. */
async function emit(outDir: string): Promise<void> {
  const args = ["--outDir", outDir, "--emitDeclarationOnly"];
  const build = [
    "-p",
    join(root, "tsconfig.library.json"),
    "--noEmit",
    "false",
  ];
  const { stdout } = await promisify(execFile)(
    execPath,
    [tsc, ...build, ...args, "--rootDir", root, "--noCheck"],
  );
  assert.equal(stdout, "");
}

/** What tsc says of a program, with the types of Workers alone. */
async function check(folder: string, program: string): Promise<string> {
  await writeFile(join(folder, "program.ts"), program);
  const compilerOptions = {
    target: "esnext",
    lib: ["esnext"],
    module: "esnext",
    moduleResolution: "bundler",
    types: [join(root, "node_modules/@cloudflare/workers-types")],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["program.ts"] }),
  );
  return await promisify(execFile)(execPath, [tsc, "-p", folder]).then(
    () => "",
    ({ stdout }: { stdout: string }) => stdout,
  );
}
