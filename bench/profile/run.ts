import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../tests/servers/server.ts";
import { root, runtimes } from "../../tools/paths.mjs";
import type { Runtime } from "../common/machine.ts";
import type { Kind } from "../in_process/subject.ts";
import { type Frame, isIdle, partOf, PARTS } from "./parts.ts";

/** The share of a part in the time of the thread that serves requests. */
export interface Row {
  readonly runtime: Runtime;
  readonly kind: Kind;
  readonly part: string;
  readonly share: number;
}

/** What a `.cpuprofile` holds, as far as it is of use here. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Has a runtime serve requests of a kind under its profiler. */
export function sharesOf(
  runtime: Runtime,
  kind: Kind,
  seconds: number,
): Promise<Row[]> {
  const folder = temporaryFolder();
  try {
    const [program = "", ...args] = command(runtime, folder);
    const work = join(root, "bench/profile/work.ts");
    const { status, stderr } = spawnSync(
      program,
      [...args, work, kind, `${seconds}`],
      { cwd: root, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stderr);
    const [file = ""] = readdirSync(folder)
      .filter((name) => name.endsWith(".cpuprofile"));
    const text = readFileSync(join(folder, file), "utf8");
    const shares = shareOut(JSON.parse(text));
    return Promise.resolve(
      PARTS.map(({ name: part }) => ({
        runtime,
        kind,
        part,
        share: Number((shares.get(part) ?? 0).toFixed(3)),
      })),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function command(runtime: Runtime, folder: string): string[] {
  const profile = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  if (runtime === "node") return [runtimes.node, ...profile];
  if (runtime === "bun") return [runtimes.bun, ...profile];
  return [runtimes.deno, "run", "--allow-all", "--no-check", ...profile];
}

function shareOut({ nodes, samples, timeDeltas }: Profile) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [place, id] of samples.entries()) {
    const frame = frames.get(id);
    const time = timeDeltas[place] ?? 0;
    if (!frame || isIdle(frame)) continue;
    const name = partOf(frame);
    times.set(name, (times.get(name) ?? 0) + time);
    total += time;
  }
  return new Map([...times].map(([name, time]) => [name, time / total]));
}
