import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { freePort, temporaryFolder } from "../../../tests/servers/server.ts";
import { runtimes } from "../../../tools/paths.mjs";
import { cpuSeconds } from "../../common/cpu.ts";
import type { Runtime } from "../../common/machine.ts";
import { workerConfig, workerd } from "../../common/workerd.ts";
import { agentProgram, bundle } from "./bundle.ts";

/** A runtime that makes requests to subjects when it is told to. */
export interface Running {
  readonly runtime: Runtime;
  readonly process: ChildProcess;
  /** Asks its agent for something. */
  ask<Answer>(action: string, body: object): Promise<Answer>;
  /** CPU time of all its threads in ms, where the system tells. */
  cpu(): number | undefined;
  stop(): Promise<void>;
}

const DEADLINE = 60_000;

/** How to run a program of one file. */
export function command(runtime: Runtime, file: string): string[] {
  switch (runtime) {
    case "node":
      return [runtimes.node, file];
    case "deno":
      return [runtimes.deno, "run", "--allow-all", "--no-lock", file];
    case "bun":
      return [runtimes.bun, file];
    case "workerd":
      return [workerd, "serve", file];
  }
}

/** Starts a runtime with subjects, given by their files. */
export async function start(
  runtime: Runtime,
  subjects: readonly string[],
): Promise<Running> {
  const folder = temporaryFolder();
  const file = join(folder, "agent.mjs");
  await bundle(agentProgram(subjects, runtime), runtime, file);
  if (runtime !== "workerd") {
    return run(runtime, command(runtime, file), folder);
  }
  const port = await freePort();
  const config = join(folder, "config.capnp");
  const flags = ["nodejs_compat"];
  const module = "agent.mjs";
  await writeFile(config, workerConfig({ port, module, flags }));
  return run(runtime, command(runtime, config), folder, port);
}

/** Runs a program that prints its port, or listens on this one. */
export async function run(
  runtime: Runtime,
  [program = "", ...args]: string[],
  folder: string,
  known?: number,
  env: Record<string, string> = {},
): Promise<Running> {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let output = "";
  let port = known;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-4000);
      port ??= Number(/^port (\d+)$/m.exec(output)?.[1]) || undefined;
    });
  }
  let hasEnded = false;
  const exit = new Promise<void>((resolve) => {
    const note = (text: string) => {
      hasEnded = true;
      output += text;
      resolve();
    };
    child.once("error", ({ message }) => note(message));
    child.once("exit", (code, signal) => note(`ended by ${signal ?? code}`));
  });
  async function stop(): Promise<void> {
    process.off("exit", end);
    agent.destroy();
    if (!hasEnded) end();
    await exit;
    rmSync(folder, { recursive: true, force: true });
  }
  async function ask<Answer>(action: string, body: object): Promise<Answer> {
    const text = await post(agent, port ?? 0, action, JSON.stringify(body));
    const answer = JSON.parse(text);
    if (answer.failure) throw new Error(`${runtime}: ${answer.failure}`);
    return answer;
  }
  const give = Date.now() + DEADLINE;
  while (true) {
    try {
      if (port !== undefined) await ask("subjects", {});
      if (port !== undefined) break;
    } catch (error) {
      if (!(error as { code?: string }).code) throw error;
    }
    if (hasEnded || Date.now() > give) {
      await stop();
      throw new Error(`${runtime} does not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const cpu = () => {
    const seconds = cpuSeconds(child.pid as number);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  return { runtime, process: child, ask, cpu, stop };
}

function post(
  agent: Agent,
  port: number,
  action: string,
  body: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent, port, host: "127.0.0.1", path: `/${action}` };
    const outgoing = request({ ...options, method: "POST" }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8")
        .on("data", (chunk: string) => text += chunk)
        .on("error", reject)
        .on("end", () => resolve(text));
    });
    outgoing.on("error", reject).end(body);
  });
}
