import { ends } from "./rules/ends.ts";
import type { Rule } from "./rules/reading.ts";
import { values } from "./rules/values.ts";
import { visitors } from "./rules/visitors.ts";
import type { Subject } from "./world/subject.ts";
import type { Trace } from "./world/trace.ts";

// What a visitor may see, whatever the order was.

/** What was promised and is not so. */
export interface Breach {
  readonly rule: string;
  readonly what: string;
}

const rules: Readonly<Record<string, Rule>> = {
  "the run is sound, and ends": ({ problems }) => [...problems],
  ...ends,
  ...values,
  ...visitors,
};

/** All that is wrong with a run. */
export function judge(trace: Trace, subject: Subject): Breach[] {
  return Object.entries(rules).flatMap(([rule, look]) =>
    look(trace, subject).map((what) => ({ rule, what }))
  );
}
