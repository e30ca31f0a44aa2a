import { readdirSync, readFileSync } from "node:fs";

/**
 * The CPU time of all threads of a process in seconds, as the scheduler counts
 * it; `undefined` off Linux.
 */
export function cpuSeconds(pid: number): number | undefined {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const path = `/proc/${pid}/task/${thread}/schedstat`;
      nanoseconds += Number(readFileSync(path, "utf8").split(" ")[0]);
    }
    return nanoseconds / 1e9;
  } catch {
    return undefined;
  }
}

/**
 * The time that all cores have been busy with anything in seconds, as the
 * kernel counts it; `undefined` off Linux.
 */
export function busySeconds(): number | undefined {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
    // In hundredths: user, nice, system, idle, iowait, irq, softirq, steal.
    const [, ...ticks] = line.split(/ +/).map(Number);
    const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] =
      ticks;
    return (user + nice + system + irq + soft + steal) / 100;
  } catch {
    return undefined;
  }
}
