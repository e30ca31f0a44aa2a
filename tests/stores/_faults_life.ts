import type { Fault } from "./_faulty.ts";
import { openTtl, type TtlOptions } from "./_ttl_store.ts";

const REAL = "the back end removes no record before its end, in real time";
const HERE = "a back end in this process removes no record before its end";

/** What a back end is told to remove by itself, and when. */
export const lifeFaults: readonly Fault[] = [
  ends("says in s what the back end takes for ms", [REAL, HERE], {
    ttl: (left) => Math.ceil(left / 1_000),
  }),
  ends("lets the back end keep each record for a minute", [HERE], {
    ttl: () => 60_000,
  }),
  ends("lets it keep each record for half an hour at most", [HERE], {
    ttl: (left) => Math.min(left, 1_800_000),
  }),
  ends("lets a back end with a clock that is moved keep all for a minute", [
    "a record is there until one ms before expiresAt",
    "update() can put the end off",
    "count() leaves out nothing that lives, and counts nothing twice",
  ], { ttl: () => 60_000, clock: "moved" }),
  ends("leaves the back end's first end when it updates", [REAL, HERE], {
    keeps: ["update"],
  }),
  ends("leaves the first end, in whole seconds and one more", [REAL], {
    keeps: ["update"],
    ttl: (left) => 1_000 * (Math.ceil(left / 1_000) + 1),
  }),
  ends("leaves the back end's first end when it touches", [REAL, HERE], {
    keeps: ["touch"],
  }),
  ends("leaves an expired record's end to what takes its place", [REAL, HERE], {
    keeps: ["create"],
    ttl: (left) => Math.max(left, 1_000),
  }),
  ends("lets a late touch cut the back end's life short", [REAL, HERE], {
    obeysTouch: true,
  }),
  ends("rounds a life down to seconds", [REAL], {
    ttl: (left) => 1_000 * Math.floor(left / 1_000),
  }),
  ends("sets a timer for longer than timers go", [
    REAL,
    HERE,
  ], { ttl: (left) => left > 2 ** 31 - 1 ? 1 : left }),
  ends("asks memcached for more than 30 days", [
    "times may be as late as 2106",
    REAL,
    HERE,
  ], { ttl: (left) => left > 30 * 86_400_000 ? 0 : left }),
  ends("lets a list end with what was put into it last", [REAL, HERE], {
    listEnds: "with its last writer",
  }),
  ends("lets a list end with what was put into it first", [REAL, HERE], {
    listEnds: "with its first writer",
  }),
];

function ends(
  name: string,
  noticed: readonly string[],
  options: TtlOptions,
): Fault {
  return { name, noticed, open: () => openTtl(options) };
}
