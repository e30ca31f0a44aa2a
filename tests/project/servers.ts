import { build, type BuildOptions } from "esbuild";
import { Miniflare } from "miniflare";
import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { after } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { root, secret, start } from "./process.ts";

/** A server that runs. */
export interface Server {
  origin: string;
  /** What it has printed, where that can be known. */
  output(): string;
  stop(): unknown;
}

/** Deno with the permissions that a server needs, and no more. */
export const deno: string[] = [
  runtimes.deno,
  "run",
  "--no-prompt",
  "--allow-net=127.0.0.1",
  "--allow-env=PORT,SESSION_SECRET",
];

const stops: (() => unknown)[] = [];
after(() => Promise.all(stops.map((stop) => stop())));
// Also if this process ends in the middle of a test.
process.on("exit", () => stops.forEach((stop) => stop()));

/** Starts a program that prints its address. */
export async function serve(
  command: string[],
  env: Record<string, string> = secret,
): Promise<Server> {
  const { child, output } = start(command, { env: { ...env, PORT: "0" } });
  const stop = () => child.kill("SIGKILL");
  stops.push(stop);
  for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
    const address = /http:\/\/(127\.0\.0\.1|localhost):\d+/.exec(output());
    if (address) return { origin: address[0], output, stop };
    await delay(50);
  }
  stop();
  assert.fail(`${command.join(" ")} prints no address\n${output()}`);
}

/** Starts a Worker that has none of Node's modules. */
export async function serveInWorkerd(entry: BuildOptions): Promise<Server> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker"],
    outfile: "worker.js",
    ...entry,
    write: false,
  });
  const contents = outputFiles[0]?.text ?? "";
  const miniflare = new Miniflare({
    cf: false,
    host: "127.0.0.1",
    port: 0,
    compatibilityDate: "2026-07-30",
    bindings: secret,
    modules: [{ type: "ESModule", path: "worker.js", contents }],
  });
  let stopped: Promise<void> | undefined;
  const stop = () => stopped ??= miniflare.dispose();
  stops.push(stop);
  const { origin } = await miniflare.ready;
  return { origin, output: () => "", stop };
}
