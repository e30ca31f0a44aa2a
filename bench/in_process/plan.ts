import type { Runtime } from "../common/machine.ts";
import { SIZES } from "./data.ts";
import type { Described, Entry } from "./harness.ts";
import type { Options } from "./options.ts";
import type { Kind } from "./subject.ts";

/** The size and the load that figures are judged by. */
export const JUDGED = { bytes: 1000, inFlight: 64 };
/** Kinds that are also measured one at a time, and with less and more data. */
const SCALED: readonly Kind[] = [
  "read-seen",
  "read-first",
  "write-seen",
  "write-first",
];

/** What to measure in a runtime. */
export function planFor(
  runtime: Runtime,
  subjects: readonly Described[],
  { isQuick, kinds }: Options,
): Entry[] {
  const entries: Entry[] = [];
  for (const { name, role, kinds: own, mostBytes = Infinity } of subjects) {
    const add = (kind: Kind, bytes: number, inFlight: number) =>
      entries.push({ subject: name, kind, bytes, inFlight });
    for (const kind of own) {
      if (!role && !kinds.includes(kind)) continue;
      add(kind, JUDGED.bytes, JUDGED.inFlight);
      if (isQuick || !SCALED.includes(kind)) continue;
      // WebCrypto does not leave workerd's thread: one at a time is the same.
      if (runtime !== "workerd") add(kind, JUDGED.bytes, 1);
      if (role === "bare") continue;
      for (const bytes of SIZES) {
        if (bytes === JUDGED.bytes || bytes > mostBytes) continue;
        add(kind, bytes, JUDGED.inFlight);
      }
    }
  }
  return entries;
}
