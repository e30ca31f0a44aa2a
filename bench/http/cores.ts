import { execFileSync, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

type Command = [string, ...string[]];

const count = availableParallelism();

/**
 * Whether the server gets a core of its own. Without that, the load takes from
 * the server what it costs itself.
 */
export const canPin: boolean = count > 1 &&
  spawnSync("taskset", ["-c", "0", "true"]).status === 0;

const cores = { server: "0", clients: `1-${count - 1}` };

/** A command that keeps to the server's core, or to the others. */
export function pinned(who: keyof typeof cores, command: Command): Command {
  return canPin ? ["taskset", "-c", cores[who], ...command] : command;
}

/** Moves a process that runs away from the server's core. */
export function pinToClients(pid: number | undefined): void {
  if (!canPin || pid === undefined) return;
  execFileSync("taskset", ["-a", "-c", "-p", cores.clients, `${pid}`]);
}
