import type { Counted } from "../agent.ts";
import { SIZES } from "../data.ts";
import type { Described } from "../harness.ts";
import type { Options } from "../options.ts";
import { start } from "../runtimes/start.ts";
import type { Weight } from "./weight.ts";

/** Bytes of a session's cookies, names and values without attributes. */
export async function weighCookies(
  { subjects }: Options,
): Promise<Weight[]> {
  const files = subjects.flatMap(({ file }) => file ?? []);
  const running = await start("node", files);
  const weights: Weight[] = [];
  try {
    const all = await running.ask<Described[]>("subjects", {});
    for (const { name, role, mostBytes = Infinity } of all) {
      if (role === "bare") continue;
      for (const bytes of SIZES) {
        if (bytes > mostBytes) continue;
        const of = { subject: name, kind: "read-seen", bytes };
        await running.ask("prepare", of);
        const { cookieBytes } = await running.ask<Counted>("count", of);
        weights.push({
          what: "cookie bytes",
          subject: name,
          case: `${bytes} B`,
          value: cookieBytes,
        });
      }
    }
  } finally {
    await running.stop();
  }
  return weights;
}
