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
