import { readFileSync } from "node:fs";
import type { Described } from "../harness.ts";
import type { Options } from "../options.ts";
import { JUDGED } from "../plan.ts";
import { start } from "../runtimes/start.ts";
import type { Weight } from "./weight.ts";

const REQUESTS = { quick: 500, full: 2000 };

/**
 * The most memory that a process has held that serves one subject, in bytes,
 * after as many reads for each; nothing where the system does not tell.
 */
export async function weighMemory(
  { subjects, runtimes, isQuick }: Options,
): Promise<Weight[]> {
  const weights: Weight[] = [];
  const requests = isQuick ? REQUESTS.quick : REQUESTS.full;
  for (const runtime of isQuick ? runtimes.slice(0, 1) : runtimes) {
    for (const file of subjects.flatMap(({ file }) => file ?? [])) {
      const running = await start(runtime, [file]);
      try {
        const [subject] = await running.ask<[Described]>("subjects", {});
        const { bytes, inFlight } = JUDGED;
        const of = { subject: subject.name, kind: "read-seen", bytes };
        await running.ask("prepare", of);
        const load = { inFlight, requests, pool: requests };
        await running.ask("run", { ...of, ...load });
        const value = peakOf(running.process.pid as number);
        if (value === undefined) return [];
        const what = "peak memory";
        weights.push({ what, subject: subject.name, runtime, value });
      } finally {
        await running.stop();
      }
    }
  }
  return weights;
}

function peakOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
