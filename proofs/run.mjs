// Checks the models in this folder with spin, and prints what came out.
//
//   node proofs/run.mjs            everything
//   node proofs/run.mjs renewal    only rows with this word
//
// Needs Debian's packages spin and gcc. The exit code is not 0 if a row came
// out other than it should.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = import.meta.dirname;
const MINUTES = 10;

const inPlace = {
  P1: [1, "no end is undone"],
  P2: [2, "no update is lost or counted twice"],
  P3: [4, "nothing of one user in another's hands"],
  P4: [8, "renewal logs nobody out"],
  P5: [16, "a copied cookie"],
  P6: [32, "a login whose answer arrives is a login"],
  P7: [64, "no other answer takes a login's cookie away"],
  P8: [128, "a cart is there after the login"],
};
const late = {
  L1: [1, "no end is undone"],
  L2: [2, "own writes are read"],
  L3: [4, "no session fails for ever"],
  L4: [8, "renewal logs nobody out"],
};
const names = { moving_record: inPlace, record_in_place: inPlace, late_store: late };
const most = "P1 P2 P3 P4 P5 P6";

/** What has to come out: `holds`, or `found` a way to break it. */
const rows = [
  // Why records do not move any more.
  ["moving_record", "found", "P3", "USERS"],
  ["moving_record", "found", "P6", "LOGINS"],
  ["moving_record", "found", "P4", "SLOW"],
  ["moving_record", "found", "P2", "WRITE"],
  ["moving_record", "found", "P6", "LOGIN"],
  ["moving_record", "found", "P4", "CLOCKS"],
  ["moving_record", "found", "P1", "REVOKE_ALL"],

  ["record_in_place", "holds", most, "WRITES"],
  ["record_in_place", "holds", `${most} P7 P8`, "LOGINS"],
  ["record_in_place", "holds", most, "LOGINS_REGENERATE"],
  ["record_in_place", "holds", most, "LOGINS_RENEWAL"],
  ["record_in_place", "holds", most, "USERS"],
  ["record_in_place", "holds", most, "ENDS"],
  ["record_in_place", "holds", most, "REVOKE_ALL"],
  ["record_in_place", "holds", most, "THIEF"],
  ["record_in_place", "holds", most, "THIEF_RENEWAL", "FAULTS=0"],
  ["record_in_place", "holds", most, "PLANTED"],
  ["record_in_place", "holds", most, "RENEWAL", "FAULTS=0"],
  ["record_in_place", "holds", most, "RENEWAL_WRITES"],

  // Broken on purpose.
  ["record_in_place", "found", "P1", "ENDS", "BREAK_INSERT"],
  ["record_in_place", "found", "P2", "WRITES", "BREAK_SWAP"],
  ["record_in_place", "found", "P2", "WRITES", "BREAK_IDS"],
  ["record_in_place", "found", "P2", "WRITES", "BREAK_SHORT_HISTORY"],
  ["record_in_place", "found", "P2", "WRITES", "BREAK_CLAIM"],
  ["record_in_place", "found", "P3", "USERS", "BREAK_OWNER"],
  ["record_in_place", "found", "P3", "USERS", "BREAK_CLEAR"],
  ["record_in_place", "found", "P3", "USERS", "BREAK_ADOPT"],
  ["record_in_place", "found", "P4", "RENEWAL", "FAULTS=0", "BREAK_CONFIRM"],
  ["record_in_place", "found", "P4", "RENEWAL", "FAULTS=0", "BREAK_CLOCKS"],
  ["record_in_place", "found", "P4", "RENEWAL", "FAULTS=0", "BREAK_RESEAL"],
  ["record_in_place", "found", "P4", "RENEWAL", "FAULTS=0", "BREAK_EARLY_RENEWAL"],
  ["record_in_place", "found", "P4", "RENEWAL_WRITES", "BREAK_TAKE_BACK"],
  ["record_in_place", "found", "P5", "THIEF", "BREAK_FOLLOW_RENEWAL"],
  ["record_in_place", "found", "P5", "THIEF", "BREAK_FOLLOW_REGENERATE"],
  ["record_in_place", "found", "P5", "THIEF", "BREAK_REGENERATE_FOLLOWS"],
  ["record_in_place", "found", "P5", "THIEF", "BREAK_OFFER"],
  ["record_in_place", "found", "P5", "THIEF_RENEWAL", "FAULTS=0", "BREAK_ENDLESS"],
  ["record_in_place", "found", "P5", "PLANTED", "BREAK_BUMP"],
  ["record_in_place", "found", "P6", "LOGINS", "BREAK_FOLLOW"],
  ["record_in_place", "found", "P6", "ENDS", "BREAK_LEFT"],
  ["record_in_place", "found", "P7", "LOGINS", "BREAK_FRESH_COOKIE"],
  ["record_in_place", "found", "P8", "LOGINS", "BREAK_JOIN"],

  // What the protocol does not promise, and what would mend it.
  ["record_in_place", "found", "P4", "RENEWAL", "FAULTS=0", "CROSSING"],
  ["record_in_place", "holds", most, "RENEWAL", "FAULTS=0", "CROSSING", "MARGIN=3", "RENEW=6"],
  ["record_in_place", "found", "P4", "SLOW_OFFER", "FAULTS=0"],
  ["record_in_place", "holds", most, "SLOW_OFFER", "FAULTS=0", "MARGIN=3"],

  ["late_store", "holds", "L1 L2 L3 L4", "OWN"],
  ["late_store", "holds", "L1 L2 L3 L4", "OWN_RENEWED"],
  ["late_store", "holds", "L3 L4", "TABS"],
  ["late_store", "holds", "L3 L4", "RENEWAL"],
  ["late_store", "holds", "L1 L3 L4", "ENDS", "REVOCATIONS"],
  ["late_store", "found", "L1", "ENDS"],
  ["late_store", "found", "L1", "ENDS", "REVOCATIONS", "BREAK_ASKED"],
  ["late_store", "found", "L2", "OWN", "BREAK_CARRY"],
  ["late_store", "found", "L2", "OWN", "BREAK_LATER"],
  ["late_store", "found", "L3", "TABS", "BREAK_FOREVER"],
  ["late_store", "found", "L3", "RENEWAL", "BREAK_BEHIND"],
  ["late_store", "found", "L4", "RENEWAL", "BREAK_EARLY_RENEWAL"],
].map(([model, expected, properties, setup, ...more]) => ({
  model,
  expected,
  properties,
  setup: [setup, ...more].join(" "),
  flags: [
    `-DSETUP_${setup}`,
    ...more.map((each) => `-D${each}`),
    `-DPROPS=${sum(names[model], properties)}`,
  ],
}));

function sum(known, properties) {
  return properties.split(" ").reduce((all, each) => all + known[each][0], 0);
}

/** Checks one row: every state that can be reached, or a way to a fault. */
async function check({ model, flags }) {
  const place = await mkdtemp(join(tmpdir(), "proofs-"));
  const began = performance.now();
  const options = { cwd: place, maxBuffer: 2 ** 26 };
  try {
    await run("spin", ["-a", ...flags, join(folder, `${model}.pml`)], options);
    const defines = ["-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=4000"];
    await run("gcc", ["-O2", "-w", ...defines, "-o", "pan", "pan.c"], options);
    const { stdout } = await run("./pan", ["-m100000", "-w26"], {
      ...options,
      timeout: MINUTES * 60_000,
    });
    const [, errors] = /errors: (\d+)/.exec(stdout) ?? [];
    const [, states] = /(\d+) states, stored/.exec(stdout) ?? [];
    // Only an assertion is a fault of the protocol, all else is one of the model.
    const isWhole = !/Search not completed|max search depth|out of memory/i
      .test(stdout.replace(/pan:1: assertion violated[^]*?Search not completed/, ""));
    const isFound = Number(errors) > 0 && /assertion violated/.test(stdout);
    const result = isFound ? "found" : errors === "0" && isWhole ? "holds" : "unknown";
    return { result, states, seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    const seconds = (performance.now() - began) / 1000;
    return { result: `failed: ${error.message.slice(0, 200)}`, states: "", seconds };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function line(cells) {
  const widths = [15, 52, 22, 10, 7];
  return cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(" ");
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = rows.filter((row) =>
  words.every((word) => `${row.model} ${row.setup}`.toLowerCase().includes(word))
);
console.log(line(["model", "who takes part, and what is broken", "properties", "states", "seconds", "result"]));
let surprises = 0;
const waiting = [...chosen];
async function work() {
  for (let row = waiting.shift(); row; row = waiting.shift()) {
    const { result, states, seconds } = await check(row);
    const isRight = result === row.expected;
    if (!isRight) surprises++;
    const verdict = isRight
      ? (result === "found" ? "found, as expected" : result)
      : `${result}, NOT ${row.expected}`;
    console.log(line([row.model, row.setup, row.properties, states, seconds.toFixed(1), verdict]));
  }
}
const workers = Math.max(1, Math.min(2, availableParallelism()));
await Promise.all(Array.from({ length: workers }, work));
console.log(`${chosen.length} rows, ${surprises} surprises`);
process.exitCode = surprises || !chosen.length ? 1 : 0;
