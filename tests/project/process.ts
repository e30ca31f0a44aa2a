import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** The variable that examples take their secret from. */
export const secret: Record<string, string> = {
  SESSION_SECRET: crypto.randomUUID() + crypto.randomUUID(),
};

/** How to run a program. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/** Starts a program with an environment that does not know of this test run. */
export function start(
  [command = "", ...args]: string[],
  { cwd = root, env = {} }: RunOptions = {},
): { child: ChildProcess; output: () => string } {
  const { NODE_TEST_CONTEXT: _context, FORCE_COLOR: _color, ...rest } =
    process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...rest, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32" && command === "npm",
  });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  return { child, output: () => output };
}

/** Runs a program to its end, which must be a success; gives what it printed. */
export async function run(
  command: string[],
  options?: RunOptions,
): Promise<string> {
  const { child, output } = start(command, options);
  const [code] = await once(child, "close");
  assert.equal(code, 0, `${command.join(" ")}\n${output()}`);
  return output();
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
