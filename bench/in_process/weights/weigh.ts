import type { Runtime } from "../../common/machine.ts";
import type { BatchOf, Counted } from "../agent.ts";
import type { Options } from "../options.ts";
import { JUDGED } from "../plan.ts";
import { weighBundles } from "./bundle_bytes.ts";
import { weighCookies } from "./cookie_bytes.ts";
import { timeImports } from "./import_time.ts";
import { weighMemory } from "./peak_memory.ts";
import { countRoundTrips } from "./round_trips.ts";
import type { Weight } from "./weight.ts";

/** Weighs the subjects that are asked for. */
export async function weigh(options: Options): Promise<Weight[]> {
  return [
    ...await weighCookies(options),
    ...await weighBundles(options),
    ...await countRoundTrips(options),
    ...await timeImports(options),
    ...await weighMemory(options),
  ];
}

/** WebCrypto calls, as the agents have counted them; the same at all sizes. */
export function cryptoWeights(
  runtime: Runtime,
  counted: readonly (BatchOf & Counted)[],
): Weight[] {
  const once = counted.filter(({ bytes }) => bytes === JUDGED.bytes);
  return once.map(({ subject, kind, calls }) => ({
    what: "webcrypto calls",
    subject,
    runtime,
    case: kind,
    value: Object.values(calls).reduce((sum, number) => sum + number, 0),
  }));
}
