// What starts programs of others, with the package as npm would publish it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { root, runtimes } from "../tools/paths.mjs";

const isWindows = process.platform === "win32";

/** For all that is started. */
export const env = {
  ...process.env,
  NO_COLOR: "1",
  // These programs are nobody's.
  ASTRO_TELEMETRY_DISABLED: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  WRANGLER_SEND_METRICS: "false",
  // It would ask Cloudflare where this machine is.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // What npm starts is to run in the Node of the tests, and Deno and Bun in
  // theirs.
  PATH: [
    dirname(runtimes.node),
    process.env.PATH,
    join(root, "node_modules/.bin"),
  ].join(delimiter),
};

/** A folder that is removed when the process ends, however it does. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "with-session-programs-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The package as npm would publish it: a file in a folder that is empty. */
export function packInto(folder) {
  npm(root, ["pack", "--pack-destination", folder]);
  const [file] = readdirSync(folder);
  return join(folder, file);
}

/**
 * Starts a server on a port, and waits until it answers.
 *
 * @param {string} command A line of a shell.
 * @param {{ cwd: string, port: number, env: Record<string, string> }} where
 */
export async function startServer(command, { cwd, port, env }) {
  const child = spawn(command, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // The shell starts the server: both have to go.
    detached: !isWindows,
    shell: true,
  });
  const closed = once(child, "close");
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  const stop = async () => {
    if (child.exitCode === null) {
      if (isWindows) spawnSync("taskkill", ["/pid", child.pid, "/t", "/f"]);
      else process.kill(-child.pid);
    }
    await closed;
  };
  const base = `http://localhost:${port}`;
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) break;
    try {
      await fetch(`${base}/robots.txt`);
      return { base, stop, output: () => output };
    } catch {
      await setTimeout(100);
    }
  }
  await stop();
  throw new Error(`The server does not answer\n${output}`);
}

/**
 * A port below those that systems give to clients: between this look and the
 * start of the server, nobody takes it by chance.
 */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, "localhost");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

export function npm(folder, args) {
  check("npm", ["--loglevel=error", ...args], folder, isWindows);
}

export function check(command, args, cwd, shell = false) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    shell,
    encoding: "utf8",
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
}
