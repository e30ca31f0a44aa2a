import { join } from "node:path";
import { root } from "../../tools/paths.mjs";

/** The folder of the benchmarks, which has what they compare with. */
export const bench: string = join(root, "bench");

/** That of what is measured without a network. */
export const inProcess: string = join(bench, "in_process");
