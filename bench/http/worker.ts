import { build } from "esbuild";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tools/paths.mjs";
import { workerConfig } from "../common/workerd.ts";

/** What a Worker of workerd alone is given. */
export interface Given {
  readonly port: number;
  readonly secret: string;
  readonly store: string;
}

/**
 * Writes a Worker and its configuration for `workerd serve`.
 *
 * @returns The path of the configuration.
 */
export async function writeWorker(
  folder: string,
  { port, secret, store }: Given,
): Promise<string> {
  const module = "worker.js";
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ["bench/http/serve_workerd.ts"],
    outfile: join(folder, module),
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker"],
    logLevel: "error",
  });
  const path = join(folder, "config.capnp");
  const bindings = { SECRET: secret, STORE: store };
  writeFileSync(path, workerConfig({ port, module, bindings }));
  return path;
}
