// Whole servers over loopback, bare against wrapped, and ours against peers:
// npm run bench:http -- [--quick] [--against=..] [--runtime=..] [--store=..]
// [--pair=..] [--out=..]

import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startRedis } from "../tests/servers/redis.ts";
import { install } from "../tools/install.mjs";
import { bench } from "./common/folders.ts";
import { need, wrkPath } from "./common/programs.ts";
import { compareWithBare } from "./http/bare.ts";
import { canPin, pinToClients } from "./http/cores.ts";
import { cases, type Effort } from "./http/measure.ts";
import { pairs } from "./http/peers/pairs.ts";
import { compareWithPeers } from "./http/peers/run.ts";
import { places } from "./http/servers.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    against: { type: "string" },
    runtime: { type: "string" },
    store: { type: "string" },
    pair: { type: "string" },
    out: { type: "string" },
  },
});
const { quick, out } = values;
const wanted = !isWanted(values.against, "bare") || values.pair ? [] : places
  .flatMap(([runtime, stores]) =>
    stores.map((store) => [runtime, store] as const)
  )
  .filter(([runtime, store]) =>
    isWanted(values.runtime, runtime) && isWanted(values.store, store)
  );
const wantedPairs = !isWanted(values.against, "peers") ? [] : pairs
  .filter(({ name, runtime, store }) =>
    isWanted(values.runtime, runtime) && isWanted(values.store, store) &&
    isWanted(values.pair, name)
  );
if (wanted.length + wantedPairs.length === 0) {
  throw new Error("There is no such server");
}

const isRedisWanted = wanted.some(([, store]) => store === "redis") ||
  wantedPairs.some(({ store }) => store === "redis");
need("wrk", ...isRedisWanted ? ["redis"] as const : []);
if (wantedPairs.length > 0) install(bench);
const wrk = wrkPath();
const effort: Effort = quick
  ? { wrk, warmUp: ["read", "write"], rounds: 2, seconds: 1, connections: 64 }
  : { wrk, warmUp: cases, rounds: 7, seconds: 2, connections: 64 };
if (!canPin) {
  console.log("The server and its clients share their cores: no taskset here.");
}

const redis = isRedisWanted ? await startRedis() : undefined;
const pid = redis?.server?.process.pid;
const url = redis?.url ?? "";
const isWhole = !values.runtime && !values.store && !values.pair;
try {
  pinToClients(pid);
  if (wanted.length > 0) {
    await compareWithBare(wanted, effort, url, { quick, isWhole, out });
  }
  if (wantedPairs.length > 0) {
    const beside = out === undefined
      ? out
      : join(dirname(out), "http_peers.json");
    const kept = { quick, isWhole, out: beside };
    await compareWithPeers(wantedPairs, effort, { url, pid }, kept);
  }
} finally {
  await redis?.stop();
}

function isWanted(list: string | undefined, name: string): boolean {
  return list === undefined || list.split(",").includes(name);
}
