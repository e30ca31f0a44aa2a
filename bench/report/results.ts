import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Results } from "../common/results.ts";
import type { CaseFigures } from "../http/measure.ts";
import type { Row as PeerRow } from "../http/peers/rows.ts";
import type { Row as RequestRow } from "../in_process/harness.ts";
import type { Weight as WeightRow } from "../in_process/weights/weight.ts";
import type { Row as ProfileRow } from "../profile/run.ts";
import type { Row as ScaleRow } from "../scale/rows.ts";

export type { PeerRow, ProfileRow, RequestRow, ScaleRow, WeightRow };

/** A case of a whole server. */
export interface HttpRow extends CaseFigures {
  readonly runtime: string;
  readonly store: string;
}

/** What the benchmarks have left; a missing one was not measured yet. */
export interface Measured {
  readonly in_process?: Results<RequestRow>;
  readonly weights?: Results<WeightRow>;
  readonly http?: Results<HttpRow>;
  readonly http_peers?: Results<PeerRow>;
  readonly scale?: Results<ScaleRow>;
  readonly profile?: Results<ProfileRow>;
}

export const benches = [
  "in_process",
  "weights",
  "http",
  "http_peers",
  "scale",
  "profile",
] as const;

/** Reads what a folder has of them. */
export function readResults(folder: string): Measured {
  const found = benches.flatMap((name) => {
    const path = join(folder, `${name}.json`);
    if (!existsSync(path)) return [];
    return [[name, JSON.parse(readFileSync(path, "utf8"))] as const];
  });
  return Object.fromEntries(found);
}
